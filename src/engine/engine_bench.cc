// Tokens/s of the whole engine over SmolLM2, in process: one stream and sixteen; and the time from start to the first
// token.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "compute/kernel/gang.h"
#include "engine/local_model.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

std::string SmolPath() {
  const char* home = std::getenv("ATELIER_HOME");
  const std::string root = home != nullptr ? home : std::string(std::getenv("HOME")) + "/.atelier";
  return root + "/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";
}

class NullSink final : public Sink {
 public:
  void OnFinish(const Finished& /*finished*/) override {}
};

std::unique_ptr<LocalModel> Load(Gang& gang) {
  LocalModelOptions options{.name = "smol", .path = SmolPath()};
  options.panel_path = (std::filesystem::temp_directory_path() / "engine_bench.panels").string();
  return std::move(LoadLocalModel(options, {.gang = &gang, .clock = &Clock::Real()})).value();
}

GenerateRequest Request(size_t prompt_size, int64_t max_tokens, uint64_t seed) {
  GenerateRequest request;
  for (size_t i = 0; i < prompt_size; ++i)
    request.prompt.push_back(static_cast<int32_t>(1000 + (i * 37 + seed) % 20000));
  request.max_tokens = max_tokens;
  request.ignore_eos = true;
  request.sampling.temperature = 0;
  return request;
}

void Decode(benchmark::State& state) {
  Gang gang(static_cast<int>(state.range(1)));
  const auto model = Load(gang);
  int64_t num_tokens = 0;
  uint64_t seed = 0;
  for (auto _ : state) {
    for (int64_t stream = 0; stream < state.range(0); ++stream) {
      (void)model->engine().Submit(Request(16, 128, ++seed), std::make_shared<NullSink>());
    }
    while (model->engine().Step()) {
    }
    num_tokens += state.range(0) * 128;
  }
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(num_tokens), benchmark::Counter::kIsRate);
}
BENCHMARK(Decode)
    ->ArgNames({"streams", "threads"})
    ->Args({1, 1})
    ->Args({1, 2})
    ->Args({16, 1})
    ->Args({16, 2})
    ->UseRealTime();

void Prefill(benchmark::State& state) {
  Gang gang(static_cast<int>(state.range(0)));
  const auto model = Load(gang);
  uint64_t seed = 0;
  for (auto _ : state) {
    (void)model->engine().Submit(Request(512, 1, seed += 1000), std::make_shared<NullSink>());
    while (model->engine().Step()) {
    }
  }
  state.counters["tokens/s"] =
      benchmark::Counter(512.0 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(Prefill)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

// From nothing in this process to the first token of a short prompt, file cache warm.
void StartToFirstToken(benchmark::State& state) {
  double load_seconds = 0;
  for (auto _ : state) {
    Gang gang(2);
    const auto model = Load(gang);
    (void)model->engine().Submit(Request(16, 1, 1), std::make_shared<NullSink>());
    while (model->engine().Step()) {
    }
    load_seconds = model->figures().load_seconds;
  }
  state.counters["load_s"] = load_seconds;
}
BENCHMARK(StartToFirstToken)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace atelier
