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

// As the peer is asked: no template, and special tokens where the text spells them.
constexpr EncodeOptions kAsPeer{.add_special = false, .parse_special = true};

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
      const auto ids = tokenizer->Encode(std::string_view(text).substr(at, end - at), kAsPeer);
      tokens += ids.size();
      at = end;
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
  state.counters["tokens"] = static_cast<double>(tokens);
}

BENCHMARK_CAPTURE(EncodeText, whole, size_t{1} << 30)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeText, pieces_10kB, size_t{10'000})->Unit(benchmark::kMillisecond);

// Texts that are one long word, or whose cuts are hard to find: bytes/s must not fall as they grow.
void Repeated(benchmark::State& state, std::string_view part) {
  static const auto tokenizer = LoadVocabulary();
  if (tokenizer == nullptr) return state.SkipWithError("no vocabulary");
  std::string text;
  while (text.size() < static_cast<size_t>(state.range(0))) text += part;
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->Encode(text, kAsPeer).size());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
#define REPEATED(name, part) \
  BENCHMARK_CAPTURE(Repeated, name, part)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond)
REPEATED(letter, "a");
REPEATED(two_letters, "ab");
REPEATED(spaces, " ");
REPEATED(line_feeds, "\n");
REPEATED(digits, "7");
REPEATED(signs, "=");
REPEATED(emoji, "\xF0\x9F\x98\x80");
REPEATED(combining_marks, "\xCC\x81");
REPEATED(wrong_bytes, "\xFF");
REPEATED(almost_special, "<|im_start|");

void Load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(LoadVocabulary());
}
BENCHMARK(Load)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atelier
