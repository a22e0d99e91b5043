// What a response is made of: the items before it, its own, and the request that they become.
#pragma once

#include <string>
#include <vector>

#include "app/app.h"
#include "base/task/task.h"
#include "serve/response_body.h"

namespace atelier {

// The id of the conversation that a body names; empty: none.
std::string ConversationOf(const ResponsesBody& body);

struct GatheredItems {
  std::vector<Json> items;
  std::string first_response = {};  // of those that it goes on from; empty: it goes on from none
};
// The items of the body's conversation, or of the responses before it, oldest first, then `input`, its own; references
// are followed. Errors: an id that is not stored for `principal`, a conversation beside previous_response_id.
Task<Result<GatheredItems>> AllItems(App& app, ResponsesBody body, Json input, std::string principal);

// The request for `model`; with truncation "auto" of the newest items that fit its context.
Task<Result<GenerationRequest>> FittingRequest(App& app, Call call, ResponsesBody body, std::string model,
                                               std::vector<Json> items);

}  // namespace atelier
