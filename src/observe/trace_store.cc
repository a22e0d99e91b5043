#include "observe/trace_store.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/store/db.h"
#include "observe/log.h"
#include "observe/trace_json.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    // num_bytes: length of the row's texts. A trace is as old as its first span.
    "CREATE TABLE span("
    "  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT NOT NULL, is_root INTEGER NOT NULL,"
    "  name TEXT NOT NULL, kind INTEGER NOT NULL, start_nanos INTEGER NOT NULL, end_nanos INTEGER NOT NULL,"
    "  status INTEGER NOT NULL, status_message TEXT NOT NULL, attributes TEXT NOT NULL, events TEXT NOT NULL,"
    "  num_bytes INTEGER NOT NULL, PRIMARY KEY(trace_id, span_id)) WITHOUT ROWID;"
    "CREATE INDEX span_by_start ON span(start_nanos) WHERE is_root;"
    "CREATE TABLE trace(trace_id TEXT PRIMARY KEY, start_nanos INTEGER NOT NULL, num_spans INTEGER NOT NULL,"
    "  num_bytes INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX trace_by_start ON trace(start_nanos);",
};

constexpr std::string_view kColumns =
    "trace_id, span_id, parent_span_id, is_root, name, kind, start_nanos, end_nanos, status, status_message, "
    "attributes, events";

TraceSpan ReadSpan(const Statement& row) {
  TraceSpan span;
  span.trace_id = row.Text(0);
  span.span_id = row.Text(1);
  span.parent_span_id = row.Text(2);
  span.is_root = row.Int(3) != 0;
  span.name = row.Text(4);
  span.kind = static_cast<SpanKind>(row.Int(5));
  span.start_unix_nanos = row.Int(6);
  span.end_unix_nanos = row.Int(7);
  span.status = static_cast<SpanStatus>(row.Int(8));
  span.status_message = row.Text(9);
  if (const Result<Json> attributes = Json::Parse(row.Text(10))) {
    span.attributes = AttributesFromJson(*attributes);
  }
  if (const Result<Json> events = Json::Parse(row.Text(11))) span.events = EventsFromJson(*events);
  return span;
}

using Spans = std::vector<std::shared_ptr<const TraceSpan>>;

// Used by the store's thread alone.
class SpanTable {
 public:
  static Result<SpanTable> Create(Db db, const Clock& clock, TraceStoreOptions options) {
    SpanTable table(std::move(db), clock, options);
    TRY_VOID(Migrate(table.db_, kMigrations));
    TRY(table.insert_, table.db_.Prepare("INSERT OR IGNORE INTO span VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    TRY(table.grow_, table.db_.Prepare("UPDATE trace SET num_spans = num_spans + 1, num_bytes = num_bytes + ?2, "
                                       "start_nanos = min(start_nanos, ?3) WHERE trace_id = ?1"));
    TRY(table.add_, table.db_.Prepare("INSERT INTO trace VALUES (?1, ?3, 1, ?2)"));
    TRY(table.oldest_,
        table.db_.Prepare("SELECT trace_id, start_nanos, num_bytes FROM trace ORDER BY start_nanos LIMIT 1"));
    TRY(table.drop_spans_, table.db_.Prepare("DELETE FROM span WHERE trace_id = ?"));
    TRY(table.drop_trace_, table.db_.Prepare("DELETE FROM trace WHERE trace_id = ?"));
    TRY(const auto traces, table.db_.QueryInt("SELECT count(*) FROM trace"));
    TRY(const auto bytes, table.db_.QueryInt("SELECT sum(num_bytes) FROM trace"));
    table.num_traces_ = traces.value_or(0);
    table.num_bytes_ = bytes.value_or(0);
    return table;
  }

  Result<void> Commit(const Spans& spans) {
    TRY(Transaction transaction, Transaction::Begin(db_));
    const int64_t traces_before = num_traces_;
    const int64_t bytes_before = num_bytes_;
    Result<void> written = WriteAll(spans);
    if (written) written = transaction.Commit();
    if (!written) {
      num_traces_ = traces_before;
      num_bytes_ = bytes_before;
    }
    return written;
  }

