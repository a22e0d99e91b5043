// From generations to a reply: the choices whole, or as server-sent events while they are made. What one resource's
// choices look like is its ReplyShape; order of events, usage, errors, quotas and traces are the same for all.
//
// A stream: per choice an opening event where the shape has one, deltas, a closing one with the finish reason; then,
// where asked, one with the usage and no choices; then [DONE]. An error on the way is an event of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/app.h"
#include "base/net/http.h"
#include "base/text/json.h"
#include "provider/language_model.h"
#include "serve/generation_body.h"

namespace atelier {

// One choice, as far as it has come.
struct ChoiceResult {
  int32_t index = 0;  // in the reply
  std::string text, reasoning;
  std::vector<ToolCallDelta> tool_calls;  // whole, or what is new of them
  std::vector<int32_t> tokens;
  std::vector<TokenChoice> logprobs;
  GenerationChoiceEnd end;
  // Of the generation it belongs to.
  const Generation* generation = nullptr;
  const PromptLogprobs* prompt_logprobs = nullptr;  // null: not asked
  bool begun = false;                               // a delta came before
  int64_t num_characters = 0;                       // of the tokens before; counted where logprobs are asked
};

class ReplyShape {
 public:
  virtual ~ReplyShape() = default;
  virtual std::string_view id_prefix() const = 0;     // "chatcmpl-"
  virtual std::string_view operation() const = 0;     // of the trace: "chat"
  virtual std::string_view whole_object() const = 0;  // "chat.completion"
  virtual std::string_view event_object() const = 0;  // "chat.completion.chunk"
  // Elements of "choices". Deltas carry the new text, tokens and logprobs only.
  virtual Json Whole(const ChoiceResult& choice) const = 0;
  virtual std::optional<Json> Opening(const ChoiceResult& choice) const = 0;
  // The event for what is known once the prompt's logprobs are (ChoiceResult::prompt_logprobs).
  virtual std::optional<Json> AfterPrompt(const ChoiceResult& /*choice*/) const { return std::nullopt; }
  virtual Json Delta(const ChoiceResult& delta) const = 0;
  virtual Json Closing(const ChoiceResult& choice) const = 0;
  // What stands beside "choices" in a whole reply, and in the first event of a stream.
  virtual void AddBeside(const ChoiceResult& /*first*/, Json& /*reply*/) const {}
};

struct ReplyOptions {
  bool stream = false;
  bool include_usage = false;
  bool continuous_usage = false;
  bool return_token_ids = false;
  std::vector<int32_t> stop_token_ids;  // of the body
  std::vector<std::string> unknown;     // parameters let through with a warning
  Json metadata;                        // echoed and kept with the trace
  // Given the whole reply, of streams too, before its end is told; not of one that failed. May be empty.
  std::function<Task<void>(Json)> keep;
};
ReplyOptions ReplyOptionsOf(const GenerationBody& body);

// Answers `requests`, all of one model; the choices of request i are numbered from i * n. `model` may be empty.
Task<HttpResponse> ReplyWith(App& app, HttpRequest http, std::string model, std::vector<GenerationRequest> requests,
                             std::shared_ptr<const ReplyShape> shape, ReplyOptions options);

// "stop" or "length"; "tool_calls" where a choice that ended by itself has called.
std::string_view FinishName(FinishReason reason, bool has_called = false);
// A logprob as JSON can say it: minus infinity is -9999.
double FiniteLogprob(double logprob);
// A token's entry of OpenAI's logprobs, with those likeliest in its place.   `as_ids`: tokens are named "token_id:N".
Json LogprobBody(const TokenChoice& choice, bool as_ids = false);
Json TokenIds(const std::vector<int32_t>& tokens);
Json UsageBody(const Usage& usage, int64_t reasoning_tokens = 0);
// As vLLM says it: the stop text or the caller's stop token that ended the choice, else null.
Json StopReason(const ChoiceResult& choice, const std::vector<int32_t>& stop_token_ids);
// As vLLM: null for the first token, then an object of logprob, rank and text by id.
Json PromptLogprobList(const PromptLogprobs& logprobs);
int64_t NumCharacters(std::string_view text);

}  // namespace atelier
