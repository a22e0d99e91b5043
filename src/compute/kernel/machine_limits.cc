#include "compute/kernel/machine_limits.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "base/check.h"

namespace atelier {
namespace {

constexpr int kTries = 3;
constexpr int64_t kRounds = 4'000'000;     // some 20 ms
constexpr int64_t kReadBytes = 1LL << 30;  // beyond most last-level caches; what is cached only flatters the machine
constexpr int64_t kReadUnit = 512;

const LimitLoops& LoopsFor(Isa isa) {
  CHECK(Supports(isa));
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2: return avx2::kLimitLoops;
    case Isa::kAvx512: return avx512::kLimitLoops;
#endif
    default: return plain::kLimitLoops;
  }
}

// Seconds of the fastest of a few runs on all threads.
template <class Fn>
double FastestRun(Gang& gang, Fn fn) {
  double best = 1e9;
  for (int i = 0; i < kTries; ++i) {
    gang.Begin();
    const auto begin = std::chrono::steady_clock::now();
    gang.Run(fn);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    gang.End();
  }
  return best;
}

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

MachineLimits MeasureMachine(Isa isa, Gang& gang) {
  const LimitLoops& loops = LoopsFor(isa);
  const int64_t rounds = isa == Isa::kPlain ? kRounds / 16 : kRounds;
  std::atomic<uint64_t> kept = 0;  // so that no read is without a use
  MachineLimits limits;
  const double integer_seconds =
      FastestRun(gang, [&](int, int) { kept += static_cast<uint64_t>(loops.integer_products(rounds)); });
  const auto num_threads = static_cast<double>(gang.num_threads());
  const auto ops_a_round = static_cast<double>(loops.integer_products(1));
  limits.int8_gops = num_threads * static_cast<double>(rounds) * ops_a_round / integer_seconds / 1e9;

  const std::unique_ptr<void, Free> memory(std::aligned_alloc(2 << 20, kReadBytes));
  if (memory == nullptr) return limits;
  madvise(memory.get(), kReadBytes, MADV_HUGEPAGE);
  auto* bytes = static_cast<std::byte*>(memory.get());
  const auto share = [&](int thread, int threads) {
    const int64_t units = kReadBytes / kReadUnit;
    const int64_t begin = units * thread / threads * kReadUnit;
    return std::pair(bytes + begin, units * (thread + 1) / threads * kReadUnit - begin);
  };
  gang.Run([&](int thread, int threads) {
    const auto [begin, size] = share(thread, threads);
    std::fill_n(begin, size, std::byte{1});
  });
  const double read_seconds = FastestRun(gang, [&](int thread, int threads) {
    const auto [begin, size] = share(thread, threads);
    kept += loops.read(begin, size);
  });
  limits.read_gb_s = static_cast<double>(kReadBytes) / read_seconds / 1e9;
  return limits;
}

}  // namespace atelier