 private:
  SpanTable(Db db, const Clock& clock, TraceStoreOptions options)
      : db_(std::move(db)), clock_(&clock), options_(options) {}

  Result<void> WriteAll(const Spans& spans) {
    for (const auto& span : spans) TRY_VOID(Write(*span));
    return Trim();
  }

  Result<void> Write(const TraceSpan& span) {
    const std::string attributes = AttributesToJson(span.attributes).Dump();
    const std::string events = EventsToJson(span.events).Dump();
    const auto bytes =
        static_cast<int64_t>(attributes.size() + events.size() + span.name.size() + span.status_message.size() + 64);
    TRY_VOID(insert_->Run(span.trace_id, span.span_id, span.parent_span_id, span.is_root, span.name,
                          static_cast<int64_t>(span.kind), span.start_unix_nanos, span.end_unix_nanos,
                          static_cast<int64_t>(span.status), span.status_message, attributes, events, bytes));
    if (db_.changes() == 0) return {};  // known already
    TRY_VOID(grow_->Run(span.trace_id, bytes, span.start_unix_nanos));
    if (db_.changes() == 0) {
      TRY_VOID(add_->Run(span.trace_id, bytes, span.start_unix_nanos));
      ++num_traces_;
    }
    num_bytes_ += bytes;
    return {};
  }

  // Whole traces go, the oldest first, until all limits hold.
  Result<void> Trim() {
    const int64_t oldest_allowed =
        clock_->UnixNanos() - std::chrono::duration_cast<std::chrono::nanoseconds>(options_.max_age).count();
    while (true) {
      TRY(const bool any, oldest_->Step());
      if (!any) return {};
      const std::string trace_id(oldest_->Text(0));
      const int64_t start = oldest_->Int(1);
      const int64_t bytes = oldest_->Int(2);
      oldest_->Reset();
      const bool over = num_traces_ > options_.max_traces || num_bytes_ > options_.max_bytes;
      if (!over && start >= oldest_allowed) return {};
      TRY_VOID(drop_spans_->Run(trace_id));
      TRY_VOID(drop_trace_->Run(trace_id));
      --num_traces_;
      num_bytes_ -= bytes;
    }
  }

  Db db_;
  const Clock* clock_;
  TraceStoreOptions options_;
  std::optional<Statement> insert_;
  std::optional<Statement> grow_;
  std::optional<Statement> add_;
  std::optional<Statement> oldest_;
  std::optional<Statement> drop_spans_;
  std::optional<Statement> drop_trace_;
  int64_t num_traces_ = 0;
  int64_t num_bytes_ = 0;
};

}  // namespace

struct TraceStore::State {
  State(SpanTable table, Db reader, TraceStoreOptions options)
      : table(std::move(table)), reader(std::move(reader)), options(options) {}

  SpanTable table;  // the thread's
  std::mutex reader_mutex;
  Db reader;
  const TraceStoreOptions options;

  std::mutex mutex;  // guards what follows
  std::condition_variable wake;
  std::condition_variable committed;
  Spans queue;
  int64_t num_taken = 0;
  int64_t num_settled = 0;  // committed, or given up
  int64_t num_dropped = 0;
  int64_t flush_until = 0;  // commit at once while num_settled is below
  std::optional<Error> last_error;
  bool stopping = false;
  std::thread thread;

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      wake.wait_for(lock, options.commit_interval, [this] { return stopping || flush_until > num_settled; });
      Spans spans = std::exchange(queue, {});
      lock.unlock();
      const Result<void> written = table.Commit(spans);
      if (!written) LogWarn("traces were lost: " + written.error().Message());
      lock.lock();
      num_settled += static_cast<int64_t>(spans.size());
      last_error.reset();
      if (!written) {
        num_dropped += static_cast<int64_t>(spans.size());
        last_error = written.error();
      }
      committed.notify_all();
      // Freeing thousands of spans is not for whoever waits for the lock.
      lock.unlock();
      spans.clear();
      lock.lock();
    }
  }
};

TraceStore::TraceStore(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->thread = std::thread([state = state_.get()] { state->Work(); });
}

