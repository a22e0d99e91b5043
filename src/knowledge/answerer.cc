#include "knowledge/answerer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "knowledge/answerability.h"
#include "knowledge/citing.h"
#include "knowledge/sentence_choice.h"
#include "knowledge/whole_corpus.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

// Fewer than is usual, so that what is taken for small enough fits.
constexpr int64_t kBytesPerToken = 3;

struct Scored {
  size_t candidate = 0;
  double relevance = 0;
};

// Best first; equal ones in the order of the passages.
std::vector<Scored> ByRelevance(const std::vector<QuotableFigures>& figures) {
  std::vector<Scored> scored;
  for (size_t i = 0; i < figures.size(); ++i) scored.push_back({i, Relevance(figures[i])});
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.relevance > b.relevance; });
  return scored;
}

struct Judged {
  bool refused = true;
  double confidence = 0;
};

// Whether the documents answer. `refuse_below` bounds how near the likeliest sentence comes; of 0, nothing is refused.
Result<Judged> Judge(const Corpus& corpus, const Answerer::Considered& considered, double refuse_below) {
  Judged judged{.refused = refuse_below > 0};
  if (considered.candidates.empty()) return judged;
  TRY(const Analyzer analyzer, Analyzer::Create(corpus.language()));
  const Scored likeliest = ByRelevance(considered.figures)[0];
  const Quotable& sentence = considered.candidates[likeliest.candidate];
  const double near = refuse_below > 0 ? std::min(1.0, likeliest.relevance / refuse_below) : 1;
  judged.confidence = near * Answerability(CuesOf(considered.question.text, sentence, analyzer));
  judged.refused = refuse_below > 0 && (near < 1 || judged.confidence < kAnswerAtLeast);
  return judged;
}

// Quotes the best sentences, in the order in which they stand in the passages.
Result<void> Quote(const Corpus& corpus, const Answerer::Considered& considered, const AnswerConfig& config,
                   std::vector<Scored> scored, CitedAnswer& answer) {
  std::erase_if(scored, [&, best = scored[0].relevance](const Scored& one) {
    return one.relevance < config.leave_out_below * best;
  });
  if (static_cast<size_t>(config.most_sentences) < scored.size()) {
    scored.resize(static_cast<size_t>(config.most_sentences));
  }
  std::sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) { return a.candidate < b.candidate; });
  for (const Scored& one : scored) {
    const Quotable& candidate = considered.candidates[one.candidate];
    Citation citation =
        CitationOf(answer.passages[candidate.passage], candidate, static_cast<int32_t>(answer.citations.size()) + 1);
    TRY(const bool stands, Stands(corpus, citation, considered.question.visible));
    if (!stands) continue;
    answer.claims.push_back({candidate.text, {citation.number}, 1});
    answer.citations.push_back(std::move(citation));
  }
  answer.refused = answer.claims.empty();
  return {};
}

// As if the claims had come one by one.
void TellEach(const CitedAnswer& answer, const OnClaim& on_claim) {
  CitedAnswer so_far = answer;
  so_far.claims.clear();
  for (const CitedClaim& claim : answer.claims) {
    so_far.claims.push_back(claim);
    on_claim(so_far);
  }
}

}  // namespace

Task<Result<void>> Answerer::AddCosines(Call call, std::vector<float> query_vector, Considered& considered) const {
  EmbeddingRequest request;
  request.model = corpus_.embedder();
  for (const Quotable& candidate : considered.candidates) request.inputs.emplace_back(TextPrompt{candidate.said});
  CO_TRY(const Embeddings embeddings, co_await EmbedTruncated(call, *tools_.embedder, std::move(request)));
  for (size_t i = 0; i < considered.figures.size(); ++i) {
    considered.figures[i].cosine = Cosine(query_vector, embeddings.vectors[i]);
  }
  co_return Result<void>();
}

Task<Result<Answerer::Considered>> Answerer::Consider(Call call, Question question) const {
  RetrievalRequest retrieval;
  retrieval.query = question.text;
  retrieval.filter = question.filter;
  retrieval.visible = question.visible;
  retrieval.top_k = config_.passages;
  retrieval.history = question.history;
  CO_TRY(Retrieved retrieved, co_await retriever_.Retrieve(call, std::move(retrieval)));
  Considered considered;
  considered.question = std::move(question);
  considered.question.text = std::move(retrieved.question);
  considered.passages = std::move(retrieved.passages);
  considered.candidates = QuotablesOf(considered.passages);
  CO_TRY(const Analyzer analyzer, Analyzer::Create(corpus_.language()));
  considered.figures = FiguresOf(considered.candidates, considered.passages, considered.question.text, analyzer);
  if (!retrieved.query_vector.empty() && !considered.candidates.empty()) {
    CO_TRY_VOID(co_await AddCosines(call, std::move(retrieved.query_vector), considered));
  }
  co_return considered;
}

Result<CitedAnswer> Answerer::Compose(const Corpus& corpus, const Considered& considered, const AnswerConfig& config) {
  CitedAnswer answer;
  answer.refused = true;
  answer.passages = considered.passages;
  TRY(const Judged judged, Judge(corpus, considered, config.refuse_below));
  answer.confidence = judged.confidence;
  if (judged.refused || considered.candidates.empty()) return answer;
  std::vector<Scored> scored = ByRelevance(considered.figures);
  if (config.first_sentence) scored = {{0, 1}};
  TRY_VOID(Quote(corpus, considered, config, std::move(scored), answer));
  return answer;
}

Task<Result<CitedAnswer>> Answerer::Write(Call call, Considered considered, OnClaim on_claim) const {
  if (tools_.model == nullptr) {
    co_return Error::Unsupported("answers.mode", "got abstractive, want a language model: none is configured");
  }
  CO_TRY(const Judged judged, Judge(corpus_, considered, config_.refuse_below));
  CitedAnswer answer;
  answer.refused = true;
  if (judged.refused) {
    answer.passages = std::move(considered.passages);
  } else {
    if (config_.whole) {
      auto read = [this, &question = considered.question] {
        return WholeDocuments(corpus_, question.filter, question.visible, config_.context_tokens * kBytesPerToken);
      };
      auto reading = OnPool(tools_.pool, read);
      CO_TRY(std::vector<Passage> all, co_await reading);
      if (!all.empty()) considered.passages = std::move(all);
    }
    auto writing =
        WriteAnswer(std::move(call), *tools_.model, tools_.pool, corpus_, considered.question.text,
                    considered.question.visible, std::move(considered.passages), config_, std::move(on_claim));
    CO_TRY(answer, co_await writing);
  }
  answer.confidence = judged.confidence;
  co_return answer;
}

Task<Result<CitedAnswer>> Answerer::Ask(Call call, Question question, OnClaim on_claim) const {
  CO_TRY(Considered considered, co_await Consider(call, std::move(question)));
  if (config_.mode == "abstractive") {
    auto writing = Write(std::move(call), std::move(considered), std::move(on_claim));
    co_return co_await writing;
  }
  auto compose = [this, &considered] { return Compose(corpus_, considered, config_); };
  auto composing = OnPool(tools_.pool, compose);
  CO_TRY(CitedAnswer answer, co_await composing);
  if (on_claim) TellEach(answer, on_claim);
  co_return answer;
}

}  // namespace atelier
