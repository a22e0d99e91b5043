#include "app/acp_updates.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/acp.h"
#include "agent/protocol/acp_tools.h"
#include "agent/tool_output.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr size_t kMaxTitleBytes = 120;
constexpr size_t kMaxShownBytes = 64 << 10;  // of one result

std::string TextAt(const Json& json, std::string_view key) {
  const Json* value = json.is_object() ? json.Find(key) : nullptr;
  return value && value->is_string() ? value->AsString() : std::string();
}

int64_t CountOf(const Json& value) { return value.is_number() ? value.AsInt64().value_or(0) : 0; }

std::string Cut(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  text.resize(max_bytes);
  return ReplaceInvalidUtf8(text) + "…";
}

// Of agents that were asked: their steps stand below the call.
bool IsNested(std::string_view path) { return path.find('.') != std::string_view::npos; }

std::string_view WithoutMark(std::string_view path) {
  while (path.ends_with('!')) path.remove_suffix(1);
  return path;
}

// By what its name says: an editor shows a picture beside it.
std::string_view KindOf(std::string_view name) {
  struct Word {
    std::string_view word, kind;
  };
  static constexpr Word kWords[] = {
      {"search", "search"}, {"find", "search"},   {"fetch", "fetch"},    {"web", "fetch"},   {"read", "read"},
      {"list", "read"},     {"write", "edit"},    {"edit", "edit"},      {"draft", "edit"},  {"delete", "delete"},
      {"move", "move"},     {"shell", "execute"}, {"python", "execute"}, {"run", "execute"}, {"plan", "think"}};
  for (const Word& word : kWords) {
    if (name.find(word.word) != std::string_view::npos) return word.kind;
  }
  return "other";
}

Json ContentOf(const Json& output) {
  Json content = Json::Array();
  const auto add = [&](Json block) {
    content.Push(Json::Object({{"type", "content"}, {"content", std::move(block)}}));
  };
  const std::string text = TextAt(output, "text");
  if (!text.empty()) add(AcpText(Cut(text, kMaxShownBytes)));
  const Json* parts = output.Find("parts");
  if (parts == nullptr || !parts->is_array()) return content;
  for (const Json& part : parts->items()) {
    const std::string type = TextAt(part, "type");
    const bool is_media = (type == "image" || type == "audio") && !TextAt(part, "data").empty();
    if (is_media && !TextAt(part, "mimeType").empty()) add(part);
    if (type == "resource_link" && !TextAt(part, "uri").empty() && !TextAt(part, "name").empty()) add(part);
  }
  return content;
}

}  // namespace

std::string AcpUpdates::CallId(std::string_view path) const {
  return of_.run_id + "/" + std::string(WithoutMark(path));
}

Json AcpUpdates::ToolCall(const std::string& path, const std::string& name, const Json& arguments,
                          std::string_view status) const {
  const AgentTool* tool = of_.agent ? of_.agent->FindTool(name) : nullptr;
  std::string title = tool && !tool->spec().title.empty() ? tool->spec().title : name;
  if (arguments.is_object() && !arguments.empty()) title += " " + arguments.Dump();
  Json call = Json::Object({{"toolCallId", CallId(path)}, {"title", Cut(std::move(title), kMaxTitleBytes)}});
  call.Set("name", name);
  call.Set("kind", KindOf(name));
  call.Set("status", status);
  if (!arguments.is_null()) call.Set("rawInput", arguments);
  if (Json locations = AcpLocations(name, arguments, of_.folder); !locations.empty())
    call.Set("locations", std::move(locations));
  return call;
}

void AcpUpdates::Called(const std::string& path, const std::string& name, const Json& arguments) {
  const bool is_new = shown_.insert(std::string(WithoutMark(path))).second;
  const bool waits = path.ends_with('!');
  Json call = ToolCall(path, name, arguments, waits ? "pending" : "in_progress");
  call.Set("sessionUpdate", is_new ? "tool_call" : "tool_call_update");
  send_(std::move(call));
}

void AcpUpdates::Answered(const std::string& path, const std::string& name, const Json& output) {
  Json update = Json::Object({{"sessionUpdate", "tool_call_update"},
                              {"toolCallId", CallId(path)},
                              {"status", IsErrorOutput(output) ? "failed" : "completed"}});
  // Those of the editor have shown what they do: a difference, a terminal.
  if (!AcpShowsItself(name) || IsErrorOutput(output)) update.Set("content", ContentOf(output));
  if (const Json* structured = output.Find("structured")) update.Set("rawOutput", *structured);
  send_(std::move(update));
}

