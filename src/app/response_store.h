// Responses and conversations of /v1/responses and /v1/conversations, in atelier.db. What is put is there after a
// restart. Everything belongs to the API key that made it: for another key it isn't there.
//
// Methods block; call them on a Pool. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/store/database.h"
#include "base/text/json.h"

namespace atelier {

struct StoredResponse {
  std::string id, principal;
  int64_t created_unix = 0;
  Json body;    // the Response, as it was last sent
  Json input;   // its own input items, with ids; an array
  Json events;  // what was streamed, in order; null: it was not
};

struct StoredConversation {
  std::string id, principal;
  int64_t created_unix = 0;
  Json metadata;  // an object
};

class ResponseStore {
 public:
  static Result<std::unique_ptr<ResponseStore>> Open(Database& database);

  // Responses that were under way when the server ended are failed now. For a server that starts.
  Result<void> FailUnfinished();

  // Adds or replaces.
  Result<void> Put(const StoredResponse& response);
  // NotFound: there is none.
  Result<StoredResponse> Get(const std::string& id, const std::string& principal);
  Result<void> Delete(const std::string& id, const std::string& principal);
  // An item of any response or conversation.
  Result<Json> FindItem(const std::string& item_id, const std::string& principal);

  Result<void> PutConversation(const StoredConversation& conversation);
  Result<StoredConversation> GetConversation(const std::string& id, const std::string& principal);
  Result<void> DeleteConversation(const std::string& id, const std::string& principal);
  // Behind those that are there. Items have ids.
  Result<void> AddItems(const std::string& conversation, const Json& items, const std::string& principal);
  // In order.
  Result<std::vector<Json>> Items(const std::string& conversation, const std::string& principal);
  Result<void> DeleteItem(const std::string& conversation, const std::string& item_id, const std::string& principal);

 private:
  explicit ResponseStore(Database& database) : database_(database) {}

  Database& database_;
};

}  // namespace atelier
