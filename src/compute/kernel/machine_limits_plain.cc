#include "compute/kernel/machine_limits.h"

namespace atelier::plain {
namespace {

int64_t IntegerProducts(int64_t rounds) {
  constexpr int kChains = 4;
  volatile uint32_t start = 3;
  uint32_t sums[kChains] = {start, start, start, start};
  const uint32_t factor = start;
  for (int64_t round = 0; round < rounds; ++round) {
    for (uint32_t& sum : sums) sum = sum * factor + factor;
  }
  start = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
  return 2 * kChains;
}

uint64_t Read(const void* data, int64_t bytes) {
  const auto* words = static_cast<const uint64_t*>(data);
  uint64_t sums[8] = {};
  for (int64_t i = 0; i < bytes / 8; i += 8) {
    for (int lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
  }
  uint64_t sum = 0;
  for (const uint64_t lane : sums) sum += lane;
  return sum;
}

}  // namespace

constinit const LimitLoops kLimitLoops{IntegerProducts, Read};

}  // namespace atelier::plain
