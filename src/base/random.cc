#include "base/random.h"

#include <cmath>
#include <numbers>

#include "base/check.h"

namespace atelier {

std::array<uint32_t, 4> Philox(uint64_t key, uint64_t counter_high, uint64_t counter_low) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                               static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)};
  auto key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * c[0], product1 = kMultiplier1 * c[2];
    c = {static_cast<uint32_t>(product1 >> 32) ^ c[1] ^ key0, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ c[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

uint32_t Random::Next32() {
  if (num_left_ == 0) {
    words_ = Philox(seed_, stream_, counter_++);
    num_left_ = 4;
  }
  return words_[static_cast<size_t>(4 - num_left_--)];
}

uint64_t Random::Below(uint64_t bound) {
  CHECK(bound > 0);
  const uint64_t rest = (0 - bound) % bound;  // values below this would favour small results
  for (;;) {
    const uint64_t x = Next64();
    if (x >= rest) return x % bound;
  }
}

double Random::Normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-Uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

}  // namespace atelier
