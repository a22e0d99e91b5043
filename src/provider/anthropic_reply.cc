#include "provider/anthropic_reply.h"

#include <algorithm>
#include <map>

namespace atelier {
namespace {

std::string_view TextOf(const Json& json) {
  return json.is_string() ? std::string_view(json.AsString()) : std::string_view();
}
int64_t IntOf(const Json& json) { return json.is_number() ? std::max<int64_t>(0, json.AsInt64().value_or(0)) : 0; }

class AnthropicDecoder final : public ReplyDecoder {
 public:
  explicit AnthropicDecoder(std::string provider) : provider_(std::move(provider)) {}

  Result<bool> Take(const SseEvent& event, Events& events) override {
    Result<Json> json = Json::Parse(event.data);
    if (!json || !json->is_object()) return MalformedReply(provider_, "got an event that is no JSON object");
    const std::string_view type = TextOf((*json)["type"]);
    if (type == "error") return OfUpstream((*json)["error"]);
    if (type == "message_stop") return true;
    if (type == "message_start") {
      AddUsage((*json)["message"]["usage"]);
    } else if (type == "content_block_start") {
      TRY_VOID(StartBlock(IntOf((*json)["index"]), (*json)["content_block"], events));
    } else if (type == "content_block_delta") {
      TRY_VOID(TakeDelta(IntOf((*json)["index"]), (*json)["delta"], events));
    } else if (type == "content_block_stop") {
      StopBlock(IntOf((*json)["index"]), events);
    } else if (type == "message_delta") {
      AddUsage((*json)["usage"]);
      TRY_VOID(TakeStop((*json)["delta"]));
    }
    return false;  // pings, and what newer versions may add
  }

  Result<void> TakeWhole(const Json& reply, Events& events) override {
    if (!reply.is_object() || !reply["content"].is_array()) return MalformedReply(provider_, "got no content");
    AddUsage(reply["usage"]);
    int64_t index = 0;
    for (const Json& block : reply["content"].items()) {
      TRY_VOID(StartBlock(index, block, events));
      StopBlock(index++, events);
    }
    TRY_VOID(TakeStop(reply));
    return End(events);
  }

  Result<void> End(Events& events) override {
    if (!ended_) {
      return Error::Unavailable("provider " + provider_, "cut off: got the end of the stream, want a stop_reason")
          .WithCode("upstream_cut_off");
    }
    events.emplace_back(end_);
    return {};
  }

  Usage usage() const override { return usage_; }

 private:
  struct Block {
    int32_t call = -1;  // of a tool's use: its number
    bool has_input = false;
  };

  Error OfUpstream(const Json& error) const {
    return Error::Unavailable("provider " + provider_, "the stream ended with an error: " +
                                                           std::string(TextOf(error["message"]).substr(0, 1000)))
        .WithCode("upstream_error");
  }

  // Counts are running totals; those that a later event leaves out stand.
  void AddUsage(const Json& usage) {
    if (!usage.is_object()) return;
    if (usage["input_tokens"].is_number()) {
      usage_.cached_tokens = IntOf(usage["cache_read_input_tokens"]);
      usage_.prompt_tokens =
          IntOf(usage["input_tokens"]) + IntOf(usage["cache_creation_input_tokens"]) + usage_.cached_tokens;
    }
    if (usage["output_tokens"].is_number()) usage_.completion_tokens = IntOf(usage["output_tokens"]);
  }

  static void Say(Events& events, std::string_view text, std::string_view reasoning) {
    if (text.empty() && reasoning.empty()) return;
    GenerationDelta delta;
    delta.text = text;
    delta.reasoning = reasoning;
    events.emplace_back(std::move(delta));
  }
  static void SayCall(Events& events, ToolCallDelta call) {
    GenerationDelta delta;
    delta.tool_calls.push_back(std::move(call));
    events.emplace_back(std::move(delta));
  }

  Result<void> StartBlock(int64_t index, const Json& content, Events& events) {
    Block& block = blocks_[index];
    const std::string_view type = TextOf(content["type"]);
    if (type == "text") Say(events, TextOf(content["text"]), "");
    if (type == "thinking") Say(events, "", TextOf(content["thinking"]));
    if (type != "tool_use") return {};
    ToolCallDelta call;
    call.index = block.call = num_calls_++;
    call.id = TextOf(content["id"]);
    call.name = TextOf(content["name"]);
    if (call.name.empty()) return MalformedReply(provider_, "got a tool's use without a name");
    // Whole replies have the input here; streams have {} and send it after.
    if (content["input"].is_object() && !content["input"].empty()) {
      call.arguments = content["input"].Dump();
      block.has_input = true;
    }
    SayCall(events, std::move(call));
    return {};
  }

  Result<void> TakeDelta(int64_t index, const Json& delta, Events& events) {
    const auto found = blocks_.find(index);
    if (found == blocks_.end()) return MalformedReply(provider_, "got a delta of a block that has not begun");
    const std::string_view type = TextOf(delta["type"]);
    if (type == "text_delta") Say(events, TextOf(delta["text"]), "");
    if (type == "thinking_delta") Say(events, "", TextOf(delta["thinking"]));
    const std::string_view input = TextOf(delta["partial_json"]);
    if (type != "input_json_delta" || input.empty()) return {};
    if (found->second.call < 0) return MalformedReply(provider_, "got input of a block that is no tool's use");
    found->second.has_input = true;
    ToolCallDelta call;
    call.index = found->second.call;
    call.arguments = input;
    SayCall(events, std::move(call));
    return {};
  }

  // A tool without arguments sends none; the empty object is what it means.
  void StopBlock(int64_t index, Events& events) {
    const auto found = blocks_.find(index);
    if (found == blocks_.end() || found->second.call < 0 || std::exchange(found->second.has_input, true)) return;
    ToolCallDelta call;
    call.index = found->second.call;
    call.arguments = "{}";
    SayCall(events, std::move(call));
  }

  Result<void> TakeStop(const Json& delta) {
    const std::string_view reason = TextOf(delta["stop_reason"]);
    if (reason.empty()) return {};
    if (reason == "refusal") {
      return Error::Invalid("provider " + provider_, "the upstream refused to answer").WithCode("content_filter");
    }
    ended_ = true;
    const bool cut = reason == "max_tokens" || reason == "model_context_window_exceeded";
    end_.reason = cut ? FinishReason::kLength : FinishReason::kStop;
    end_.stop_string = TextOf(delta["stop_sequence"]);
    return {};
  }

  const std::string provider_;
  std::map<int64_t, Block> blocks_;
  int32_t num_calls_ = 0;
  GenerationChoiceEnd end_;
  bool ended_ = false;
  Usage usage_;
};

}  // namespace

std::unique_ptr<ReplyDecoder> MakeAnthropicDecoder(std::string provider) {
  return std::make_unique<AnthropicDecoder>(std::move(provider));
}

}  // namespace atelier
