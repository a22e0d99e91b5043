// Carries batches: one coroutine each, one slot of a common number for each line under way. A line is a request to the
// server's own routes, of the lowest priority, so whatever answers POST can be batched.
//
//   validate -> a slot, the line's bytes from the input file, the route, the answer committed -> ... -> output files
//
// A line asks with the name of the key that made its batch: it sees what that key may see at that moment, and what it
// uses is charged to it (its quotas do not hold a batch back; budgets do). Once that key is gone, lines fail.
//
// A batch goes on where it stood: lines with an answer are not asked again. Told to stop (a drain), the lines under way
// are stopped and stay without an answer. Lives on the App's loop.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "app/app.h"
#include "app/batch_store.h"
#include "base/io/files.h"
#include "base/net/router.h"
#include "base/task/call.h"
#include "base/task/stream.h"

namespace atelier {

// The lines of an input file, or all that is wrong with it (at most kMaxBatchErrors).
struct BatchInput {
  std::vector<BatchLine> lines;
  std::string model;  // of the first line that names one
  std::vector<BatchError> errors;
};
inline constexpr size_t kMaxBatchErrors = 100;
Result<BatchInput> ReadBatchInput(File& file, const StoredBatch& batch, int64_t max_lines);

class BatchRunner : public std::enable_shared_from_this<BatchRunner> {
 public:
  // `router` has the server's routes. The App must outlive the runner's work.
  BatchRunner(App& app, Router router);

  // Runs until told to stop, then until nothing is under way.
  Task<void> Run(Call call);

 private:
  // What one batch's lines share.
  struct Active;

  Task<void> RunBatch(std::string id);
  Task<bool> Validate(StoredBatch batch);
  Task<void> AskLines(std::shared_ptr<Active> active);
  Task<void> AskLine(std::shared_ptr<Active> active, BatchLine line);
  Task<Result<BatchAnswer>> Answer(std::shared_ptr<Active> active, BatchLine line, std::string text);
  Task<void> Fail(StoredBatch batch, Error fault);
  Task<void> Close(StoredBatch batch, std::string status);
  auto TakeSlot();
  void GiveSlot();

  App& app_;
  const Router router_;
  std::shared_ptr<Channel<int>> wake_;
  std::stop_token stop_;
  std::set<std::string> running_;  // ids
  int32_t free_slots_;
  std::deque<std::coroutine_handle<>> waiting_;  // for a slot
};

}  // namespace atelier