void AcpUpdates::Refused(const std::string& path, const std::string& why) {
  Answered(std::string(WithoutMark(path)), std::string(), ErrorOutput(why));
}

void AcpUpdates::Used(const Json& usage) {
  // As an event tells it, or as the journal keeps it.
  const bool is_row = usage.is_array() && usage.size() == 3;
  const Json& read = is_row ? usage[0] : usage["prompt_tokens"];
  const Json& written = is_row ? usage[2] : usage["completion_tokens"];
  const int64_t used = CountOf(read) + CountOf(written);
  if (used > 0 && of_.context > 0)
    send_(Json::Object({{"sessionUpdate", "usage_update"}, {"used", used}, {"size", of_.context}}));
}

void AcpUpdates::Text(const std::string& path, const std::string& text) {
  if (IsNested(path)) return send_(AcpChunk("agent_thought_chunk", text, CallId(path)));
  told_ += text;
  send_(AcpChunk("agent_message_chunk", text, CallId(path)));
}

void AcpUpdates::TellAnswer(const std::string& text) {
  if (text.empty() || told_ == text) return;
  told_ = text;
  Say(text);
}

void AcpUpdates::Say(const std::string& text) {
  send_(AcpChunk("agent_message_chunk", text, of_.run_id + "/said" + std::to_string(num_said_++)));
}

void AcpUpdates::Tell(const AgentEvent& event) {
  const std::string name = TextAt(event.data, "name");
  switch (event.type) {
    case AgentEventType::kStepStarted:
      if (!IsNested(event.path)) told_.clear();
      break;
    case AgentEventType::kText: Text(event.path, TextAt(event.data, "text")); break;
    case AgentEventType::kReasoning:
      send_(AcpChunk("agent_thought_chunk", TextAt(event.data, "text"), CallId(event.path)));
      break;
    case AgentEventType::kModelAnswered:
      if (const Json* usage = event.data.Find("usage"); usage && !IsNested(event.path)) Used(*usage);
      break;
    case AgentEventType::kToolCalled: Called(event.path, name, event.data["arguments"]); break;
    case AgentEventType::kToolAnswered: Answered(event.path, name, event.data); break;
    case AgentEventType::kPersonAsked: {
      const Json* arguments = event.data.Find("arguments");
      if (arguments) Called(event.path, TextAt(event.data, "tool"), *arguments);
      break;
    }
    default: break;
  }
}

Json AcpUpdates::CallOf(const OpenQuestion& question) const {
  const Json* arguments = question.question.Find("arguments");
  std::string name = TextAt(question.question, "tool");
  if (name.empty()) name = TextAt(question.question, "reason");
  return ToolCall(question.path, name, arguments ? *arguments : Json(), "pending");
}

void AcpUpdates::TellSteps(const std::vector<StepRow>& steps) {
  // Of a guided run the model's texts are arguments and drafts, not what was told.
  const bool talks = of_.agent && of_.agent->config.policy == "react";
  for (const StepRow& step : steps) {
    if (step.kind == RunStepKind::kModel && step.result && talks) {
      const Json& said = *step.result;
      if (const std::string thought = TextAt(said, "reasoning"); !thought.empty()) {
        send_(AcpChunk("agent_thought_chunk", thought, CallId(step.path)));
      }
      if (!IsNested(step.path)) told_.clear();
      if (const std::string text = TextAt(said, "text"); !text.empty()) Text(step.path, text);
      if (!IsNested(step.path)) Used(said["usage"]);
    } else if (step.kind == RunStepKind::kTool) {
      const Json* arguments = step.request.is_object() ? step.request.Find("arguments") : nullptr;
      Called(step.path, step.name, arguments ? *arguments : Json());
      if (step.result) Answered(step.path, step.name, *step.result);
    } else if (step.kind == RunStepKind::kPerson && step.request.is_object() && step.request.Has("arguments")) {
      if (!step.result || (*step.result)["decision"] == Json("reject")) {
        Called(step.path, TextAt(step.request, "tool"), step.request["arguments"]);
      }
      if (step.result && (*step.result)["decision"] == Json("reject"))
        Refused(step.path, "A person refused this call.");
    }
  }
}

}  // namespace atelier
