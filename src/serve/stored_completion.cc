#include "serve/stored_completion.h"

#include <utility>

#include "app/completion_store.h"
#include "base/task/pool.h"
#include "observe/log.h"
#include "serve/resource.h"

namespace atelier {
namespace {

// As OpenAI lists it: the words as one text, and the parts they came in.
Json StoredMessage(const ChatMessage& message) {
  Json content = message.content, parts;
  if (content.is_array()) {
    parts = std::move(content);
    std::string text;
    for (const Json& part : parts.items()) {
      const Json& words = part[part["type"] == Json("refusal") ? "refusal" : "text"];
      if (words.is_string()) text += words.AsString();
    }
    content = std::move(text);
  }
  Json stored = Json::Object({{"id", nullptr}, {"role", message.role}, {"content", std::move(content)}});
  stored.Set("name", message.name ? Json(*message.name) : Json());
  stored.Set("refusal", nullptr);
  stored.Set("content_parts", std::move(parts));
  if (message.tool_call_id) stored.Set("tool_call_id", *message.tool_call_id);
  if (message.tool_calls.empty()) return stored;
  Json calls = Json::Array();
  for (const Json& call : message.tool_calls) calls.Push(call);
  stored.Set("tool_calls", std::move(calls));
  return stored;
}

Task<void> Keep(App& app, StoredCompletion completion, Json body) {
  completion.id = body["id"].AsString();
  completion.model = body["model"].AsString();
  completion.body = std::move(body);
  int64_t number = 0;
  for (Json& message : completion.messages.items()) {
    message.Set("id", completion.id + "-" + std::to_string(number++));
  }
  auto put = [&] { return app.completions().Put(completion); };
  auto waiting = OnPool(app.pool(), put);
  const Result<void> done = co_await waiting;
  if (!done.ok()) LogWarn("completion " + completion.id + ": " + done.error().Message());
}

}  // namespace

std::function<Task<void>(Json)> KeepCompletion(App& app, const ChatBody& body, std::string principal) {
  StoredCompletion completion;
  completion.principal = std::move(principal);
  completion.metadata = TextsBody(body.metadata);
  completion.messages = Json::Array();
  for (const ChatMessage& message : body.messages) completion.messages.Push(StoredMessage(message));
  return [&app, completion = std::move(completion)](Json reply) { return Keep(app, completion, std::move(reply)); };
}

}  // namespace atelier
