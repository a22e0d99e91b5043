// Speed of the packed product: Gop/s (two per multiply-add) and GB/s of weights read.
//   atelier_compute_kernel_bench --benchmark_filter='Q4_0.*rows:512'
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/matmul.h"
#include "compute/kernel/panel_sample.h"

namespace atelier {
namespace {

constexpr const char* kFormats[] = {"Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "F16", "F32"};

// One panel's worth of random weights, repeated: making gigabytes of them would take longer than multiplying.
struct Weights {
  explicit Weights(std::string_view format, int64_t n, int64_t k, Random& random)
      : sample(MakeSampleMatrix(format, kPanelRows, k, random)),
        memory(NumPanels(n) * sample.packed.bytes() + (2 << 20)) {
    madvise(reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(memory.data()) + 4095) & ~uintptr_t{4095}),
            static_cast<size_t>(NumPanels(n) * sample.packed.bytes()), MADV_HUGEPAGE);
    for (int64_t p = 0; p < NumPanels(n); ++p) {
      std::copy_n(sample.panels.data(), sample.packed.bytes(), memory.data() + p * sample.packed.bytes());
    }
    packed = {.layout = sample.packed.layout, .n = n, .k = k, .data = memory.data()};
  }
  SampleMatrix sample;
  AlignedBytes memory;
  PackedMatrix packed;
};

struct Shape {
  int64_t n;
  int64_t k;
};

void MultiplyBench(benchmark::State& state, const char* format, Isa isa, Shape shape) {
  const int64_t rows = state.range(0);
  Random random(1);
  Weights weights(format, shape.n, shape.k, random);
  std::vector<float> x(static_cast<size_t>(rows * shape.k));
  for (float& value : x) value = static_cast<float>(random.Normal());
  AlignedBytes memory(ActivationRows::BytesFor(rows, shape.k));
  const ActivationRows quantised = ActivationRows::Over(memory.data(), rows, shape.k);
  const MatMulKernels& kernels = MatMulKernelsFor(isa);
  for (int64_t t = 0; t < rows; ++t) kernels.quantize_row(x.data() + t * shape.k, quantised, t);
  std::vector<float> y(static_cast<size_t>(rows * shape.n));
  Gang gang(static_cast<int>(state.range(1)));
  AlignedBytes scratch(gang.num_threads() * kMatMulScratchBytes);
  gang.Begin();
  for (auto _ : state) {
    gang.Run([&](int thread, int num_threads) {
      const PanelRange share = PanelShare(weights.packed.num_panels(), thread, num_threads);
      if (IsFloatPanel(weights.packed.layout.kind)) {
        kernels.multiply_float(weights.packed, x.data(), shape.k, rows, share, y.data(), shape.n);
      } else {
        kernels.multiply(weights.packed, quantised, share, y.data(), shape.n,
                         scratch.data() + thread * kMatMulScratchBytes);
      }
    });
    benchmark::DoNotOptimize(y.data());
  }
  gang.End();
  const auto per_second = [&](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["Gop/s"] = per_second(2e-9 * static_cast<double>(rows * shape.n * shape.k));
  state.counters["GB/s"] = per_second(1e-9 * static_cast<double>(weights.packed.bytes()));
}

void QuantizeBench(benchmark::State& state, Isa isa) {
  constexpr int64_t kLength = 2048;
  Random random(1);
  std::vector<float> x(kLength);
  for (float& value : x) value = static_cast<float>(random.Normal());
  AlignedBytes memory(ActivationRows::BytesFor(1, kLength));
  const ActivationRows quantised = ActivationRows::Over(memory.data(), 1, kLength);
  for (auto _ : state) MatMulKernelsFor(isa).quantize_row(x.data(), quantised, 0);
  state.SetItemsProcessed(state.iterations() * kLength);
}

void RunBench(benchmark::State& state) {
  Gang gang(static_cast<int>(state.range(0)));
  gang.Begin();
  for (auto _ : state) gang.Run([](int, int) {});
  gang.End();
}

int RegisterAll() {
  for (const Isa isa : {Isa::kPlain, Isa::kAvx2, Isa::kAvx512}) {
    if (!Supports(isa)) continue;
    const std::string tail = "/" + std::string(IsaName(isa));
    benchmark::RegisterBenchmark(("Quantize" + tail).c_str(), QuantizeBench, isa);
    for (const char* format : kFormats) {
      const int64_t big_n = isa == Isa::kPlain ? 256 : 65536;  // beyond the L3 cache
      benchmark::RegisterBenchmark((std::string(format) + tail + "/memory").c_str(), MultiplyBench, format, isa,
                                   Shape{big_n, 2048})
          ->ArgsProduct({{1, 4}, {1, 2}})
          ->ArgNames({"rows", "threads"})
          ->UseRealTime();
      benchmark::RegisterBenchmark((std::string(format) + tail + "/2048x2048").c_str(), MultiplyBench, format, isa,
                                   Shape{isa == Isa::kPlain ? 64 : 2048, 2048})
          ->ArgsProduct({{16, 512}, {1, 2}})
          ->ArgNames({"rows", "threads"})
          ->UseRealTime();
      benchmark::RegisterBenchmark((std::string(format) + tail + "/1536x576").c_str(), MultiplyBench, format, isa,
                                   Shape{isa == Isa::kPlain ? 64 : 1536, 576})
          ->ArgsProduct({{1, 16, 512}, {1, 2}})
          ->ArgNames({"rows", "threads"})
          ->UseRealTime();
    }
  }
  benchmark::RegisterBenchmark("Gang/Run", RunBench)->Arg(1)->Arg(2)->UseRealTime();
  return 0;
}

const int registered = RegisterAll();

}  // namespace
}  // namespace atelier
