// A byte of a number, in sets from simple to hard.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "engine/grammar/number_writer.h"

namespace atelier {
namespace {

Decimal D(std::string_view text) { return *Decimal::Parse(text); }

void Write(benchmark::State& state, const NumberSet& set, NumberSpelling spelling, std::string_view text) {
  const NumberWriter writer(set, spelling);
  for (auto _ : state) {
    std::optional<std::string> at("");
    for (const char byte : text) {
      at = writer.Next(*at, byte);
      CHECK(at.has_value());
    }
    benchmark::DoNotOptimize(writer.Accepts(*at));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

const NumberSet kIntegers = NumberSet::Integers();
const NumberSet kPercent = NumberSet::Above({.value = 0}).And(NumberSet::Below({.value = 100}));

BENCHMARK_CAPTURE(Write, everything, NumberSet::Everything(), NumberSpelling::kAny, "-12.5e3");
BENCHMARK_CAPTURE(Write, integers, kIntegers, NumberSpelling::kPlain, "-123456");
BENCHMARK_CAPTURE(Write, integers_any, kIntegers, NumberSpelling::kAny, "12345.0");
BENCHMARK_CAPTURE(Write, percent, kPercent, NumberSpelling::kAny, "42.125");
BENCHMARK_CAPTURE(Write, whole_percent, kPercent.And(kIntegers), NumberSpelling::kAny, "42.0");
BENCHMARK_CAPTURE(Write, cents, kPercent.And(NumberSet::MultiplesOf(D("0.01"))), NumberSpelling::kAny, "42.120");
BENCHMARK_CAPTURE(Write, sevenths, kPercent.And(NumberSet::MultiplesOf(D("0.7"))), NumberSpelling::kAny, "9.80");
BENCHMARK_CAPTURE(Write, neither_3_nor_7,
                  kIntegers.And(NumberSet::MultiplesOf(3).Or(NumberSet::MultiplesOf(7)).Not()).And(kPercent),
                  NumberSpelling::kAny, "8.5e1");
BENCHMARK_CAPTURE(Write, tiny, NumberSet::Above({D("0"), true}).And(NumberSet::Below({D("1e-9"), true})),
                  NumberSpelling::kAny, "0.0000000005");
BENCHMARK_CAPTURE(Write, huge_unit, NumberSet::MultiplesOf(D("1e308")).And(NumberSet::MultiplesOf(D("0.3"))),
                  NumberSpelling::kAny, "6e308");
BENCHMARK_CAPTURE(
    Write, a_thousand_values,
    [] {
      std::vector<Decimal> values;
      for (int64_t i = 0; i < 1000; ++i) values.emplace_back(i * 37);
      return NumberSet::Values(values);
    }(),
    NumberSpelling::kAny, "3700");

}  // namespace
}  // namespace atelier
