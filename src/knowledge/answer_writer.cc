#include "knowledge/answer_writer.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/text/unicode.h"
#include "knowledge/citing.h"

namespace atelier {
namespace {

constexpr std::string_view kRefusal = "The documents don't say";

GenerationRequest RequestOf(const std::string& question, const std::vector<Passage>& passages, size_t num_passages,
                            const AnswerConfig& config) {
  ChatPrompt chat;
  chat.messages =
      Json::Array({Json::Object({{"role", "user"}, {"content", AnswerPrompt(question, passages, num_passages)}})});
  GenerationRequest request;
  request.model = config.model;
  request.prompt = std::move(chat);
  request.options.seed = 0;
  request.options.request.max_tokens = config.answer_tokens;
  request.options.request.sampling.temperature = 0;
  return request;
}

// How many of the best passages the model can read, at least one.
Task<Result<size_t>> NumThatFit(Call call, LanguageModel& model, const std::string& question,
                                const std::vector<Passage>& passages, const AnswerConfig& config) {
  CO_TRY(const ModelDetails details, co_await model.Describe(call, config.model));
  int64_t room = config.context_tokens;
  if (details.context_length > 0) room = std::min(room, details.context_length - config.answer_tokens);
  for (size_t num = passages.size(); num > 1; --num) {
    auto preparing = model.Prepare(call, RequestOf(question, passages, num, config));
    auto prepared = co_await preparing;
    // A model elsewhere does not count: then four bytes are a token.
    const int64_t tokens = prepared.ok() ? static_cast<int64_t>(prepared->prompt_tokens.size())
                                         : static_cast<int64_t>(AnswerPrompt(question, passages, num).size()) / 4;
    if (tokens <= room) co_return num;
  }
  co_return size_t{1};
}

}  // namespace

std::string AnswerPrompt(const std::string& question, const std::vector<Passage>& passages, size_t num_passages) {
  std::string prompt =
      "Answer the question from the sources below, in a few sentences. Put the number of its source behind each "
      "sentence, like [1]. Say nothing that the sources do not say. If they do not answer the question, write only: " +
      std::string(kRefusal) + ".\n";
  for (size_t i = 0; i < std::min(num_passages, passages.size()); ++i) {
    const Passage& passage = passages[i];
    prompt += "\n[" + std::to_string(i + 1) + "] " + passage.title;
    for (const std::string& heading : passage.chunk.heading_path) {
      if (heading != passage.title) prompt += " > " + heading;
    }
    prompt += "\n" + std::string(Trim(passage.shown)) + "\n";
  }
  return prompt + "\nQuestion: " + question;
}

ClaimChecker::ClaimChecker(const Corpus& corpus, const std::vector<Passage>& passages, const Filter& visible,
                           const Analyzer& analyzer, double support_at_least)
    : corpus_(corpus),
      passages_(passages),
      visible_(visible),
      analyzer_(analyzer),
      support_at_least_(support_at_least),
      quotables_(QuotablesOf(passages)) {}

Result<bool> ClaimChecker::Check(const WrittenClaim& claim, CitedAnswer& answer) const {
  const bool was_said = std::ranges::find(answer.claims, claim.text, &CitedClaim::text) != answer.claims.end();
  if (was_said) return false;
  const auto is_named = [&](const Quotable& quotable) {
    return std::ranges::find(claim.sources, static_cast<int32_t>(quotable.passage) + 1) != claim.sources.end();
  };
  const FoundSupport best = FindSupport(claim.text, quotables_, is_named, support_at_least_, analyzer_);
  bool stands = best.quotable != nullptr;
  if (stands) {
    Citation citation = CitationOf(passages_[best.quotable->passage], *best.quotable, 0);
    const auto same = std::ranges::find_if(answer.citations, [&](const Citation& one) {
      return one.document_id == citation.document_id && one.span == citation.span;
    });
    citation.number = same != answer.citations.end() ? same->number : static_cast<int32_t>(answer.citations.size()) + 1;
    TRY(stands, Stands(corpus_, citation, visible_));
    if (stands) {
      answer.claims.push_back({claim.text, {citation.number}, best.support});
      if (same == answer.citations.end()) answer.citations.push_back(std::move(citation));
    }
  }
  if (!stands) ++answer.num_unsupported;
  return stands;
}

Task<Result<CitedAnswer>> WriteAnswer(Call call, LanguageModel& model, Pool& pool, const Corpus& corpus,
                                      std::string question, Filter visible, std::vector<Passage> passages,
                                      AnswerConfig config, OnClaim on_claim) {
  CitedAnswer answer;
  answer.refused = true;
  if (passages.empty()) co_return answer;
  CO_TRY(const size_t num, co_await NumThatFit(call, model, question, passages, config));
  passages.resize(num);
  answer.passages = passages;
  CO_TRY(const Analyzer analyzer, Analyzer::Create(corpus.language()));
  const ClaimChecker checker(corpus, passages, visible, analyzer, config.support_at_least);
  CO_TRY(Generation generation, co_await model.Generate(call, RequestOf(question, passages, num, config)));
  ClaimReader reader;
  bool ended = false, was_cut = false;
  while (!ended) {
    std::vector<WrittenClaim> claims;
    const std::deque<GenerationEvent> batch = co_await generation.events->NextBatch();
    if (batch.empty()) co_return Error::Unavailable("answer", "got more of it than could be read in time");
    for (const GenerationEvent& event : batch) {
      if (const auto* delta = std::get_if<GenerationDelta>(&event)) {
        for (WrittenClaim& claim : reader.Add(delta->text)) claims.push_back(std::move(claim));
      } else if (const auto* choice = std::get_if<GenerationChoiceEnd>(&event)) {
        was_cut = choice->reason == FinishReason::kLength;
      } else if (const auto* end = std::get_if<GenerationEnd>(&event)) {
        if (end->error) co_return *end->error;
        answer.usage = end->usage;
        for (WrittenClaim& claim : reader.Finish()) claims.push_back(std::move(claim));
        if (was_cut && !claims.empty()) claims.pop_back();  // half a sentence says what nobody meant
        ended = true;
      }
    }
    for (const WrittenClaim& claim : claims) {
      if (claim.text.starts_with(kRefusal)) continue;
      auto check = [&] { return checker.Check(claim, answer); };
      auto checking = OnPool(pool, check);
      CO_TRY(const bool added, co_await checking);
      if (added) answer.refused = false;
      if (added && on_claim) on_claim(answer);
    }
  }
  co_return answer;
}

}  // namespace atelier
