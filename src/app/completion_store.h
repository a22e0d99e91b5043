// Chat completions that were asked to be kept (store: true), in atelier.db. What is put is there after a restart. Each
// belongs to the API key that made it: for another key it isn't there.
//
// Methods block; call them on a Pool. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "app/page.h"
#include "base/result.h"
#include "base/store/database.h"
#include "base/text/json.h"

namespace atelier {

struct StoredCompletion {
  std::string id, principal, model;
  Json body;      // as it was answered, its metadata aside
  Json messages;  // what was asked, with ids; an array
  Json metadata;  // an object of texts
};

class CompletionStore {
 public:
  static Result<std::unique_ptr<CompletionStore>> Open(Database& database);

  struct Filter {
    std::string principal;
    std::string model;               // empty: any
    Json metadata = Json::Object();  // texts that must be among its own
  };

  Result<void> Put(const StoredCompletion& completion);
  // NotFound: there is none.
  Result<StoredCompletion> Get(const std::string& id, const std::string& principal);
  Result<Page<StoredCompletion>> List(const PageQuery& query, const Filter& filter);
  Result<void> SetMetadata(const std::string& id, const std::string& principal, const Json& metadata);
  Result<void> Delete(const std::string& id, const std::string& principal);

 private:
  explicit CompletionStore(Database& database) : database_(database) {}

  Database& database_;
};

}  // namespace atelier
