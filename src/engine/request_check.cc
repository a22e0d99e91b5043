#include "engine/request_check.h"

#include <optional>
#include <span>
#include <string>

#include "engine/grammar/grammar.h"

namespace atelier {
namespace {

Result<void> CheckCount(const char* where, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return {};
  return Error::Invalid(
      where, "got " + std::to_string(value) + ", want " + std::to_string(low) + " to " + std::to_string(high));
}

Result<void> CheckTokens(const std::string& where, std::span<const int32_t> tokens, int32_t num_tokens) {
  for (const int32_t token : tokens) {
    if (token >= 0 && token < num_tokens) continue;
    return Error::Invalid(
        where, "got token " + std::to_string(token) + ", want one of the " + std::to_string(num_tokens) + " from 0 on");
  }
  return {};
}

Error TooLong(std::string where, size_t size, int64_t max_tokens, int64_t max_context) {
  return Error::Invalid(std::move(where), "got " + std::to_string(size) + " tokens, want at most " +
                                              std::to_string(max_tokens) + " (the context holds " +
                                              std::to_string(max_context) + ")")
      .WithCode("context_length_exceeded");
}

// Cuts to `size`, but the last stays: it is the [SEP] or </s> that the model expects.
void CutBeforeLast(std::vector<int32_t>& values, int64_t size) {
  values.erase(values.begin() + size - 1, values.end() - 1);
}

Result<void> FitInput(const std::string& where, std::vector<int32_t>& tokens, std::vector<int32_t>* segments,
                      bool truncate, const RunnerShape& shape, int64_t max_context) {
  if (tokens.empty()) return Error::Invalid(where, "got no tokens, want at least one");
  TRY_VOID(CheckTokens(where, tokens, shape.num_tokens));
  const auto size = static_cast<int64_t>(tokens.size());
  if (size <= max_context) return {};
  if (!truncate) return TooLong(where, tokens.size(), max_context, max_context);
  CutBeforeLast(tokens, max_context);
  if (segments != nullptr && !segments->empty()) CutBeforeLast(*segments, max_context);
  return {};
}

}  // namespace

Result<void> CheckRequest(const GenerateRequest& request, const RunnerShape& shape, int64_t max_context) {
  if (shape.vector_size > 0) return Error::Unsupported("model", "got a model of vectors, want one that writes text");
  if (request.prompt.empty()) return Error::Invalid("prompt", "got no tokens, want at least one");
  TRY_VOID(CheckTokens("prompt", request.prompt, shape.num_tokens));
  if (static_cast<int64_t>(request.prompt.size()) >= max_context) {
    return TooLong("prompt", request.prompt.size(), max_context - 1, max_context);
  }
  TRY_VOID(CheckCount("n", request.n, 1, kMaxChoices));
  TRY_VOID(CheckCount("best_of", request.best_of, 0, kMaxChoices));
  if (request.best_of != 0 && request.best_of < request.n) {
    return Error::Invalid(
        "best_of", "got " + std::to_string(request.best_of) + ", want at least n = " + std::to_string(request.n));
  }
  TRY_VOID(CheckCount("max_tokens", request.max_tokens.value_or(0), 0, INT64_MAX));
  TRY_VOID(CheckCount("min_tokens", request.min_tokens, 0, request.max_tokens.value_or(INT64_MAX)));
  TRY_VOID(CheckCount("logprobs", request.logprobs.value_or(0), 0, kMaxLogprobs));
  TRY_VOID(CheckCount("prompt_logprobs", request.prompt_logprobs.value_or(0), 0, kMaxLogprobs));
  TRY_VOID(
      CheckCount("prompt_logprobs_from", request.prompt_logprobs_from, 1, static_cast<int64_t>(request.prompt.size())));
  TRY_VOID(CheckCount("stop", static_cast<int64_t>(request.stop.size()), 0, kMaxStops));
  for (const std::string& stop : request.stop) {
    if (stop.empty()) return Error::Invalid("stop", "got an empty string, want text");
  }
  if (request.grammar != nullptr && request.ignore_eos) {
    return Error::Invalid("ignore_eos", "got it beside a grammar, want one of the two: a grammar says where it ends");
  }
  TRY_VOID(CheckTokens("stop_token_ids", request.stop_token_ids, shape.num_tokens));
  return CheckSamplingParams(request.sampling, shape.num_tokens);
}

Result<void> CheckRequest(EmbedRequest& request, const RunnerShape& shape, int64_t max_context) {
  if (shape.vector_size == 0 || shape.scores) {
    return Error::Unsupported("model", "got a model without vectors, want an embedding model");
  }
  TRY_VOID(CheckCount("input", static_cast<int64_t>(request.inputs.size()), 1, kMaxInputs));
  TRY_VOID(CheckCount("max_tokens", request.max_tokens, 0, INT64_MAX));
  if (request.truncate && request.max_tokens > 0) max_context = std::min(max_context, request.max_tokens);
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    const std::string where = "input[" + std::to_string(i) + "]";
    TRY_VOID(FitInput(where, request.inputs[i], nullptr, request.truncate, shape, max_context));
  }
  return {};
}

Result<void> CheckRequest(RerankRequest& request, const RunnerShape& shape, int64_t max_context) {
  if (!shape.scores) return Error::Unsupported("model", "got no cross-encoder, want one that scores pairs");
  TRY_VOID(CheckCount("documents", static_cast<int64_t>(request.pairs.size()), 1, kMaxInputs));
  for (size_t i = 0; i < request.pairs.size(); ++i) {
    RerankRequest::Pair& pair = request.pairs[i];
    const std::string where = "documents[" + std::to_string(i) + "]";
    if (!pair.segments.empty() && pair.segments.size() != pair.tokens.size()) {
      return Error::Invalid(where, "got " + std::to_string(pair.segments.size()) + " segments, want " +
                                       std::to_string(pair.tokens.size()));
    }
    TRY_VOID(CheckTokens(where, pair.segments, 2));
    TRY_VOID(FitInput(where, pair.tokens, &pair.segments, request.truncate, shape, max_context));
  }
  return {};
}

}  // namespace atelier
