#include "observe/trace.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <thread>

#include "base/net/net_testing.h"
#include "base/store/db.h"
#include "base/text/json.h"
#include "observe/gen_ai.h"
#include "observe/otlp.h"
#include "observe/trace_store.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;

class Collected final : public TraceSink {
 public:
  void Take(std::shared_ptr<const TraceSpan> span) override { spans.push_back(std::move(span)); }
  std::vector<std::shared_ptr<const TraceSpan>> spans;
};

TraceSpan MakeSpan(const std::string& trace_id, int64_t start, bool is_root = true) {
  TraceSpan span;
  span.trace_id = trace_id;
  span.span_id = SpanIdText(NewSpanContext());
  span.is_root = is_root;
  span.name = "chat smollm2";
  span.start_unix_nanos = start;
  span.end_unix_nanos = start + 1000;
  return span;
}

TEST(Tracer, ChildrenBelongToTheirParentsTrace) {
  Collected sink;
  ManualClock clock;
  const Tracer tracer(clock, {&sink});
  {
    ActiveSpan root = tracer.StartRoot("POST /v1/chat/completions", {});
    root.Set(gen_ai::kRequestModel, std::string("smollm2"));
    root.Set(gen_ai::kRequestModel, std::string("smollm2-135m"));
    clock.Advance(5ms);
    ActiveSpan child = tracer.Start("prefill", root.context());
    child.Fail(Error::Timeout("prefill", "got no answer in time"));
    clock.Advance(5ms);
    child.End();
    child.Set("late", true);
  }
  ASSERT_EQ(sink.spans.size(), 2u);
  const TraceSpan& child = *sink.spans[0];
  const TraceSpan& root = *sink.spans[1];
  EXPECT_EQ(child.trace_id, root.trace_id);
  EXPECT_EQ(child.parent_span_id, root.span_id);
  EXPECT_EQ(child.end_unix_nanos - child.start_unix_nanos, 5'000'000);
  EXPECT_EQ(child.status, SpanStatus::kError);
  EXPECT_EQ(std::get<std::string>(*child.Find("error.type")), "timeout");
  EXPECT_EQ(child.Find("late"), nullptr);
  EXPECT_TRUE(root.is_root && !child.is_root);
  EXPECT_EQ(root.attributes.size(), 1u);
}

TEST(Traceparent, ReadsWhatItWritesAndRefusesTheRest) {
  const SpanContext context = NewSpanContext();
  const SpanContext read = ParseTraceparent(FormatTraceparent(context));
  EXPECT_EQ(read.trace_id, context.trace_id);
  EXPECT_EQ(read.span_id, context.span_id);
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_TRUE(ParseTraceparent(good).valid());
  EXPECT_TRUE(ParseTraceparent("01" + good.substr(2) + "-extra").valid());
  for (const std::string& bad :
       {std::string(), good + "-extra", "ff" + good.substr(2), good.substr(0, 54),
        std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), std::string(55, '-')}) {
    EXPECT_FALSE(ParseTraceparent(bad).valid()) << bad;
  }
}

class TraceStoreTest : public testing::Test {
 protected:
  TraceStoreTest() {
    folder_ = std::filesystem::temp_directory_path() / ("atelier-traces-" + std::to_string(getpid()) + "-" +
                                                        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~TraceStoreTest() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "traces.db").string(); }
  std::unique_ptr<TraceStore> Open(TraceStoreOptions options = {}) {
    auto store = TraceStore::Open(path(), clock_, options);
    CHECK_MSG(store.ok(), store ? "" : store.error().Message());
    return std::move(*store);
  }
  static void Take(TraceStore& store, TraceSpan span) { store.Take(std::make_shared<TraceSpan>(std::move(span))); }

  ManualClock clock_;
  std::filesystem::path folder_;
};

TEST_F(TraceStoreTest, ASpanComesBackWithEverythingItHad) {
  TraceSpan span = MakeSpan("t1", clock_.UnixNanos());
  span.parent_span_id = "00f067aa0ba902b7";
  span.kind = SpanKind::kServer;
  span.attributes = {{"s", std::string("a\"b")},
                     {"i", int64_t{INT64_MAX}},
                     {"d", 0.25},
                     {"b", true},
                     {"l", std::vector<std::string>{"stop", "length"}}};
  span.events = {{"first token", 150, {{"n", int64_t{1}}}}};
  span.status = SpanStatus::kError;
  span.status_message = "broke";
  {
    const auto store = Open();
    Take(*store, span);
  }
  const auto store = Open();
  const auto trace = store->Get("t1");
  ASSERT_TRUE(trace);
  ASSERT_EQ(trace->spans.size(), 1u);
  const TraceSpan& read = trace->spans[0];
  EXPECT_EQ(read.span_id, span.span_id);
  EXPECT_EQ(read.parent_span_id, span.parent_span_id);
  EXPECT_EQ(read.kind, SpanKind::kServer);
  EXPECT_EQ(read.attributes, span.attributes);
  ASSERT_EQ(read.events.size(), 1u);
  EXPECT_EQ(read.events[0].unix_nanos, 150);
  EXPECT_EQ(read.status_message, "broke");
  EXPECT_EQ(store->Get("t2").error().kind, ErrorKind::kNotFound);
}

