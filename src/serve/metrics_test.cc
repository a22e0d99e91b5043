// /metrics of a server that has answered requests: the families are vLLM's, the values are right.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>

#include "base/tree_testing.h"
#include "serve/serve_testing.h"
#include "serve/tiny_model.h"

namespace atelier {
namespace {

constexpr std::string_view kPath = "/v1/chat/completions";

std::string Vllm(std::string_view name, std::string_view more = {}) {
  return "vllm:" + std::string(name) + "{model_name=\"" + std::string(kChatModel) + "\",engine=\"0\"" +
         std::string(more) + "}";
}
std::string Ours(std::string_view name, std::string_view model = kChatModel) {
  return std::string(name) + "{model_name=\"" + std::string(model) + "\"}";
}

TEST(ServedMetrics, HaveEveryFamilyLabelAndBucketOfVllms) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  server.Post(kPath, ChatBodyOf("x", R"("max_tokens": 1)"));
  const std::string text = server.Get("/metrics").body;
  std::ifstream in(SourcePath("/tests/golden/observe/vllm_metrics.json"), std::ios::binary);
  const Json golden =
      ServedApp::Parsed(std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
  for (const Json& metric : golden["metrics"].items()) {
    if (metric["conditional"].AsBool()) continue;
    const std::string& name = metric["name"].AsString();
    const std::string& type = metric["type"].AsString();
    EXPECT_NE(text.find("# TYPE " + name + " " + type + "\n"), std::string::npos) << name;
    std::string labels;
    for (const Json& label : metric["labels"].items()) {
      const std::string& key = label.AsString();
      if (key == "model_name") labels += "model_name=\"" + std::string(kChatModel) + "\"";
      if (key == "engine") labels += ",engine=\"0\"";
    }
    const std::string series = name + (type == "histogram" ? "_bucket{" : "{") + labels;
    EXPECT_NE(text.find("\n" + series), std::string::npos) << series;
    if (type != "histogram") continue;
    for (const Json& bound : metric["buckets"].items()) {
      std::string le = bound.Dump();
      if (le.ends_with(".0")) le.resize(le.size() - 2);
      EXPECT_NE(text.find("\n" + series + ",le=\"" + le + "\"} "), std::string::npos) << series << " " << le;
    }
  }
}

TEST(ServedMetrics, CountWhatWasServed) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  constexpr int kRequests = 3;
  int64_t prompt_tokens = 0;
  for (int i = 0; i < kRequests; ++i) {
    const Answer answer =
        server.Post(kPath, ChatBodyOf("Tell me about the sea.", R"("max_tokens": 5, "ignore_eos": true)"));
    prompt_tokens += *answer.json["usage"]["prompt_tokens"].AsInt64();
  }
  server.Post(
      kPath,
      ChatBodyOf("x",
                 R"("max_tokens": 9, "temperature": 0, "stop": ["e", "a", "o", "i", "t", "\n", "n", "s", ".", " "])"));
  server.Post(kPath, ChatBodyOf("x", R"("temperature": 9)"));  // refused: reaches no engine
  EXPECT_EQ(server.Metric(Vllm("request_success_total", ",finished_reason=\"length\"")), kRequests);
  EXPECT_EQ(server.Metric(Vllm("request_success_total", ",finished_reason=\"stop\"")), 1);
  EXPECT_EQ(server.Metric(Vllm("e2e_request_latency_seconds_count")), kRequests + 1);
  EXPECT_EQ(server.Metric(Vllm("time_to_first_token_seconds_count")), kRequests + 1);
  EXPECT_EQ(server.Metric(Vllm("request_params_max_tokens_sum")), 5 * kRequests + 9);
  EXPECT_GE(server.Metric(Vllm("generation_tokens_total")), 5 * kRequests + 1);
  EXPECT_GE(server.Metric(Vllm("prompt_tokens_total")), prompt_tokens);
  EXPECT_EQ(server.Metric(Vllm("request_prompt_tokens_count")), kRequests + 1);
  EXPECT_EQ(server.Metric(Vllm("inter_token_latency_seconds_count")),
            server.Metric(Vllm("generation_tokens_total")) - (kRequests + 1));
  // All of the second and third prompt but its last, open block was there.
  const double hits = server.Metric(Vllm("prefix_cache_hits_total"));
  EXPECT_GE(hits, 2 * 16);
  EXPECT_EQ(server.Metric(Vllm("prompt_tokens_cached_total")), hits);
  EXPECT_EQ(server.Metric(Vllm("prompt_tokens_by_source_total", ",source=\"local_cache_hit\"")), hits);
  EXPECT_EQ(server.Metric(Vllm("prompt_tokens_cached_by_source_total", ",source=\"device\"")), hits);
  EXPECT_EQ(server.Metric(Vllm("prompt_tokens_by_source_total", ",source=\"local_compute\"")) + hits,
            server.Metric(Vllm("prompt_tokens_total")));
  EXPECT_EQ(server.Metric(Vllm("num_requests_running")), 0);
  EXPECT_EQ(server.Metric(Vllm("kv_cache_usage_perc")), 0);
  EXPECT_EQ(server.Metric(Vllm("engine_sleep_state", ",sleep_state=\"awake\"")), 1);
  EXPECT_EQ(server.Metric(Ours("atelier_model_loads_total")), 1);
  EXPECT_EQ(server.Metric(Ours("atelier_model_loaded")), 1);
  EXPECT_GT(server.Metric(Ours("atelier_model_load_seconds")), 0);
  EXPECT_GT(server.Metric(Ours("atelier_kv_cache_blocks")), 0);
  EXPECT_EQ(server.Metric(Ours("atelier_queue_limit")), 4096);
  // Over HTTP. The answers to this test's own looks at the metrics are not yet counted when they are written.
  const auto route = [](const char* method, const char* path, int status) {
    return "atelier_http_requests_total{method=\"" + std::string(method) + "\",route=\"" + path + "\",status=\"" +
           std::to_string(status) + "\"}";
  };
  EXPECT_EQ(server.Metric(route("POST", "/v1/chat/completions", 200)), kRequests + 1);
  EXPECT_EQ(server.Metric(route("POST", "/v1/chat/completions", 400)), 1);
  EXPECT_GE(server.Metric("atelier_http_open_connections"), 1);
  EXPECT_GE(server.Metric("atelier_http_connections_total"), 1);
  EXPECT_EQ(server.Metric("atelier_trace_spans_dropped_total"), 0);
}

TEST(ServedMetrics, SeveralChoicesAreOneRequest) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  server.Post(kPath, ChatBodyOf("x", R"("n": 3, "max_tokens": 4, "ignore_eos": true)"));
  EXPECT_EQ(server.Metric(Vllm("e2e_request_latency_seconds_count")), 1);
  EXPECT_EQ(server.Metric(Vllm("request_params_n_sum")), 3);
  EXPECT_EQ(server.Metric(Vllm("request_generation_tokens_sum")), 12);
  EXPECT_EQ(server.Metric(Vllm("request_max_num_generation_tokens_sum")), 4);
}

