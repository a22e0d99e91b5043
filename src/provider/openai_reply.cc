#include "provider/openai_reply.h"

#include <algorithm>
#include <map>

namespace atelier {
namespace {

// Where an upstream counts nothing, some count must stand for it, or budgets would leak: text has about four bytes a
// token.
constexpr int64_t kBytesPerToken = 4;

std::string_view TextOf(const Json& json) {
  return json.is_string() ? std::string_view(json.AsString()) : std::string_view();
}
int64_t IntOf(const Json& json) { return json.is_number() ? std::max<int64_t>(0, json.AsInt64().value_or(0)) : 0; }

TokenText TokenOf(const Json& json, std::string_view text_key) {
  TokenText token;
  token.id = -1;  // not told
  token.bytes = TextOf(json[text_key]);
  token.logprob = json["logprob"].is_number() ? json["logprob"].AsDouble() : 0;
  if (!json["bytes"].is_array()) return token;
  token.bytes.clear();
  for (const Json& byte : json["bytes"].items()) token.bytes += static_cast<char>(IntOf(byte));
  return token;
}

// {"content": [{"token", "logprob", "bytes", "top_logprobs": [...]}]}
std::vector<TokenChoice> ChatLogprobs(const Json& logprobs) {
  std::vector<TokenChoice> choices;
  if (!logprobs["content"].is_array()) return choices;
  for (const Json& entry : logprobs["content"].items()) {
    TokenChoice choice;
    choice.chosen = TokenOf(entry, "token");
    if (entry["top_logprobs"].is_array()) {
      for (const Json& top : entry["top_logprobs"].items()) choice.top.push_back(TokenOf(top, "token"));
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

// {"tokens": [...], "token_logprobs": [...], "top_logprobs": [{token: logprob}]}
std::vector<TokenChoice> CompletionLogprobs(const Json& logprobs) {
  std::vector<TokenChoice> choices;
  const Json& tokens = logprobs["tokens"];
  const Json& values = logprobs["token_logprobs"];
  const Json& tops = logprobs["top_logprobs"];
  if (!tokens.is_array() || !values.is_array() || tokens.size() != values.size()) return choices;
  for (int64_t i = 0; i < tokens.size(); ++i) {
    TokenChoice choice;
    choice.chosen.id = -1;
    choice.chosen.bytes = TextOf(tokens[i]);
    choice.chosen.logprob = values[i].is_number() ? values[i].AsDouble() : 0;
    if (tops.is_array() && i < tops.size() && tops[i].is_object()) {
      for (const JsonMember& top : tops[i].members()) {
        choice.top.push_back({-1, top.key, top.value.is_number() ? top.value.AsDouble() : 0});
      }
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

class OpenAiDecoder final : public ReplyDecoder {
 public:
  explicit OpenAiDecoder(OpenAiReplyShape shape) : shape_(std::move(shape)), choices_(Size(shape_.num_choices)) {}

  Result<bool> Take(const SseEvent& event, Events& events) override {
    if (event.data == "[DONE]") return true;
    Result<Json> json = Json::Parse(event.data);
    if (!json) return MalformedReply(shape_.provider, "got an event that is no JSON: " + json.error().Message());
    TRY_VOID(CheckError(*json));
    TRY_VOID(TakeChoices(*json, "delta", events));
    return false;
  }

  Result<void> TakeWhole(const Json& reply, Events& events) override {
    TRY_VOID(CheckError(reply));
    TRY_VOID(TakeChoices(reply, "message", events));
    return End(events);
  }

  Result<void> End(Events& events) override {
    for (size_t i = 0; i < choices_.size(); ++i) {
      if (!choices_[i].ended) {
        return Error::Unavailable(
                   "provider " + shape_.provider,
                   "cut off: got the end of the stream, want a finish_reason of choice " + std::to_string(i))
            .WithCode("upstream_cut_off");
      }
      events.emplace_back(std::move(choices_[i].end));
    }
    choices_.clear();
    return {};
  }

  Usage usage() const override {
    if (has_usage_) return usage_;
    Usage estimated;
    if (num_bytes_ == 0) return estimated;
    estimated.prompt_tokens = (shape_.prompt_bytes + kBytesPerToken - 1) / kBytesPerToken;
    estimated.completion_tokens = (num_bytes_ + kBytesPerToken - 1) / kBytesPerToken;
    return estimated;
  }

 private:
  struct Choice {
    bool ended = false;
    GenerationChoiceEnd end;
    std::map<int64_t, int32_t> calls;  // the upstream's index to ours
  };
  static size_t Size(int32_t n) { return static_cast<size_t>(std::max(1, n)); }

  Result<void> CheckError(const Json& json) const {
    if (!json.is_object())
      return MalformedReply(shape_.provider, "got " + std::string(json.TypeName()) + ", want an object");
    const Json& error = json["error"];
    if (error.is_null()) return {};
    const std::string_view message = error.is_string() ? TextOf(error) : TextOf(error["message"]);
    return Error::Unavailable("provider " + shape_.provider,
                              "the stream ended with an error: " + std::string(message.substr(0, 1000)))
        .WithCode("upstream_error");
  }

  Result<void> TakeChoices(const Json& json, std::string_view holder, Events& events) {
    if (json["usage"].is_object()) usage_ = OpenAiUsage(json["usage"]), has_usage_ = true;
    const Json& choices = json["choices"];
    if (!choices.is_array()) {
      // Usage and heartbeats may come without; a whole reply may not.
      if (holder == "delta") return {};
      return MalformedReply(shape_.provider, "got no choices");
    }
    for (const Json& choice : choices.items()) TRY_VOID(TakeChoice(choice, holder, events));
    return {};
  }

  Result<void> TakeChoice(const Json& json, std::string_view holder, Events& events) {
    const int64_t index = IntOf(json["index"]);
    if (index >= static_cast<int64_t>(choices_.size())) {
      return MalformedReply(shape_.provider, "got choice " + std::to_string(index) + ", want one below " +
                                                 std::to_string(choices_.size()));
    }
    Choice& choice = choices_[static_cast<size_t>(index)];
    GenerationDelta delta;
    delta.choice = static_cast<int32_t>(index);
    if (shape_.is_chat) {
      TRY_VOID(TakeMessage(json[holder], choice, delta));
      delta.logprobs = ChatLogprobs(json["logprobs"]);
    } else {
      delta.text = TextOf(json["text"]);
      delta.logprobs = CompletionLogprobs(json["logprobs"]);
    }
    const bool says_nothing =
        delta.text.empty() && delta.reasoning.empty() && delta.tool_calls.empty() && delta.logprobs.empty();
    num_bytes_ += static_cast<int64_t>(delta.text.size() + delta.reasoning.size());
    if (!says_nothing) events.emplace_back(std::move(delta));
    return TakeFinish(json, static_cast<int32_t>(index), choice);
  }

  Result<void> TakeMessage(const Json& message, Choice& choice, GenerationDelta& delta) {
    delta.text = TextOf(message["content"]);
    delta.reasoning = TextOf(message["reasoning"]);
    if (delta.reasoning.empty()) delta.reasoning = TextOf(message["reasoning_content"]);
    if (delta.text.empty()) delta.text = TextOf(message["refusal"]);
    if (!message["tool_calls"].is_array()) return {};
    int64_t position = 0;
    for (const Json& call : message["tool_calls"].items()) {
      const int64_t theirs = call.Has("index") ? IntOf(call["index"]) : position;
      ++position;
      const auto [known, is_new] = choice.calls.try_emplace(theirs, static_cast<int32_t>(choice.calls.size()));
      const bool custom = TextOf(call["type"]) == "custom";
      const Json& body = call[custom ? "custom" : "function"];
      ToolCallDelta made;
      made.index = known->second;
      made.custom = custom;
      if (is_new) made.id = TextOf(call["id"]), made.name = TextOf(body["name"]);
      made.arguments = TextOf(body[custom ? "input" : "arguments"]);
      num_bytes_ += static_cast<int64_t>(made.arguments.size());
      if (is_new && made.name.empty()) return MalformedReply(shape_.provider, "got a tool call without a name");
      delta.tool_calls.push_back(std::move(made));
    }
    return {};
  }

  Result<void> TakeFinish(const Json& json, int32_t index, Choice& choice) {
    const std::string_view reason = TextOf(json["finish_reason"]);
    if (reason.empty()) return {};
    if (reason == "content_filter") {
      return Error::Invalid("provider " + shape_.provider, "the upstream's content filter ended the answer")
          .WithCode("content_filter");
    }
    choice.ended = true;
    choice.end.choice = index;
    choice.end.reason = reason == "length" ? FinishReason::kLength : FinishReason::kStop;
    const Json& stop = json["stop_reason"];  // vLLM's and ours
    if (stop.is_string()) choice.end.stop_string = stop.AsString();
    if (stop.is_number()) choice.end.stop_token = static_cast<int32_t>(IntOf(stop));
    return {};
  }

  const OpenAiReplyShape shape_;
  std::vector<Choice> choices_;
  Usage usage_;
  bool has_usage_ = false;
  int64_t num_bytes_ = 0;
};

}  // namespace

Usage OpenAiUsage(const Json& json) {
  Usage usage;
  usage.prompt_tokens = IntOf(json["prompt_tokens"]);
  usage.completion_tokens = IntOf(json["completion_tokens"]);
  usage.cached_tokens = IntOf(json["prompt_tokens_details"]["cached_tokens"]);
  return usage;
}

std::unique_ptr<ReplyDecoder> MakeOpenAiDecoder(OpenAiReplyShape shape) {
  return std::make_unique<OpenAiDecoder>(std::move(shape));
}

}  // namespace atelier
