// What is kept of a chat with store: true, beside its answer.
#pragma once

#include <functional>
#include <string>

#include "app/app.h"
#include "base/text/json.h"
#include "serve/chat_body.h"

namespace atelier {

// What keeps the answer to `body` once it is whole (ReplyOptions::keep). A fault of the disk is in the log: the answer
// is not held back for it.
std::function<Task<void>(Json)> KeepCompletion(App& app, const ChatBody& body, std::string principal);

}  // namespace atelier