TEST(ServedMetrics, TotalsGoOnWhereAModelIsLoadedAgain) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.engine.keep_alive = "0";
  ServedApp server(config);
  for (int i = 1; i <= 2; ++i) {
    server.Post(kPath, ChatBodyOf("x", R"("max_tokens": 4, "ignore_eos": true)"));
    for (int k = 0; k < 1000 && server.Metric(Ours("atelier_model_unloads_total")) != i; ++k) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(server.Metric(Ours("atelier_model_unloads_total")), i);
    EXPECT_EQ(server.Metric(Ours("atelier_model_loads_total")), i);
    EXPECT_EQ(server.Metric(Ours("atelier_model_loaded")), 0);
    EXPECT_EQ(server.Metric(Vllm("generation_tokens_total")), 4 * i);
    EXPECT_EQ(server.Metric(Vllm("engine_sleep_state", ",sleep_state=\"awake\"")), 0);
  }
}

TEST(ServedMetrics, AFullQueueIs429WithRetryAfterAndIsCounted) {
  const std::string folder = TinyModelFolder("queue");
  MakeTinyLlama(folder);
  Config config;
  config.models.push_back({"tiny", folder});
  config.default_model = "tiny";
  config.engine.max_running = 1;
  config.engine.max_waiting = 1;
  ServedApp server(config);
  server.PostText("/v1/completions", R"({"prompt": "a", "max_tokens": 1})");  // loads it
  std::vector<std::thread> crowd;
  std::atomic<int> num_ok = 0, num_refused = 0;
  for (int i = 0; i < 12; ++i) {
    crowd.emplace_back([&] {
      const Answer answer =
          server.PostText("/v1/completions", R"({"prompt": "a", "max_tokens": 900, "ignore_eos": true})");
      if (answer.status == 200) ++num_ok;
      if (answer.status != 429) return;
      ++num_refused;
      EXPECT_EQ(answer.code(), "queue_full");
      EXPECT_EQ(answer.json["error"]["type"].AsString(), "rate_limit_error");
      EXPECT_GE(std::stoi(std::string(answer.headers.Get("Retry-After", "0"))), 1);
    });
  }
  for (std::thread& one : crowd) one.join();
  EXPECT_EQ(num_ok + num_refused, 12);
  EXPECT_GE(num_ok, 1);
  EXPECT_GE(num_refused, 1);
  EXPECT_EQ(server.Metric("vllm:admission_rejections_total{model_name=\"tiny\",reason=\"max_num_queued_reqs\"}"),
            num_refused);
}

// One request runs; of two that wait, the later one is more urgent.
TEST(Queue, WhatIsMoreUrgentIsServedSooner) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.engine.max_running = 1;
  ServedApp server(config);
  server.Post(kPath, ChatBodyOf("x", R"("max_tokens": 1)"));  // loads the model
  std::mutex mutex;
  std::vector<std::string> finished;
  const auto ask = [&](std::string name, std::string more) {
    return std::thread([&, name, more] {
      EXPECT_EQ(server.Post(kPath, ChatBodyOf("x", more)).status, 200);
      const std::lock_guard lock(mutex);
      finished.push_back(name);
    });
  };
  // What is awaited lasts until the next answer, the urgent one's turn even less: who looks too late must not wait.
  const auto await = [&](std::string_view gauge, double value) {
    for (bool any_finished = false; !any_finished && server.Metric(Vllm(gauge)) != value;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      any_finished = !finished.empty();
    }
  };
  std::thread first = ask("running", R"("max_tokens": 400, "ignore_eos": true)");
  await("num_requests_running", 1);
  std::thread second = ask("later", R"("max_tokens": 1, "priority": 5)");
  await("num_requests_waiting", 1);
  std::thread third = ask("urgent", R"("max_tokens": 1, "priority": -5)");
  await("num_requests_waiting", 2);
  for (std::thread* one : {&first, &second, &third}) one->join();
  // The running one may give way to the urgent one, never to the later one.
  EXPECT_EQ(finished.back(), "later");
}

}  // namespace
}  // namespace atelier