TEST_F(TraceStoreTest, ListsRootsNewestFirst) {
  const auto store = Open();
  const int64_t now = clock_.UnixNanos();
  for (int i = 0; i < 10; ++i) {
    TraceSpan root = MakeSpan("t" + std::to_string(i), now + i);
    if (i == 3) root.status = SpanStatus::kError;
    if (i == 4) root.name = "embeddings minilm";
    Take(*store, root);
    Take(*store, MakeSpan("t" + std::to_string(i), now + 100 + i, false));
  }
  ASSERT_TRUE(store->Flush());
  TraceQuery page;
  page.limit = 4;
  page.before_unix_nanos = now + 8;
  const auto roots = store->List(page);
  ASSERT_TRUE(roots);
  ASSERT_EQ(roots->size(), 4u);
  EXPECT_EQ((*roots)[0].trace_id, "t7");
  TraceQuery failed;
  failed.status = SpanStatus::kError;
  EXPECT_EQ(store->List(failed)->at(0).trace_id, "t3");
  TraceQuery named;
  named.name_contains = "minilm";
  EXPECT_EQ(store->List(named)->size(), 1u);
  const auto stats = store->Stats();
  EXPECT_EQ(stats->num_traces, 10);
  EXPECT_EQ(stats->num_spans, 20);
}

TEST_F(TraceStoreTest, KeepsNoMoreThanItsLimits) {
  const int64_t now = clock_.UnixNanos();
  {
    const auto store = Open({.max_traces = 5});
    for (int i = 0; i < 20; ++i) Take(*store, MakeSpan("t" + std::to_string(i), now + i));
    ASSERT_TRUE(store->Flush());
    EXPECT_EQ(store->Stats()->num_traces, 5);
    EXPECT_FALSE(store->Get("t14"));
    EXPECT_TRUE(store->Get("t15"));
  }
  {
    const auto store = Open({.max_bytes = 300});
    Take(*store, MakeSpan("new", now + 100));
    ASSERT_TRUE(store->Flush());
    EXPECT_LE(store->Stats()->num_bytes, 300);
    EXPECT_TRUE(store->Get("new"));
  }
  const auto store = Open({.max_age = std::chrono::hours(1)});
  clock_.Advance(std::chrono::hours(2));
  Take(*store, MakeSpan("young", clock_.UnixNanos()));
  ASSERT_TRUE(store->Flush());
  EXPECT_EQ(store->Stats()->num_traces, 1);
}

TEST_F(TraceStoreTest, AFullQueueDropsAndCounts) {
  const auto store = Open({.commit_interval = 10s, .max_queued_spans = 3});
  for (int i = 0; i < 10; ++i) Take(*store, MakeSpan("t" + std::to_string(i), i + clock_.UnixNanos()));
  ASSERT_TRUE(store->Flush());
  EXPECT_EQ(store->Stats()->num_spans, 3);
  EXPECT_EQ(store->Stats()->num_dropped, 7);
}

// A span that ended more than a second before a kill -9 is there afterwards.
TEST_F(TraceStoreTest, WhatFinishedASecondBeforeKill9IsThere) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto store = Open();
    for (int64_t i = 0;; ++i) {
      Take(*store, MakeSpan("t" + std::to_string(i), clock_.UnixNanos() + i));
      const int64_t row[2] = {i, Clock::Real().UnixNanos()};
      (void)!write(pipe_fds[1], row, sizeof row);
      std::this_thread::sleep_for(200us);
    }
  }
  close(pipe_fds[1]);
  std::this_thread::sleep_for(1800ms);
  kill(child, SIGKILL);
  const int64_t killed = Clock::Real().UnixNanos();
  waitpid(child, nullptr, 0);
  int64_t row[2];
  int64_t last_due = -1;
  while (read(pipe_fds[0], row, sizeof row) == sizeof row) {
    if (row[1] < killed - 1'000'000'000) last_due = row[0];
  }
  close(pipe_fds[0]);
  ASSERT_GE(last_due, 0);
  auto db = Db::Open(path());
  EXPECT_TRUE(CheckIntegrity(*db));
  EXPECT_GE(**db->QueryInt("SELECT count(*) FROM span"), last_due + 1);
}

