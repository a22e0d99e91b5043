#include <benchmark/benchmark.h>

#include <vector>

#include "base/random.h"
#include "engine/sample/sampler.h"

namespace atelier {
namespace {

constexpr size_t kVocabulary = 49152;

void Run(benchmark::State& state, const SamplingParams& params) {
  Random random(1);
  std::vector<float> logits(kVocabulary);
  for (float& logit : logits) logit = static_cast<float>(random.Normal() * 3);
  SamplerContext context;
  context.num_tokens = kVocabulary;
  Sampler sampler(params, context);
  std::vector<int32_t> tokens;
  std::vector<float> scratch = logits;  // these stages leave logits alone
  for (auto _ : state) {
    tokens.push_back(sampler.Pick(scratch, tokens));
    benchmark::DoNotOptimize(tokens.back());
  }
}

void Greedy(benchmark::State& state) { Run(state, {.temperature = 0}); }
void Temperature(benchmark::State& state) { Run(state, {.temperature = 0.8F}); }
void TopK40(benchmark::State& state) { Run(state, {.top_k = 40}); }
void TopP95(benchmark::State& state) { Run(state, {.top_p = 0.95F}); }
void MinP05(benchmark::State& state) { Run(state, {.min_p = 0.05F}); }
void Typical(benchmark::State& state) { Run(state, {.typical_p = 0.9F}); }
void Mirostat(benchmark::State& state) { Run(state, {.mirostat = 2}); }
BENCHMARK(Greedy)->Unit(benchmark::kMicrosecond);
BENCHMARK(Temperature)->Unit(benchmark::kMicrosecond);
BENCHMARK(TopK40)->Unit(benchmark::kMicrosecond);
BENCHMARK(TopP95)->Unit(benchmark::kMicrosecond);
BENCHMARK(MinP05)->Unit(benchmark::kMicrosecond);
BENCHMARK(Typical)->Unit(benchmark::kMicrosecond);
BENCHMARK(Mirostat)->Unit(benchmark::kMicrosecond);

void LogprobsTop20(benchmark::State& state) {
  Random random(1);
  std::vector<float> logits(kVocabulary);
  for (float& logit : logits) logit = static_cast<float>(random.Normal() * 3);
  for (auto _ : state) benchmark::DoNotOptimize(Logprobs(logits, 17, 20));
}
BENCHMARK(LogprobsTop20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace atelier