TraceStore::~TraceStore() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
}

Result<std::unique_ptr<TraceStore>> TraceStore::Open(const std::string& path, const Clock& clock,
                                                     TraceStoreOptions options) {
  TRY(Db db, Db::Open(path, {.synchronous = Synchronous::kNormal}));
  TRY(SpanTable table, SpanTable::Create(std::move(db), clock, options));
  TRY(Db reader, Db::Open(path, {.synchronous = Synchronous::kNormal, .read_only = true}));
  auto state = std::make_unique<State>(std::move(table), std::move(reader), options);
  return std::unique_ptr<TraceStore>(new TraceStore(std::move(state)));
}

void TraceStore::Take(std::shared_ptr<const TraceSpan> span) {
  bool first = false;
  {
    std::lock_guard lock(state_->mutex);
    if (state_->queue.size() >= state_->options.max_queued_spans) {
      ++state_->num_dropped;
      return;
    }
    first = state_->queue.empty();
    ++state_->num_taken;
    state_->queue.push_back(std::move(span));
  }
  if (first) state_->wake.notify_one();
}

Result<void> TraceStore::Flush() {
  std::unique_lock lock(state_->mutex);
  const int64_t target = state_->num_taken;
  if (state_->num_settled >= target) return {};
  state_->flush_until = std::max(state_->flush_until, target);
  state_->wake.notify_one();
  state_->committed.wait(lock, [&] { return state_->num_settled >= target; });
  if (state_->last_error) return *state_->last_error;
  return {};
}

Result<Trace> TraceStore::Get(const std::string& trace_id) {
  std::lock_guard lock(state_->reader_mutex);
  TRY(Statement select, state_->reader.Prepare("SELECT " + std::string(kColumns) +
                                               " FROM span WHERE trace_id = ? ORDER BY start_nanos, span_id"));
  select.BindAll(trace_id);
  Trace trace;
  trace.id = trace_id;
  while (true) {
    TRY(const bool more, select.Step());
    if (!more) break;
    trace.spans.push_back(ReadSpan(select));
  }
  if (trace.spans.empty()) return Error::NotFound("trace '" + trace_id.substr(0, 64) + "'", "there is no such trace");
  return trace;
}

Result<std::vector<TraceSpan>> TraceStore::List(const TraceQuery& query) {
  std::string sql =
      "SELECT " + std::string(kColumns) + " FROM span WHERE is_root AND start_nanos >= ?1 AND start_nanos < ?2";
  if (query.status) sql += " AND status = ?3";
  if (!query.name_contains.empty()) sql += " AND instr(name, ?4) > 0";
  sql += " ORDER BY start_nanos DESC, span_id LIMIT ?5";
  std::lock_guard lock(state_->reader_mutex);
  TRY(Statement select, state_->reader.Prepare(sql));
  select.Bind(0, query.since_unix_nanos.value_or(INT64_MIN));
  select.Bind(1, query.before_unix_nanos.value_or(INT64_MAX));
  if (query.status) select.Bind(2, static_cast<int64_t>(*query.status));
  if (!query.name_contains.empty()) select.Bind(3, std::string_view(query.name_contains));
  select.Bind(4, std::clamp<int64_t>(query.limit, 0, 1000));
  std::vector<TraceSpan> roots;
  while (true) {
    TRY(const bool more, select.Step());
    if (!more) return roots;
    roots.push_back(ReadSpan(select));
  }
}

int64_t TraceStore::num_dropped() const {
  std::lock_guard lock(state_->mutex);
  return state_->num_dropped;
}

Result<TraceStoreStats> TraceStore::Stats() {
  TraceStoreStats stats;
  stats.num_dropped = num_dropped();
  std::lock_guard lock(state_->reader_mutex);
  TRY(Statement select, state_->reader.Prepare("SELECT count(*), sum(num_spans), sum(num_bytes) FROM trace"));
  TRY(const bool any, select.Step());
  CHECK(any);
  stats.num_traces = select.Int(0);
  stats.num_spans = select.Int(1);
  stats.num_bytes = select.Int(2);
  return stats;
}

}  // namespace atelier
