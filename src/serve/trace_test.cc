// Every call that a model answers, or that is refused on its way to one, leaves a trace: in SQLite, and at a collector.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "base/net/net_testing.h"
#include "base/tree_testing.h"
#include "observe/trace_store.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

constexpr std::string_view kPath = "/v1/chat/completions";

std::vector<TraceSpan> Roots(ServedApp& server) {
  CHECK(server.app().traces().Flush().ok());
  Result<std::vector<TraceSpan>> roots = server.app().traces().List({});
  CHECK(roots.ok());
  return std::move(*roots);
}

// All spans of the newest trace, the root first.
std::vector<TraceSpan> NewestTrace(ServedApp& server) {
  const std::vector<TraceSpan> roots = Roots(server);
  CHECK(!roots.empty());
  Result<Trace> trace = server.app().traces().Get(roots.front().trace_id);
  CHECK(trace.ok());
  std::vector<TraceSpan> spans = std::move(trace->spans);
  std::stable_sort(spans.begin(), spans.end(),
                   [](const TraceSpan& a, const TraceSpan& b) { return a.is_root > b.is_root; });
  return spans;
}

template <class T>
T Get(const TraceSpan& span, std::string_view key) {
  const SpanValue* value = span.Find(key);
  CHECK_MSG(value != nullptr && std::holds_alternative<T>(*value), std::string(key));
  return std::get<T>(*value);
}

const TraceSpan* Find(const std::vector<TraceSpan>& spans, std::string_view name) {
  for (const TraceSpan& span : spans) {
    if (span.name == name) return &span;
  }
  return nullptr;
}

TEST(Traces, AChatHasQueuePrefillAndDecodeUnderItsRoot) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const std::string remote = "0af7651916cd43dd8448eb211c80319c";
  const Answer answer = server.Post(
      kPath,
      ChatBodyOf(
          "Say hi",
          R"("max_tokens": 4, "ignore_eos": true, "top_k": 3, "seed": 5, "metadata": {"team": "red"}, "stream": true,
                                     "stream_options": {"include_usage": true})"),
      {{"traceparent", "00-" + remote + "-b7ad6b7169203331-01"}});
  const std::vector<TraceSpan> spans = NewestTrace(server);
  ASSERT_EQ(spans.size(), 4U);
  const TraceSpan& root = spans.front();
  EXPECT_EQ(root.name, "chat smollm2-135m-instruct");
  EXPECT_EQ(root.trace_id, remote);
  EXPECT_EQ(root.parent_span_id, "b7ad6b7169203331");
  EXPECT_EQ(root.kind, SpanKind::kServer);
  EXPECT_EQ(Get<std::string>(root, "gen_ai.operation.name"), "chat");
  EXPECT_EQ(Get<std::string>(root, "gen_ai.request.model"), kChatModel);
  EXPECT_EQ(Get<std::string>(root, "gen_ai.response.model"), kChatModel);
  EXPECT_EQ(Get<std::string>(root, "gen_ai.response.id"), answer.events.front()["id"].AsString());
  EXPECT_EQ(Get<int64_t>(root, "gen_ai.request.max_tokens"), 4);
  EXPECT_EQ(Get<int64_t>(root, "gen_ai.request.top_k"), 3);
  EXPECT_EQ(Get<int64_t>(root, "gen_ai.request.seed"), 5);
  EXPECT_EQ(Get<bool>(root, "gen_ai.request.stream"), true);
  EXPECT_EQ(Get<std::string>(root, "atelier.metadata.team"), "red");
  EXPECT_EQ(Get<int64_t>(root, "gen_ai.usage.input_tokens"), *answer.events.back()["usage"]["prompt_tokens"].AsInt64());
  EXPECT_EQ(Get<int64_t>(root, "gen_ai.usage.output_tokens"), 4);
  EXPECT_EQ(Get<std::vector<std::string>>(root, "gen_ai.response.finish_reasons"), std::vector<std::string>{"length"});
  EXPECT_EQ(Get<int64_t>(root, "http.response.status_code"), 200);
  EXPECT_EQ(root.status, SpanStatus::kUnset);
  int64_t from = root.start_unix_nanos;
  for (const char* name : {"queue", "prefill", "decode"}) {
    const TraceSpan* span = Find(spans, name);
    ASSERT_NE(span, nullptr) << name;
    EXPECT_EQ(span->parent_span_id, root.span_id);
    EXPECT_EQ(Get<std::string>(*span, "gen_ai.request.model"), kChatModel);
    EXPECT_GE(span->end_unix_nanos, span->start_unix_nanos);
    EXPECT_GE(span->start_unix_nanos + 1'000'000, from)
        << name;  // one follows the other, but for the clocks' difference
    from = span->start_unix_nanos;
  }
  EXPECT_EQ(Get<int64_t>(*Find(spans, "decode"), "gen_ai.usage.output_tokens"), 4);
  // What people wrote stays out unless the configuration says so.
  EXPECT_EQ(root.Find("atelier.prompt"), nullptr);
}

