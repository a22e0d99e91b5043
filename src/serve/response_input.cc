#include "serve/response_input.h"

#include <algorithm>

#include "app/response_store.h"
#include "base/task/pool.h"

namespace atelier {
namespace {

constexpr int kMaxChain = 1000;  // responses that go on from each other

// The items before this response's own, oldest first. Blocks.
Result<GatheredItems> History(ResponseStore& store, const ResponsesBody& body, const std::string& principal) {
  GatheredItems before;
  if (const std::string conversation = ConversationOf(body); !conversation.empty()) {
    TRY(before.items, store.Items(conversation, principal));
    return before;
  }
  std::vector<StoredResponse> chain;
  std::optional<std::string> id = body.previous_response_id;
  while (id) {
    if (chain.size() == kMaxChain) {
      return Error::Invalid("previous_response_id", "got a response after more than " + std::to_string(kMaxChain) +
                                                        " others, want fewer, a conversation, or a compacted input")
          .WithCode("invalid_value");
    }
    Result<StoredResponse> response = store.Get(*id, principal);
    if (!response.ok()) {
      return Error::NotFound("previous_response_id", "got '" + *id + "', want the id of a stored response")
          .WithCode("previous_response_not_found");
    }
    const Json& earlier = response->body["previous_response_id"];
    id = earlier.is_string() ? std::optional(earlier.AsString()) : std::nullopt;
    chain.push_back(std::move(*response));
  }
  if (!chain.empty()) before.first_response = chain.back().id;
  for (auto response = chain.rbegin(); response != chain.rend(); ++response) {
    for (const Json& item : response->input.items()) before.items.push_back(item);
    for (const Json& item : response->body["output"].items()) before.items.push_back(item);
  }
  return before;
}

// All items, references followed. Blocks.
Result<GatheredItems> Gather(ResponseStore& store, const ResponsesBody& body, const Json& input,
                             const std::string& principal) {
  if (!ConversationOf(body).empty() && body.previous_response_id) {
    return Error::Invalid("conversation", "got it beside previous_response_id, want one of the two")
        .WithCode("invalid_value");
  }
  TRY(GatheredItems all, History(store, body, principal));
  for (const Json& item : input.items()) {
    if (item["type"] != Json("item_reference")) {
      all.items.push_back(item);
      continue;
    }
    TRY(Json found, store.FindItem(item["id"].AsString(), principal));
    all.items.push_back(std::move(found));
  }
  return all;
}

// Without the oldest turn: a call goes with its output.
bool DropOldest(std::vector<Json>& items) {
  const auto is_kept = [](const Json& item) {
    return item["role"] == Json("system") || item["role"] == Json("developer");
  };
  const auto oldest = std::ranges::find_if_not(items, is_kept);
  if (oldest == items.end() || oldest + 1 == items.end()) return false;
  const Json call_id = (*oldest)["call_id"];
  items.erase(oldest);
  if (!call_id.is_null()) std::erase_if(items, [&](const Json& item) { return item["call_id"] == call_id; });
  return !items.empty();
}

}  // namespace

std::string ConversationOf(const ResponsesBody& body) {
  if (body.conversation.is_string()) return body.conversation.AsString();
  return body.conversation["id"].is_string() ? body.conversation["id"].AsString() : std::string();
}

Task<Result<GatheredItems>> AllItems(App& app, ResponsesBody body, Json input, std::string principal) {
  auto work = [&] { return Gather(app.responses(), body, input, principal); };
  auto waiting = OnPool(app.pool(), work);
  auto items = co_await waiting;
  co_return items;
}

Task<Result<GenerationRequest>> FittingRequest(App& app, Call call, ResponsesBody body, std::string model,
                                               std::vector<Json> items) {
  for (;;) {
    CO_TRY(GenerationRequest request, ResponseRequest(body, items));
    request.model = model;
    if (body.truncation != "auto") co_return request;
    CO_TRY(const Generation prepared, co_await app.language_model().Prepare(call, request));
    CO_TRY(const ModelDetails details, co_await app.language_model().Describe(call, model));
    const bool fits = static_cast<int64_t>(prepared.prompt_tokens.size()) < details.context_length;
    if (fits || !DropOldest(items)) co_return request;
  }
}

}  // namespace atelier
