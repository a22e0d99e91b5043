// From Ollama's messages to those that templates know.
#include <algorithm>
#include <utility>
#include <vector>

#include "serve/ollama_body.h"

namespace atelier {
namespace {

class Conversation {
 public:
  Result<void> Add(const OllamaMessage& message, const std::string& where) {
    Json plain = Json::Object({{"role", message.role}});
    const bool only_calls = message.content.empty() && !message.tool_calls.empty();
    plain.Set("content", only_calls ? Json() : Json(message.content));
    if (message.thinking && !message.thinking->empty()) plain.Set("reasoning_content", *message.thinking);
    if (!message.tool_calls.empty()) {
      Json calls = Json::Array();
      for (size_t i = 0; i < message.tool_calls.size(); ++i) {
        TRY(Json call, CallOf(message.tool_calls[i], where + ".tool_calls[" + std::to_string(i) + "]"));
        calls.Push(std::move(call));
      }
      plain.Set("tool_calls", std::move(calls));
    }
    if (message.role == "tool") SetAnswered(message, plain);
    messages_.Push(std::move(plain));
    return {};
  }

  Json Take() { return std::move(messages_); }

 private:
  struct Open {
    std::string id, name;
  };

  Result<Json> CallOf(const Json& given, const std::string& where) {
    const Json& name = given["function"]["name"];
    if (!name.is_string()) return Wrong(where + ".function.name", name, "a string");
    const Json& arguments = given["function"]["arguments"];
    if (!arguments.is_null() && !arguments.is_object())
      return Wrong(where + ".function.arguments", arguments, "an object");
    const Json& id = given["id"];
    Open call{id.is_string() ? id.AsString() : "call_" + std::to_string(num_calls_), name.AsString()};
    ++num_calls_;
    Json function = Json::Object({{"name", call.name}, {"arguments", arguments.is_null() ? "{}" : arguments.Dump()}});
    Json body = Json::Object({{"id", call.id}, {"type", "function"}, {"function", std::move(function)}});
    open_.push_back(std::move(call));
    return body;
  }

  // Which call it is the result of: the one it names, else the oldest without a result.
  void SetAnswered(const OllamaMessage& message, Json& plain) {
    const auto is_meant = [&](const Open& call) {
      if (message.tool_call_id) return call.id == *message.tool_call_id;
      return !message.tool_name || call.name == *message.tool_name;
    };
    const auto found = std::ranges::find_if(open_, is_meant);
    if (found != open_.end()) {
      plain.Set("tool_call_id", found->id);
      plain.Set("name", found->name);
      open_.erase(found);
      return;
    }
    if (message.tool_call_id) plain.Set("tool_call_id", *message.tool_call_id);
    if (message.tool_name) plain.Set("name", *message.tool_name);
  }

  static Error Wrong(const std::string& where, const Json& got, const std::string& want) {
    return Error::Invalid(where, "got " + std::string(got.TypeName()) + ", want " + want).WithCode("invalid_type");
  }

  Json messages_ = Json::Array();
  std::vector<Open> open_;  // calls without a result
  int num_calls_ = 0;
};

}  // namespace

Result<Json> OllamaConversation(const std::vector<OllamaMessage>& messages) {
  Conversation conversation;
  for (size_t i = 0; i < messages.size(); ++i) {
    TRY_VOID(conversation.Add(messages[i], "messages[" + std::to_string(i) + "]"));
  }
  return conversation.Take();
}

}  // namespace atelier