// A collector on loopback that answers as told.
struct Collector {
  explicit Collector(std::vector<int> statuses) : statuses(std::move(statuses)) {
    server.emplace(ServerOptions(), [this](IoLoop&, Router& router) {
      router.Add("POST", "/v1/traces", [this](HttpRequest request) -> Task<HttpResponse> {
        std::lock_guard lock(mutex);
        const int status = num_posts < this->statuses.size() ? this->statuses[num_posts] : 200;
        ++num_posts;
        if (status == 200) bodies.push_back(request.body);
        keys.emplace_back(request.headers.Get("X-Key"));
        co_return HttpResponse::Json("{}", status);
      });
    });
  }
  size_t NumSpans() {
    std::lock_guard lock(mutex);
    size_t count = 0;
    for (const std::string& body : bodies) {
      const auto json = Json::Parse(body);
      count += static_cast<size_t>((*json)["resourceSpans"][0]["scopeSpans"][0]["spans"].size());
    }
    return count;
  }
  std::mutex mutex;
  const std::vector<int> statuses;
  size_t num_posts = 0;
  std::vector<std::string> bodies;
  std::vector<std::string> keys;
  std::optional<TestServer> server;
};

OtlpOptions FastOptions(Collector& collector) {
  OtlpOptions options;
  options.endpoint = collector.server->url("/");
  options.headers.Add("X-Key", "secret");
  options.batch_delay = 10ms;
  options.first_backoff = 1ms;
  return options;
}

TEST(Otlp, ShapeIsThatOfTheProtocolsJson) {
  TraceSpan span = MakeSpan(std::string(32, 'a'), 1'700'000'000'000'000'001);
  span.attributes = {{std::string(gen_ai::kUsageInputTokens), int64_t{12}},
                     {std::string(gen_ai::kResponseFinishReasons), std::vector<std::string>{"stop"}}};
  const auto json = Json::Parse(OtlpJson({std::make_shared<TraceSpan>(span)}, "svc"));
  ASSERT_TRUE(json);
  const Json& resource = (*json)["resourceSpans"][0];
  EXPECT_EQ(resource["resource"]["attributes"][0]["value"]["stringValue"].AsString(), "svc");
  const Json& sent = resource["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(sent["traceId"].AsString(), span.trace_id);
  EXPECT_EQ(sent["startTimeUnixNano"].AsString(), "1700000000000000001");
  EXPECT_EQ(sent["attributes"][0]["value"]["intValue"].AsString(), "12");
  EXPECT_EQ(sent["attributes"][1]["value"]["arrayValue"]["values"][0]["stringValue"].AsString(), "stop");
  EXPECT_FALSE(sent.Has("parentSpanId"));
}

TEST(Otlp, SpansArriveInBatchesAndFailuresAreTriedAgain) {
  Collector collector({503, 429, 200});
  auto exporter = OtlpExporter::Create(FastOptions(collector));
  ASSERT_TRUE(exporter);
  for (int i = 0; i < 1000; ++i) (*exporter)->Take(std::make_shared<TraceSpan>(MakeSpan(std::string(32, 'b'), i)));
  EXPECT_TRUE(Eventually([&] { return (*exporter)->stats().num_sent == 1000; }));
  EXPECT_EQ(collector.NumSpans(), 1000u);
  EXPECT_EQ((*exporter)->stats().num_retries, 2);
  EXPECT_EQ((*exporter)->stats().num_dropped, 0);
  EXPECT_EQ(collector.keys[0], "secret");
}

TEST(Otlp, WhatTheCollectorRefusesIsDroppedAndCounted) {
  Collector collector({400});
  auto exporter = OtlpExporter::Create(FastOptions(collector));
  (*exporter)->Take(std::make_shared<TraceSpan>(MakeSpan(std::string(32, 'c'), 1)));
  EXPECT_TRUE(Eventually([&] { return (*exporter)->stats().num_dropped == 1; }));
  (*exporter)->Take(std::make_shared<TraceSpan>(MakeSpan(std::string(32, 'c'), 2)));
  EXPECT_TRUE(Eventually([&] { return (*exporter)->stats().num_sent == 1; }));
}

TEST(Otlp, ACollectorThatIsGoneCostsBoundedMemoryAndDoesNotKeepUsFromEnding) {
  OtlpOptions options;
  options.endpoint = "http://127.0.0.1:1";
  options.max_queued_spans = 10;
  options.batch_delay = 1ms;
  auto exporter = OtlpExporter::Create(options);
  for (int i = 0; i < 2000; ++i) (*exporter)->Take(std::make_shared<TraceSpan>(MakeSpan(std::string(32, 'd'), i)));
  EXPECT_TRUE(Eventually([&] { return (*exporter)->stats().num_dropped > 0; }));
  exporter->reset();
  options.endpoint = "nonsense";
  EXPECT_FALSE(OtlpExporter::Create(options));
}

}  // namespace
}  // namespace atelier
