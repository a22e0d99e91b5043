#include "serve/messages_writer.h"

#include <utility>

#include "serve/errors.h"
#include "serve/messages_body.h"

namespace atelier {
namespace {

// Tokens that came from the cache are not counted as input.
Json MessageUsage(const Usage& usage, int64_t thinking_tokens) {
  return Json::Object({{"input_tokens", usage.prompt_tokens - usage.cached_tokens},
                       {"cache_creation_input_tokens", 0},
                       {"cache_read_input_tokens", usage.cached_tokens},
                       {"output_tokens", usage.completion_tokens},
                       {"output_tokens_details", Json::Object({{"thinking_tokens", thinking_tokens}})},
                       {"server_tool_use", nullptr}});
}

std::string_view StopReasonOf(const ChoiceResult& choice) {
  if (choice.end.reason == FinishReason::kLength) return "max_tokens";
  if (!choice.end.stop_string.empty()) return "stop_sequence";
  return choice.tool_calls.empty() ? "end_turn" : "tool_use";
}

Json StopOf(const ChoiceResult& choice) {
  const std::string& stop = choice.end.stop_string;
  return Json::Object({{"stop_reason", StopReasonOf(choice)},
                       {"stop_sequence", stop.empty() ? Json() : Json(stop)},
                       {"stop_details", nullptr},
                       {"container", nullptr}});
}

Json ThinkingBlock(std::string thinking, std::string signature) {
  return Json::Object({{"type", "thinking"}, {"thinking", std::move(thinking)}, {"signature", std::move(signature)}});
}

Json TextBlock(std::string text) {
  return Json::Object({{"type", "text"}, {"text", std::move(text)}, {"citations", nullptr}});
}

Json CallBlock(const ToolCallDelta& call, Json input) {
  return Json::Object({{"type", "tool_use"},
                       {"id", call.id},
                       {"name", call.name},
                       {"input", std::move(input)},
                       {"caller", Json::Object({{"type", "direct"}})}});
}

// With nothing said and no reason to stop yet.
Json Envelope(const GenerationRun& run, const Usage& usage, int64_t thinking_tokens) {
  Json usage_body = MessageUsage(usage, thinking_tokens);
  usage_body.Set("cache_creation", nullptr);
  usage_body.Set("service_tier", "standard");
  usage_body.Set("inference_geo", nullptr);
  usage_body.Set("speed", nullptr);
  return Json::Object({{"id", "msg_" + run.id()},
                       {"type", "message"},
                       {"role", "assistant"},
                       {"model", run.model().id},
                       {"content", Json::Array()},
                       {"stop_reason", nullptr},
                       {"stop_sequence", nullptr},
                       {"stop_details", nullptr},
                       {"container", nullptr},
                       {"diagnostics", nullptr},
                       {"usage", std::move(usage_body)}});
}

MessageEvent EventOf(std::string type, Json data) { return {std::move(type), std::move(data)}; }

}  // namespace

std::vector<MessageEvent> MessageWriter::Begin() {
  Usage usage;
  usage.prompt_tokens = static_cast<int64_t>(run_.generation().prompt_tokens.size());
  Json start = Json::Object({{"type", "message_start"}, {"message", Envelope(run_, usage, 0)}});
  std::vector<MessageEvent> events;
  events.push_back(EventOf("message_start", std::move(start)));
  events.push_back(EventOf("ping", Json::Object({{"type", "ping"}})));
  return events;
}

void MessageWriter::Open(Kind kind, Json block, std::vector<MessageEvent>& to) {
  Close(to);
  open_ = kind;
  ++index_;
  to.push_back(
      EventOf("content_block_start",
              Json::Object({{"type", "content_block_start"}, {"index", index_}, {"content_block", std::move(block)}})));
}

void MessageWriter::Close(std::vector<MessageEvent>& to) {
  if (open_ == Kind::kNone) return;
  if (open_ == Kind::kThinking) {
    std::string signature = ThinkingSignature(thinking_, shows_thinking_);
    AddDelta(Json::Object({{"type", "signature_delta"}, {"signature", std::move(signature)}}), to);
    thinking_.clear();
  }
  open_ = Kind::kNone;
  to.push_back(EventOf("content_block_stop", Json::Object({{"type", "content_block_stop"}, {"index", index_}})));
}

void MessageWriter::AddDelta(Json delta, std::vector<MessageEvent>& to) {
  to.push_back(
      EventOf("content_block_delta",
              Json::Object({{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(delta)}})));
}

std::vector<MessageEvent> MessageWriter::Take(const GenerationEvent& event) {
  std::vector<MessageEvent> events;
  const auto* delta = std::get_if<GenerationDelta>(&event);
  if (delta == nullptr) return events;
  if (!delta->reasoning.empty()) {
    if (open_ != Kind::kThinking) Open(Kind::kThinking, ThinkingBlock("", ""), events);
    thinking_ += delta->reasoning;
    if (shows_thinking_) {
      AddDelta(Json::Object({{"type", "thinking_delta"}, {"thinking", delta->reasoning}}), events);
    }
  }
  if (!delta->text.empty()) {
    if (open_ != Kind::kText) Open(Kind::kText, TextBlock(""), events);
    AddDelta(Json::Object({{"type", "text_delta"}, {"text", delta->text}}), events);
  }
  for (const ToolCallDelta& call : delta->tool_calls) {
    if (!call.id.empty()) Open(Kind::kCall, CallBlock(call, Json::Object()), events);
    if (call.arguments.empty()) continue;
    AddDelta(Json::Object({{"type", "input_json_delta"}, {"partial_json", call.arguments}}), events);
  }
  return events;
}

std::vector<MessageEvent> MessageWriter::End() {
  std::vector<MessageEvent> events;
  if (run_.error()) {
    events.push_back(EventOf("error", ErrorBody(*run_.error(), StatusOf(*run_.error()), ErrorShape::kAnthropic)));
    return events;
  }
  Close(events);
  const GenerationEnd& end = run_.end();
  Json delta = Json::Object({{"type", "message_delta"}, {"delta", StopOf(run_.choice())}});
  delta.Set("usage", MessageUsage(end.usage, end.reasoning_tokens));
  events.push_back(EventOf("message_delta", std::move(delta)));
  events.push_back(EventOf("message_stop", Json::Object({{"type", "message_stop"}})));
  return events;
}

Json WholeMessage(const GenerationRun& run, bool shows_thinking) {
  const ChoiceResult& choice = run.choice();
  Json content = Json::Array();
  if (!choice.reasoning.empty()) {
    content.Push(ThinkingBlock(shows_thinking ? choice.reasoning : std::string(),
                               ThinkingSignature(choice.reasoning, shows_thinking)));
  }
  if (!choice.text.empty()) content.Push(TextBlock(choice.text));
  for (const ToolCallDelta& call : choice.tool_calls) {
    // A call that was cut by max_tokens has no whole input; stop_reason says so.
    Result<Json> input = Json::Parse(call.arguments);
    content.Push(CallBlock(call, input.ok() ? std::move(*input) : Json::Object()));
  }
  Json message = Envelope(run, run.end().usage, run.end().reasoning_tokens);
  message.Set("content", std::move(content));
  const Json stop = StopOf(choice);
  for (const JsonMember& member : stop.members()) message.Set(member.key, member.value);
  return message;
}

}  // namespace atelier
