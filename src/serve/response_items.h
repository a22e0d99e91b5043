// Items of /v1/responses and /v1/conversations: what goes in gets ids, and a conversation of messages is made of them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "serve/chat_body.h"

namespace atelier {

// "resp_", "msg_" and the like, and 48 hexadecimal digits; no two are the same.
std::string NewItemId(std::string_view prefix);

// Items as they are stored: a text is a message of the user, each has a type and an id. Errors: `where` is
// "input[i]...".
Result<Json> NormalItems(const Json& input);

// The messages that items stand for. Calls of one turn become one message of the assistant, and what was thought before
// them goes with it.
Result<std::vector<ChatMessage>> MessagesOf(const std::vector<Json>& items);

// An item that stands for what was said: a summary, and what the user said last.
Json CompactionItem(const std::string& summary, const std::string& last);

// A page of a list: `after` an id, `order` "asc" or "desc", at most `limit`.   Errors name the parameter.
struct ItemsPage {
  std::string after, order = "desc";
  int64_t limit = 20;
};
Result<Json> PageOf(std::vector<Json> items, const ItemsPage& page);

}  // namespace atelier
