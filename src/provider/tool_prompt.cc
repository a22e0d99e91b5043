#include "provider/tool_prompt.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr char kIdLetters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr size_t kShortId = 9;

// An id of nine letters and digits for any other; the same for the same.
std::string ShortId(std::string_view id) {
  const auto is_plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (id.size() == kShortId && std::ranges::all_of(id, is_plain)) return std::string(id);
  uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
  for (const char c : id) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  std::string out;
  for (size_t i = 0; i < kShortId; ++i, hash /= 36) out += kIdLetters[hash % 36];
  return out;
}

bool HasIdHole(const CallSyntax& calls) {
  return (calls.calls.begin + calls.after_name + calls.calls.end).find(kIdHole) != std::string::npos;
}

Error BadArguments(int64_t message, int64_t call, std::string what) {
  return Error::Invalid(
             "messages[" + std::to_string(message) + "].tool_calls[" + std::to_string(call) + "].function.arguments",
             std::move(what))
      .WithCode("invalid_value");
}

// The words around a call as people see them.
std::string Unmarked(std::string text) {
  std::erase_if(text, [](char c) { return c == kControlBegin || c == kControlEnd; });
  for (char& c : text) c = c == kIdHole ? 'x' : c == kIndexHole ? '0' : c;
  return text;
}

std::string WriteCall(const CallSyntax& calls, const std::string& name, const Json& arguments) {
  if (!calls.tagged) return calls.calls.begin + name + calls.after_name + arguments.Dump() + calls.calls.end;
  std::string text = calls.calls.begin + name + calls.after_name;
  bool first = true;
  for (const JsonMember& member : arguments.members()) {
    const bool is_text = member.value.is_string();
    if (!first) text += calls.tagged->list.separator;
    first = false;
    text += calls.tagged->list.begin + member.key;
    text += is_text ? calls.tagged->after_text_key + member.value.AsString() + calls.tagged->text_end
                    : calls.tagged->after_key + member.value.Dump() + calls.tagged->list.end;
  }
  return text + calls.calls.end;
}

std::string Listing(const CallSyntax& calls, const ToolUse& use) {
  std::string text = "You may call functions. These are described by JSON Schemas, one a line:\n<tools>\n";
  for (const Tool& tool : use.tools) text += tool.definition.Dump() + "\n";
  const Json example = Json::Object({{"parameter", "value"}});
  return text + "</tools>\nIf a function fits the request, call it: answer in this form and say nothing else:\n" +
         Unmarked(calls.calls.open + WriteCall(calls, "function_name", example) + calls.calls.close) +
         "\nIf none fits, answer in words.";
}

class Preparer {
 public:
  Preparer(const ChatSyntax& own, const Json& messages, const ToolUse& use) : own_(own), given_(messages), use_(use) {}

  Result<ToolPrompt> Run() {
    ToolPrompt prompt;
    messages_ = Json::Array();
    for (int64_t i = 0; i < given_.size(); ++i) TRY_VOID(Add(i));
    if (!use_.tools.empty()) {
      const bool knows_all = own_.shows_tools && own_.calls;
      if (!knows_all) Tell(Listing(own_.calls ? *own_.calls : ChatSyntax::DefaultCalls(), use_));
      if (own_.shows_tools) prompt.tools = Json::Array();
      for (const Tool& tool : use_.tools) {
        if (own_.shows_tools) prompt.tools.Push(tool.definition);
      }
    }
    prompt.messages = std::move(messages_);
    return prompt;
  }

 private:
  Result<void> Add(int64_t i) {
    Json message = given_[i];
    const bool answers = message["role"] == Json("tool") || message["role"] == Json("function");
    if (message["tool_calls"].is_array() && !message["tool_calls"].empty()) {
      TRY_VOID(ReadCalls(i, message));
    } else if (answers && !own_.reads_calls) {
      AddAnswer(message);
      return {};
    } else if (answers && wants_short_ids_ && message["tool_call_id"].is_string()) {
      message.Set("tool_call_id", ShortId(message["tool_call_id"].AsString()));
    }
    last_is_answer_ = false;
    messages_.Push(std::move(message));
    return {};
  }