TEST(Traces, OfEveryResourceAModelAnswers) {
  REQUIRE_INSTALLED(kChatModel);
  REQUIRE_INSTALLED(kEmbeddingModel);
  ServedApp server;
  server.PostText("/v1/completions", R"({"prompt": ["a", "b"], "max_tokens": 1})");
  EXPECT_EQ(NewestTrace(server).front().name, "text_completion smollm2-135m-instruct");
  EXPECT_EQ(NewestTrace(server).size(), 7U);  // three spans for each prompt
  server.PostText("/v1/embeddings", R"({"input": "hello", "dimensions": 8})");
  std::vector<TraceSpan> spans = NewestTrace(server);
  EXPECT_EQ(spans.front().name, "embeddings all-minilm-l6-v2");
  EXPECT_EQ(Get<int64_t>(spans.front(), "gen_ai.embeddings.dimension.count"), 8);
  EXPECT_EQ(Get<int64_t>(spans.front(), "gen_ai.usage.input_tokens"), 3);
  EXPECT_TRUE(Find(spans, "queue") != nullptr && Find(spans, "prefill") != nullptr && Find(spans, "decode") == nullptr);
  server.PostText("/v1/rerank", R"({"query": "x", "documents": ["y"], "model": "all-minilm-l6-v2"})");
  EXPECT_EQ(NewestTrace(server).front().name, "rerank all-minilm-l6-v2");
  server.PostText("/infill", R"({"input_prefix": "a", "input_suffix": "b"})");  // refused: no tokens for it
  spans = NewestTrace(server);
  EXPECT_EQ(spans.front().name, "text_completion smollm2-135m-instruct");
  EXPECT_EQ(spans.front().status, SpanStatus::kError);
  EXPECT_EQ(Get<std::string>(spans.front(), "error.type"), "unsupported_parameter");
}

TEST(Traces, OfRefusedCallsToo) {
  ServedApp server;
  server.Post(kPath, ChatBodyOf("x", R"("temprature": 1)"));
  const TraceSpan root = NewestTrace(server).front();
  EXPECT_EQ(root.name, "chat");
  EXPECT_EQ(root.status, SpanStatus::kError);
  EXPECT_EQ(Get<std::string>(root, "error.type"), "unknown_parameter");
  EXPECT_EQ(Get<int64_t>(root, "http.response.status_code"), 400);
  server.PostText("/v1/embeddings", R"({"input": "x", "model": "nope"})");
  EXPECT_EQ(Get<int64_t>(NewestTrace(server).front(), "http.response.status_code"), 404);
}

TEST(Traces, NamesAreThoseOfTheConvention) {
  REQUIRE_INSTALLED(kChatModel);
  std::ifstream in(SourcePath("/tests/golden/serve/gen_ai_attributes.json"), std::ios::binary);
  const Json golden =
      ServedApp::Parsed(std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
  std::set<std::string> known, operations;
  for (const Json& name : golden["attributes"].items()) known.insert(name.AsString());
  for (const Json& name : golden["operations"].items()) operations.insert(name.AsString());
  ServedApp server;
  server.Post(kPath,
              ChatBodyOf("Say hi", R"("max_tokens": 2, "n": 2, "top_p": 0.9, "top_k": 9, "seed": 1, "stop": ["zz"],
      "presence_penalty": 1, "frequency_penalty": 1)"));
  server.PostText("/v1/completions", R"({"prompt": "a", "max_tokens": 1})");
  for (const TraceSpan& root : Roots(server)) {
    EXPECT_TRUE(operations.contains(Get<std::string>(root, "gen_ai.operation.name")));
    for (const auto& [key, value] : root.attributes) {
      EXPECT_TRUE(!key.starts_with("gen_ai.") || known.contains(key)) << key;
    }
  }
}

TEST(Traces, KeepWhatWasSaidOnlyWhereTheConfigurationSaysSo) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.traces.record_content = true;
  ServedApp server(config);
  const Answer answer = server.Post(kPath, ChatBodyOf("Say hi", R"("max_tokens": 3)"));
  const TraceSpan root = NewestTrace(server).front();
  EXPECT_NE(Get<std::string>(root, "atelier.prompt").find("Say hi"), std::string::npos);
  EXPECT_EQ(Get<std::string>(root, "atelier.completion"), answer.Text());
}

TEST(Traces, AreBoundedInNumber) {
  Config config;
  config.traces.max_traces = 5;
  ServedApp server(config);
  for (int i = 0; i < 12; ++i) {
    server.Post(kPath, ChatBodyOf("x", R"("temprature": 1)"));
    CHECK(server.app().traces().Flush().ok());
  }
  EXPECT_EQ(Roots(server).size(), 5U);
}

TEST(Traces, GoToACollectorWhereOneIsConfigured) {
  REQUIRE_INSTALLED(kChatModel);
  std::mutex mutex;
  std::vector<Json> bodies;
  std::string key;
  TestServer collector({}, [&](IoLoop&, Router& router) {
    router.Add("POST", "/v1/traces", [&](HttpRequest http) -> Task<HttpResponse> {
      const std::lock_guard lock(mutex);
      bodies.push_back(ServedApp::Parsed(http.body));
      key = http.headers.Get("X-Key");
      co_return HttpResponse::Json("{}");
    });
  });
  std::set<std::string> names;
  {
    Config config;
    config.traces.otlp_endpoint = collector.url("");
    config.traces.otlp_headers = {{"X-Key", "secret"}};
    ServedApp server(config);
    server.Post(kPath, ChatBodyOf("Say hi", R"("max_tokens": 2)"));
  }  // what is queued is sent at the end
  const std::lock_guard lock(mutex);
  for (const Json& body : bodies) {
    for (const Json& span : body["resourceSpans"][0]["scopeSpans"][0]["spans"].items())
      names.insert(span["name"].AsString());
  }
  EXPECT_EQ(names, (std::set<std::string>{"chat smollm2-135m-instruct", "queue", "prefill", "decode"}));
  EXPECT_EQ(key, "secret");
}

}  // namespace
}  // namespace atelier
