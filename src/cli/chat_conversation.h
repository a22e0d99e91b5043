// A conversation with a model: what was said, under which system message and settings; kept in files as JSON
//   {"model": …, "system": …, "settings": {…}, "messages": [{"role": …, "content": …}, …]}
// An answer that was stopped stays as far as it came; a question that failed leaves no trace in the conversation.
#pragma once

#include <string>
#include <string_view>

#include "base/text/json.h"
#include "cli/session.h"

namespace atelier {

class Conversation {
 public:
  Conversation(Session& session, ModelListing model) : session_(session), model_(std::move(model)) {}

  // Adds `message` and the model's answer.
  Result<Outcome> Ask(std::string message, const Session::OnDelta& on_delta);
  // Answers the last question anew.   Error: there is none.
  Result<Outcome> Again(const Session::OnDelta& on_delta);
  void Clear() { messages_ = Json::Array(); }

  const ModelListing& model() const { return model_; }
  // Error: no such model, or none that chats.
  Result<void> SetModel(std::string_view name);
  const std::string& system() const { return system_; }
  void SetSystem(std::string system) { system_ = std::move(system); }
  const Json& settings() const { return settings_; }
  // null removes it.   Error: the value is refused; nothing is changed.
  Result<void> Set(const std::string& key, Json value);
  Result<void> SetAll(const Json& settings);
  const Json& messages() const { return messages_; }
  // Tokens that the last exchange had in all; 0: none yet.
  int64_t context_tokens() const { return context_tokens_; }

  Json Document() const;
  Result<void> Save(const std::string& path) const;
  Result<void> Load(const std::string& path);

 private:
  Result<GenerationRequest> Request(const Json& settings, const Json& messages) const;
  Result<Outcome> Answer(Json messages, const Session::OnDelta& on_delta);

  Session& session_;
  ModelListing model_;
  std::string system_;
  Json settings_ = Json::Object();
  Json messages_ = Json::Array();
  int64_t context_tokens_ = 0;
};

}  // namespace atelier
