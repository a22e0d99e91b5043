// Building, stepping and searching languages.
#include <benchmark/benchmark.h>

#include "engine/grammar/language.h"

namespace atelier {
namespace {

constexpr std::string_view kHost = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$";
constexpr std::string_view kText = "api-v2.internal.example-company.co.uk";

LanguageId Compiled(Languages& all, std::string_view pattern) {
  return *all.Pattern(pattern, Languages::Anchoring::kSearched);
}

void NewLanguages(benchmark::State& state) {
  for (auto _ : state) {
    Languages all;
    benchmark::DoNotOptimize(all.num_states());
  }
}

void CompileHost(benchmark::State& state) {
  for (auto _ : state) {
    Languages all;
    benchmark::DoNotOptimize(Compiled(all, kHost));
  }
}

void CompileLookahead(benchmark::State& state) {
  for (auto _ : state) {
    Languages all;
    benchmark::DoNotOptimize(Compiled(all, "^(?!.*--)(?=.*[0-9])[a-z0-9-]{8,}$"));
  }
}

// Each byte makes new states.
void StepFirst(benchmark::State& state) {
  for (auto _ : state) {
    Languages all;
    LanguageId at = Compiled(all, kHost);
    for (const char c : kText) at = all.Next(at, static_cast<uint8_t>(c));
    benchmark::DoNotOptimize(at);
  }
}

void StepKnown(benchmark::State& state) {
  Languages all;
  const LanguageId host = Compiled(all, kHost);
  for (auto _ : state) {
    LanguageId at = host;
    for (const char c : kText) at = all.Next(at, static_cast<uint8_t>(c));
    benchmark::DoNotOptimize(at);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kText.size()));
}

void LengthMeetsPattern(benchmark::State& state) {
  for (auto _ : state) {
    Languages all;
    const LanguageId parts[] = {Compiled(all, "^[a-z0-9-]+$"), all.Chars(3, 63)};
    benchmark::DoNotOptimize(all.IsNothing(all.And(parts)));
  }
}

void EnumOf5000(benchmark::State& state) {
  std::vector<std::string> words;
  for (int i = 0; i < 5000; ++i) words.push_back("value number " + std::to_string(i * 7919 % 100003));
  for (auto _ : state) {
    Languages all;
    LanguageId at = all.Words(words);
    for (const char c : words[1234]) at = all.Next(at, static_cast<uint8_t>(c));
    benchmark::DoNotOptimize(at);
  }
}

BENCHMARK(NewLanguages)->Unit(benchmark::kMicrosecond);
BENCHMARK(CompileHost)->Unit(benchmark::kMicrosecond);
BENCHMARK(CompileLookahead)->Unit(benchmark::kMicrosecond);
BENCHMARK(StepFirst)->Unit(benchmark::kMicrosecond);
BENCHMARK(StepKnown)->Unit(benchmark::kNanosecond);
BENCHMARK(LengthMeetsPattern)->Unit(benchmark::kMicrosecond);
BENCHMARK(EnumOf5000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace atelier
