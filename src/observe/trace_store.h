// Finished spans in SQLite (traces.db, synchronous NORMAL). Take only queues; a thread of the store
// commits what is queued in one transaction, at most commit_interval after a span ended. Old traces go
// when there are more than the limits allow. Table span: one row a span, attributes and events as JSON.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "observe/trace.h"

namespace atelier {

struct TraceStoreOptions {
  std::chrono::milliseconds commit_interval{500};
  size_t max_queued_spans = 100'000;  // more are dropped and counted
  // Retention, checked with each commit; traces go whole, oldest first.
  int64_t max_traces = 100'000;
  int64_t max_bytes = int64_t{512} << 20;  // of rows, by their text's length
  std::chrono::hours max_age{24 * 30};
};

struct TraceQuery {
  std::optional<int64_t> since_unix_nanos;   // root started at or after
  std::optional<int64_t> before_unix_nanos;  // root started before: for paging
  std::optional<SpanStatus> status;          // of the root
  std::string name_contains;                 // of the root
  int64_t limit = 50;                        // at most 1000
};

struct TraceStoreStats {
  int64_t num_traces = 0;
  int64_t num_spans = 0;
  int64_t num_bytes = 0;
  int64_t num_dropped = 0;  // since start
};

class TraceStore final : public TraceSink {
 public:
  // `clock` decides ages and must outlive the store.
  static Result<std::unique_ptr<TraceStore>> Open(const std::string& path, const Clock& clock,
                                                  TraceStoreOptions options = {});
  // Commits what is queued.
  ~TraceStore() override;

  void Take(std::shared_ptr<const TraceSpan> span) override;
  // Waits until all taken before is committed.
  Result<void> Flush();

  // Reads see what is committed. From any thread (one at a time inside).
  Result<Trace> Get(const std::string& trace_id);                // kNotFound
  Result<std::vector<TraceSpan>> List(const TraceQuery& query);  // roots, newest first
  Result<TraceStoreStats> Stats();
  int64_t num_dropped() const;  // since start; reads no file

 private:
  struct State;
  explicit TraceStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace atelier
