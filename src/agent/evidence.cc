#include "agent/evidence.h"

#include <algorithm>
#include <utility>

#include "base/io/sha256.h"
#include "base/text/sentences.h"
#include "knowledge/question_terms.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

constexpr size_t kPieceBytes = 1200;      // some 250 words, as chunks of documents are
constexpr size_t kMaxTextBytes = 64'000;  // of one thing read
constexpr size_t kMaxPieces = 400;
constexpr size_t kJudgedPieces = 12;  // whose sentences are looked at one by one

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

Task<Result<std::vector<std::vector<float>>>> Embed(Call call, AgentWork& work, std::vector<std::string> texts) {
  EmbeddingRequest request;
  request.model = work.embedding_model;
  for (std::string& text : texts) request.inputs.emplace_back(TextPrompt{std::move(text)});
  CO_TRY(Embeddings embedded, co_await EmbedTruncated(std::move(call), *work.embedder, std::move(request)));
  co_return std::move(embedded.vectors);
}

// Sentences together up to the size of a piece.
std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (const std::string_view sentence : SplitSentences(text)) {
    if (!pieces.empty()) {
      std::string_view& last = pieces.back();
      const auto joined = static_cast<size_t>(sentence.data() + sentence.size() - last.data());
      if (joined <= kPieceBytes) {
        last = std::string_view(last.data(), joined);
        continue;
      }
    }
    pieces.push_back(sentence);
  }
  return pieces;
}

// Leaves the pieces that say most of what is asked, best first.
std::vector<Passage> Best(std::vector<Passage> pieces, const Analyzer& analyzer, const std::string& question) {
  std::vector<std::string_view> texts;
  for (const Passage& piece : pieces) texts.push_back(piece.text);
  const QuestionTerms terms(analyzer, question, texts);
  for (Passage& piece : pieces) {
    piece.score = terms.Share(analyzer, piece.title + " " + piece.text) + std::max(0.0, piece.vector_score.value_or(0));
  }
  std::stable_sort(pieces.begin(), pieces.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  if (pieces.size() > kJudgedPieces) pieces.resize(kJudgedPieces);
  return pieces;
}

Evidence::Judgement Read(const Json& value) {
  Evidence::Judgement judgement;
  judgement.confidence = value["confidence"].AsDouble();
  for (const Json& sentence : value["sentences"].items()) {
    judgement.sentences.push_back({.origin = static_cast<size_t>(sentence["origin"].AsInt64().value_or(0)),
                                   .text = sentence["text"].AsString(),
                                   .relevance = sentence["relevance"].AsDouble()});
  }
  return judgement;
}

}  // namespace

bool Evidence::Has(const Origin& origin) const { return std::ranges::find(origins_, origin) != origins_.end(); }

void Evidence::Add(Origin origin, std::string_view text) {
  const std::string number = std::to_string(origins_.size());
  const std::string title = origin.title.empty() ? origin.id : origin.title;
  origins_.push_back(std::move(origin));
  size_t size = std::min(text.size(), kMaxTextBytes);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text = text.substr(0, size);
  for (const std::string_view piece : Pieces(text)) {
    if (pieces_.size() >= kMaxPieces) return;
    Passage passage;
    passage.chunk_id = std::to_string(pieces_.size()), passage.document_id = number;
    passage.title = title, passage.text = passage.shown = std::string(piece);
    passage.chunk.span = {piece.data() - text.data(), piece.data() - text.data() + static_cast<int64_t>(piece.size())};
    pieces_.push_back(std::move(passage));
    origin_of_.push_back(origins_.size() - 1);
  }
}

Task<Result<Performed>> Evidence::Weigh(Call call, AgentWork& work, std::string question, int32_t most) const {
  CO_TRY(const Analyzer analyzer, Analyzer::Create("en"));
  std::vector<Passage> pieces = pieces_;
  std::vector<float> asked;
  if (work.embedder) {
    std::vector<std::string> texts{question};
    for (const Passage& piece : pieces) texts.push_back(piece.title + ": " + piece.text);
    CO_TRY(const auto vectors, co_await Embed(call, work, std::move(texts)));
    asked = vectors[0];
    for (size_t i = 0; i < pieces.size(); ++i) pieces[i].vector_score = Dot(asked, vectors[i + 1]);
  }
  pieces = Best(std::move(pieces), analyzer, question);
  const std::vector<Quotable> candidates = QuotablesOf(pieces);
  std::vector<QuotableFigures> figures = FiguresOf(candidates, pieces, question, analyzer);
  if (work.embedder && !candidates.empty()) {
    std::vector<std::string> said;
    for (const Quotable& candidate : candidates) said.push_back(candidate.said);
    CO_TRY(const auto vectors, co_await Embed(call, work, std::move(said)));
    for (size_t i = 0; i < figures.size(); ++i) figures[i].cosine = Dot(asked, vectors[i]);
  }
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < figures.size(); ++i) order.emplace_back(-Relevance(figures[i]), i);
  std::sort(order.begin(), order.end());
  if (order.size() > static_cast<size_t>(most)) order.resize(static_cast<size_t>(most));
  Json sentences = Json::Array({});
  for (const auto& [relevance, i] : order) {
    sentences.Push(Json::Object({{"origin", std::stoll(pieces[candidates[i].passage].document_id)},
                                 {"text", candidates[i].text},
                                 {"relevance", -relevance}}));
  }
  const double confidence = figures.empty() ? 0 : Confidence(figures);
  Performed performed;
  performed.result = Json::Object({{"confidence", confidence}, {"sentences", std::move(sentences)}});
  co_return performed;
}

Task<Result<Evidence::Judgement>> Evidence::JudgeFor(Call call, AgentWork& work, std::string question, std::string path,
                                                     int32_t most) const {
  std::string read = question;
  for (const Passage& piece : pieces_) read += "\n" + piece.document_id + " " + piece.text;
  StepSpec spec{.path = std::move(path), .kind = RunStepKind::kDecision, .name = "enough"};
  spec.request = Json::Object({{"question", question}, {"pieces", Sha256Hex(read)}, {"most", most}});
  RunLog::Perform perform = [&](Call weighing) { return Weigh(std::move(weighing), work, question, most); };
  auto stepping = work.log.Step(std::move(call), std::move(spec), std::move(perform));
  CO_TRY(const StepResult step, co_await stepping);
  work.meter.AddSeconds(step.seconds);
  co_return Read(step.value);
}

}  // namespace atelier
