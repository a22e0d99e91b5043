#include "observe/metrics.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/text/json.h"
#include "base/tree_testing.h"
#include "observe/own_metrics.h"
#include "observe/vllm_metrics.h"

namespace atelier {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Metrics, CountsFromManyThreadsAreNotLost) {
  MetricRegistry registry;
  MetricFamily& family = registry.Declare({"steps_total", MetricType::kCounter, "Steps.", {"who"}, {}});
  Histogram histogram(std::vector<double>{1, 2, 5});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Counter& counter = family.CounterWith({"all"});
      for (int i = 0; i < 10'000; ++i) {
        counter.Increment();
        histogram.Observe(i % 7);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(family.CounterWith({"all"}).value(), 40'000);
  EXPECT_EQ(histogram.count(), 40'000u);
}

TEST(Metrics, ABucketHoldsWhatIsAtMostItsBound) {
  Histogram histogram(std::vector<double>{1, 2, 5});
  for (const double value : {0.5, 1.0, 1.5, 5.0, 6.0}) histogram.Observe(value);
  histogram.Observe(3, 4);
  EXPECT_EQ(histogram.buckets(), (std::vector<uint64_t>{2, 1, 5, 1}));
  EXPECT_EQ(histogram.sum(), 26.0);
}

TEST(Metrics, ExpositionIsPrometheusText) {
  MetricRegistry registry;
  registry.Declare({"b_seconds", MetricType::kHistogram, "Times.", {"model"}, {0.5, 1}})
      .HistogramWith({"a \"quoted\" \\ name\n"})
      .Observe(0.75);
  registry.Declare({"a_total", MetricType::kCounter, "Things.", {}, {}}).CounterWith({}).Increment(3);
  MetricFamily& gone = registry.Declare({"c", MetricType::kGauge, "Gone.", {"x"}, {}});
  gone.GaugeWith({"1"}).Set(1);
  gone.Hide({"1"});
  EXPECT_EQ(registry.Expose(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\n"
            "# HELP b_seconds Times.\n# TYPE b_seconds histogram\n"
            "b_seconds_count{model=\"a \\\"quoted\\\" \\\\ name\\n\"} 1\n"
            "b_seconds_sum{model=\"a \\\"quoted\\\" \\\\ name\\n\"} 0.75\n"
            "b_seconds_bucket{model=\"a \\\"quoted\\\" \\\\ name\\n\",le=\"0.5\"} 0\n"
            "b_seconds_bucket{model=\"a \\\"quoted\\\" \\\\ name\\n\",le=\"1\"} 1\n"
            "b_seconds_bucket{model=\"a \\\"quoted\\\" \\\\ name\\n\",le=\"+Inf\"} 1\n");
}

TEST(Metrics, ATotalKeptElsewhereNeverGoesBack) {
  Counter counter;
  counter.SetTotal(10);
  counter.SetTotal(4);
  EXPECT_EQ(counter.value(), 10);
}

// What vLLM itself declares, read from the package by tools/golden_vllm_metrics.py.
TEST(VllmMetrics, NamesTypesLabelsAndBucketsAreThoseOfThePackage) {
  const auto golden = Json::Parse(ReadFile(SourcePath("/tests/golden/observe/vllm_metrics.json")));
  ASSERT_TRUE(golden);
  const int64_t context = *(*golden)["max_model_len"].AsInt64();
  MetricRegistry registry;
  const VllmMetrics metrics(registry, "m", context);
  std::map<std::string, MetricSpec> ours;
  for (const MetricSpec& spec : registry.specs()) ours[spec.name] = spec;
  EXPECT_EQ(ours.size(), VllmMetricSpecs().size());
  static constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  size_t num_checked = 0;
  for (const Json& metric : (*golden)["metrics"].items()) {
    if (metric["conditional"].AsBool()) continue;
    const std::string& name = metric["name"].AsString();
    SCOPED_TRACE(name);
    ASSERT_TRUE(ours.contains(name));
    const MetricSpec& spec = ours[name];
    EXPECT_EQ(kTypes[static_cast<size_t>(spec.type)], metric["type"].AsString());
    std::vector<std::string> labels;
    for (const Json& label : metric["labels"].items()) labels.push_back(label.AsString());
    EXPECT_EQ(spec.label_names, labels);
    if (spec.type == MetricType::kHistogram) {
      std::vector<double> buckets;
      for (const Json& bound : metric["buckets"].items()) buckets.push_back(bound.AsDouble());
      EXPECT_EQ(registry.Declare(spec).HistogramWith({"m", "0"}, buckets).upper_bounds(), buckets);
    }
    ++num_checked;
  }
  EXPECT_EQ(num_checked, ours.size());
}

TEST(VllmMetrics, MakingAModelAgainGivesTheSameMetrics) {
  MetricRegistry registry;
  VllmMetrics first(registry, "m", 2048);
  VllmMetrics again(registry, "m", 2048);
  VllmMetrics other(registry, "n", 512);
  first.generation_tokens.Increment(5);
  EXPECT_EQ(again.generation_tokens.value(), 5);
  EXPECT_EQ(other.generation_tokens.value(), 0);
  EXPECT_NE(registry.Expose().find("vllm:generation_tokens_total{model_name=\"m\",engine=\"0\"} 5\n"),
            std::string::npos);
}

TEST(OwnMetrics, InventedMethodsMakeNoNewLabels) {
  MetricRegistry registry;
  OwnMetrics metrics(registry);
  metrics.CountRequest("BREW", "", 405, 0.001);
  metrics.model("m").loads.Increment();
  metrics.server().open_requests.Set(2);
  const std::string text = registry.Expose();
  EXPECT_NE(text.find("atelier_http_requests_total{method=\"other\",route=\"none\",status=\"405\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("atelier_model_loads_total{model_name=\"m\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("atelier_http_open_requests 2\n"), std::string::npos);
}

// promtool dislikes the colon, and the two names that vLLM chose against its rules; nothing else.
TEST(Metrics, PromtoolFindsNothingButWhatVllmsNamesBringAlong) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  MetricRegistry registry;
  const VllmMetrics vllm(registry, "smollm2-135m-instruct", 8192);
  OwnMetrics own(registry);
  own.CountRequest("GET", "/health", 200, 0.01);
  (void)own.model("smollm2-135m-instruct");
  (void)own.server();
  const std::string path = testing::TempDir() + "/metrics.txt";
  std::ofstream(path) << registry.Expose();
  FILE* pipe = popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char line[4096];
  while (std::fgets(line, sizeof line, pipe)) {
    const std::string text(line);
    const bool colon = text.find("metric names should not contain ':'") != std::string::npos;
    const bool total = text.starts_with("vllm:iteration_tokens_total non-counter metrics should not have");
    EXPECT_TRUE(colon || total) << text;
  }
  pclose(pipe);
}

}  // namespace
}  // namespace atelier
