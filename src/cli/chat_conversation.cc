#include "cli/chat_conversation.h"

#include "app/agent_library.h"
#include "app/agent_models.h"
#include "base/io/files.h"
#include "base/text/describe_json.h"
#include "serve/chat_body.h"

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = 256 << 20;  // no conversation that any model can read is larger

Json Message(std::string_view role, std::string_view content) {
  return Json::Object({{"role", role}, {"content", content}});
}

// The text at `key`, or an error that says what stands there.
Result<std::string> TextAt(const Json& document, std::string_view key) {
  const Json& value = document[key];
  if (value.is_null()) return std::string();
  if (!value.is_string()) {
    return Error::Invalid(std::string(key), "got " + std::string(value.TypeName()) + ", want a string");
  }
  return value.AsString();
}

}  // namespace

Result<GenerationRequest> Conversation::Request(const Json& settings, const Json& messages) const {
  Json body = settings;
  Json all = Json::Array();
  if (!system_.empty()) all.Push(Message("system", system_));
  for (const Json& message : messages.items()) all.Push(message);
  body.Set("messages", std::move(all));
  TRY(const ChatBody chat, ReadJson<ChatBody>(body));
  return ChatRequest(chat);
}

Result<Outcome> Conversation::Answer(Json messages, const Session::OnDelta& on_delta) {
  TRY(GenerationRequest request, Request(settings_, messages));
  TRY(Outcome outcome, session_.Generate(model_, "chat", std::move(request), on_delta));
  Json answer = Message("assistant", outcome.choices.front().text);
  if (!outcome.choices.front().reasoning.empty()) answer.Set("reasoning", outcome.choices.front().reasoning);
  messages.Push(std::move(answer));
  messages_ = std::move(messages);
  context_tokens_ = outcome.usage.prompt_tokens + outcome.usage.completion_tokens;
  return outcome;
}

Result<Outcome> Conversation::Ask(std::string message, const Session::OnDelta& on_delta) {
  Json messages = messages_;
  messages.Push(Message("user", message));
  return Answer(std::move(messages), on_delta);
}

Result<Outcome> Conversation::Again(const Session::OnDelta& on_delta) {
  Json messages = Json::Array();
  int64_t keep = messages_.size();
  while (keep > 0 && messages_[keep - 1]["role"] == Json("assistant")) --keep;
  if (keep == 0) return Error::Invalid("", "got no question to answer anew, want one first");
  for (int64_t i = 0; i < keep; ++i) messages.Push(messages_[i]);
  return Answer(std::move(messages), on_delta);
}

Result<void> Conversation::SetModel(std::string_view name) {
  TRY(ModelListing model, session_.app().FindModel(name, "chat"));
  if (!CanChat(model)) {
    return Error::Invalid(std::string(name), "got a model of kind '" + model.kind + "', want one that chats");
  }
  // What an agent has of other servers is asked for before it is.
  if (model.kind == kAgentModels) session_.Run(session_.app().agents().Prepare(Call()));
  model_ = std::move(model);
  return {};
}

Result<void> Conversation::SetAll(const Json& settings) {
  Json probe = Json::Array();
  probe.Push(Message("user", "?"));
  TRY(const GenerationRequest request, Request(settings, probe));
  if (request.options.request.n != 1) return Error::Invalid("n", "got more than 1, want 1: a chat has one answer");
  settings_ = settings;
  return {};
}

Result<void> Conversation::Set(const std::string& key, Json value) {
  Json settings = settings_;
  settings.Erase(key);
  if (!value.is_null()) settings.Set(key, std::move(value));
  return SetAll(settings);
}

Json Conversation::Document() const {
  return Json::Object({{"model", model_.id}, {"system", system_}, {"settings", settings_}, {"messages", messages_}});
}

Result<void> Conversation::Save(const std::string& path) const {
  return WriteAtomically(Files::Real(), path, Document().DumpPretty() + "\n");
}

Result<void> Conversation::Load(const std::string& path) {
  TRY(const std::string text, ReadWholeFile(Files::Real(), path, kMaxFileBytes));
  Result<Json> document = Json::Parse(text);
  if (!document.ok()) return std::move(document).error().Under(path);
  if (!document->is_object() || !(*document)["messages"].is_array()) {
    return Error::Invalid(path, "got JSON without an array of messages, want a file that /save wrote");
  }
  Conversation loaded(session_, model_);
  const auto fill = [&]() -> Result<void> {
    TRY(const std::string name, TextAt(*document, "model"));
    if (!name.empty()) TRY_VOID(loaded.SetModel(name));
    TRY(loaded.system_, TextAt(*document, "system"));
    if (document->Has("settings")) TRY_VOID(loaded.SetAll((*document)["settings"]));
    loaded.messages_ = (*document)["messages"];
    // Wrong messages are told now, not at the next question.
    if (!loaded.messages_.empty()) TRY_VOID(loaded.Request(loaded.settings_, loaded.messages_));
    return {};
  };
  Result<void> filled = fill();
  if (!filled.ok()) return std::move(filled).error().Under(path);
  model_ = std::move(loaded.model_);
  system_ = std::move(loaded.system_);
  settings_ = std::move(loaded.settings_);
  messages_ = std::move(loaded.messages_);
  context_tokens_ = 0;
  return {};
}

}  // namespace atelier
