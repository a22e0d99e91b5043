// Batches and their lines (tables batch, batch_line in atelier.db); of the key that made one its name, never the key. A
// line's answer is committed before anyone hears of it, so a batch goes on after a crash with the lines that have none.
// Thread-safe; blocks, but FinishLine.
//
//   validating -> failed
//   validating -> in_progress -> finalizing -> completed
//                 in_progress -> expired, or cancelling -> cancelled (these two with what was answered until then)
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/page.h"
#include "base/clock.h"
#include "base/store/database.h"
#include "base/text/json.h"

namespace atelier {

struct BatchError {
  std::string code, message, param;
  int64_t line = 0;  // from 1; 0: of no line
};

struct StoredBatch {
  std::string principal;  // the name of the key that made it, by which its lines are asked; empty: nobody's
  std::string owner;      // the user that this key was of (access.h); empty: nobody
  std::string id, endpoint, input_file_id, completion_window, status, model;
  std::optional<std::string> output_file_id, error_file_id;
  Json metadata;  // null or an object
  Json errors;    // null or an array
  std::optional<int64_t> output_expires_after;
  int64_t created = 0, expires = 0;
  std::optional<int64_t> in_progress, finalizing, completed, failed, expired, cancelling, cancelled;
  int64_t num_total = 0, num_completed = 0, num_failed = 0;
  int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0, reasoning_tokens = 0;

  // No more is done for it.
  bool ended() const;
};

Error NoSuchBatch(const std::string& id);

struct BatchLine {
  int64_t index = 0;  // in the file's order, from 0
  std::string custom_id;
  int64_t offset = 0, num_bytes = 0;  // in the input file
};

// The answer to a line, as it stands in the output or the error file.
struct BatchAnswer {
  bool ok = false;
  std::string text;  // one line of JSON
  int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0, reasoning_tokens = 0;
};

class BatchStore {
 public:
  // Both must outlive the store.
  static Result<std::unique_ptr<BatchStore>> Open(Database& database, const Clock& clock);

  Result<StoredBatch> Create(StoredBatch batch);
  Result<StoredBatch> Get(const std::string& id);  // NotFound
  // Those that `shows` says yes to.
  Result<Page<StoredBatch>> List(const PageQuery& query, const std::function<bool(const StoredBatch&)>& shows);
  // Ids of those not ended, oldest first.
  Result<std::vector<std::string>> Open();

  // Each moves a batch on and stamps the time; Conflict where it is not in a state to do so.
  Result<void> Fail(const std::string& id, const std::vector<BatchError>& errors);
  Result<void> Begin(const std::string& id, const std::string& model, const std::vector<BatchLine>& lines);
  Result<StoredBatch> Cancel(const std::string& id);
  Result<void> Finalize(const std::string& id);
  // `status` is completed, expired or cancelled.
  Result<void> End(const std::string& id, std::string_view status, const std::optional<std::string>& output_file_id,
                   const std::optional<std::string>& error_file_id);

  // Lines without an answer, in order.
  Result<std::vector<BatchLine>> PendingLines(const std::string& id);
  // Never waits; `done` is called on another thread once the answer is committed.
  void FinishLine(const std::string& id, int64_t index, BatchAnswer answer, Writer::Done done);
  // Waits until all that was given to FinishLine is committed.
  Result<void> Flush() { return database_.writer().Flush(); }
  // Gives every answer to `take`, in order.
  Result<void> ForEachAnswer(const std::string& id, const std::function<Result<void>(bool ok, std::string_view)>& take);

  // Called after Create and Cancel, from their thread.
  void OnChange(std::function<void()> changed) { changed_ = std::move(changed); }
  int64_t Now() const { return clock_.UnixNanos() / 1'000'000'000; }

 private:
  BatchStore(Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  Result<void> Move(const std::string& id, const std::string& set, const std::string& from);

  Database& database_;
  const Clock& clock_;
  std::function<void()> changed_;
};

}  // namespace atelier
