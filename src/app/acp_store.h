// Sessions of editors, in atelier.db: where one works, how it is set, and its turns. A turn is a prompt and the run
// that it began; what was said and done stands in that run's journal and nowhere else.
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
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

// What an editor may choose for a session.
struct AcpSettings {
  std::string agent;
  std::string model;  // empty: the agent's own
  std::string mode = "default";
  bool editor_tools = true;
  std::vector<std::string> accepted;  // tools that need no asking any more
  static Fields Describe();
};

struct StoredAcpSession {
  std::string id, cwd, title;
  std::vector<std::string> directories;
  AcpSettings settings;
  int64_t created_ms = 0, updated_ms = 0;
};

struct StoredAcpTurn {
  std::string prompt, run_id;
  AcpSettings settings;  // as they were when it began
};

class AcpStore {
 public:
  static Result<std::unique_ptr<AcpStore>> Open(Database& database);

  // Adds, or replaces all but the turns.
  Result<void> Put(const StoredAcpSession& session);
  // kNotFound: there is none.
  Result<StoredAcpSession> Get(const std::string& id);
  // Those last worked in first. `cwd` empty: of any folder. `cursor`: next_cursor of the page before.
  struct Page {
    std::vector<StoredAcpSession> sessions;
    std::string next_cursor;  // empty: there are no more
  };
  Result<Page> List(const std::string& cwd, const std::string& cursor, int64_t limit);
  // Nothing happens where there is none.
  Result<void> Delete(const std::string& id);

  // Behind those that are there; the session is put beside it.
  Result<void> AddTurn(const StoredAcpSession& session, const StoredAcpTurn& turn);
  // In order.
  Result<std::vector<StoredAcpTurn>> Turns(const std::string& id);

 private:
  explicit AcpStore(Database& database) : database_(database) {}
  Database& database_;
};

}  // namespace atelier