  // Answers of several calls stand in one turn.
  void AddAnswer(const Json& message) {
    const std::string content = message["content"].is_string() ? message["content"].AsString() : std::string();
    const std::string text = "<tool_response>\n" + content + "\n</tool_response>";
    if (last_is_answer_) {
      Json& last = messages_[messages_.size() - 1];
      last.Set("content", last["content"].AsString() + "\n" + text);
      return;
    }
    messages_.Push(Json::Object({{"role", "user"}, {"content", text}}));
    last_is_answer_ = true;
  }

  Result<void> ReadCalls(int64_t i, Json& message) {
    Json calls = Json::Array();
    std::string written;
    for (int64_t j = 0; j < message["tool_calls"].size(); ++j) {
      Json call = message["tool_calls"][j];
      TRY(const Json arguments, Arguments(call, i, j));
      if (!own_.reads_calls) {
        const CallSyntax syntax = ChatSyntax::DefaultCalls();
        written += (written.empty() ? "" : syntax.calls.separator) + WriteCall(syntax, Name(call), arguments);
        continue;
      }
      if (wants_short_ids_ && call["id"].is_string()) call.Set("id", ShortId(call["id"].AsString()));
      Json function =
          Json::Object({{"name", Name(call)}, {"arguments", takes_text_ ? Json(arguments.Dump()) : arguments}});
      call.Set("type", "function");
      call.Set("function", std::move(function));
      calls.Push(std::move(call));
    }
    if (own_.reads_calls) {
      message.Set("tool_calls", std::move(calls));
      return {};
    }
    const std::string content = message["content"].is_string() ? message["content"].AsString() : std::string();
    message = Json::Object({{"role", "assistant"}, {"content", content.empty() ? written : content + "\n" + written}});
    return {};
  }

  static std::string Name(const Json& call) {
    const Json& name = call[call["type"] == Json("custom") ? "custom" : "function"]["name"];
    return name.is_string() ? name.AsString() : std::string();
  }

  static Result<Json> Arguments(const Json& call, int64_t message, int64_t index) {
    if (call["type"] == Json("custom")) return Json::Object({{"input", call["custom"]["input"]}});
    const Json& given = call["function"]["arguments"];
    if (given.is_object()) return given;
    if (given.is_null() || given == Json("")) return Json::Object();
    if (!given.is_string())
      return BadArguments(message, index, "got " + std::string(given.TypeName()) + ", want a text");
    auto read = Json::Parse(given.AsString());
    if (!read.ok() || !read->is_object()) return BadArguments(message, index, "got a text that is no JSON object");
    return std::move(*read);
  }

  // In the system message, which is the first.
  void Tell(const std::string& text) {
    if (!messages_.empty() && messages_[0]["role"] == Json("system") && messages_[0]["content"].is_string()) {
      messages_[0].Set("content", messages_[0]["content"].AsString() + "\n\n" + text);
      return;
    }
    Json told = Json::Array({Json::Object({{"role", "system"}, {"content", text}})});
    for (Json& message : messages_.items()) told.Push(std::move(message));
    messages_ = std::move(told);
  }

  const ChatSyntax& own_;
  const Json& given_;
  const ToolUse& use_;
  const bool wants_short_ids_ = own_.calls && HasIdHole(*own_.calls);
  const bool takes_text_ = own_.calls && own_.calls->arguments_as_text;
  Json messages_;
  bool last_is_answer_ = false;
};

}  // namespace

Result<ToolPrompt> PrepareToolPrompt(const ChatSyntax& own, const Json& messages, const ToolUse& use) {
  return Preparer(own, messages, use).Run();
}

}  // namespace atelier
