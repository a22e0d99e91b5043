// Encoding speed, one thread. bench/tokenizer_bench.py sets the environment and puts our figures beside the peer's:
//   ATELIER_BENCH_VOCABULARY   a .gguf or tokenizer.json
//   ATELIER_BENCH_TEXT         a file of text
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "model/container/gguf.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

std::string ReadAll(const char* path) {
  std::ifstream file(path == nullptr ? "" : path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const Tokenizer> LoadVocabulary() {
  const char* path = std::getenv("ATELIER_BENCH_VOCABULARY");
  if (path == nullptr) return nullptr;
  if (!std::string_view(path).ends_with(".gguf")) return Tokenizer::FromJson(ReadAll(path)).value();
  return Tokenizer::FromGguf(*GgufFile::Open(path).value()).value();
}

// Encodes the text in pieces of `piece` bytes, cut after a line where there is one.
void EncodeText(benchmark::State& state, size_t piece) {
  static const auto tokenizer = LoadVocabulary();
  static const std::string text = ReadAll(std::getenv("ATELIER_BENCH_TEXT"));
  if (tokenizer == nullptr || text.empty()) return state.SkipWithError("no vocabulary or no text");
  size_t tokens = 0;
  for (auto _ : state) {
    tokens = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t line = at + piece < text.size() ? text.rfind('\n', at + piece) : text.npos;
      const size_t end = at + piece >= text.size()         ? text.size()
                         : line == text.npos || line <= at ? at + piece
                                                           : line + 1;
      const auto ids = tokenizer->Encode(std::string_view(text).substr(at, end - at), {.add_special = false});
      tokens += ids.size();
      at = end;
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
  state.counters["tokens"] = static_cast<double>(tokens);
}

BENCHMARK_CAPTURE(EncodeText, whole, size_t{1} << 30)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeText, pieces_10kB, size_t{10'000})->Unit(benchmark::kMillisecond);

void OneLetter(benchmark::State& state) {
  static const auto tokenizer = LoadVocabulary();
  if (tokenizer == nullptr) return state.SkipWithError("no vocabulary");
  const std::string text(static_cast<size_t>(state.range(0)), 'a');
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->Encode(text, {.add_special = false}).size());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(OneLetter)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void Load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(LoadVocabulary());
}
BENCHMARK(Load)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atelier
