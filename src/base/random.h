// Randomness as a pure function of its key: the n-th number of a stream depends on nothing but the
// stream's key and n, so that what a sampler draws does not depend on who else is being served.
//
// Philox4x32-10  [Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011].
#pragma once

#include <array>
#include <cstdint>

namespace atelier {

// The four 32-bit words that belong to (key, counter).
std::array<uint32_t, 4> Philox(uint64_t key, uint64_t counter_high, uint64_t counter_low);

// A stream of numbers for tests, initial weights and shuffles. Copying it copies its position.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  uint32_t Next32();
  uint64_t Next64() { return (static_cast<uint64_t>(Next32()) << 32) | Next32(); }
  // Uniform in [0, bound), without bias. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [0, 1), 53 bits.
  double Uniform() { return static_cast<double>(Next64() >> 11) * 0x1p-53; }
  // Mean 0, standard deviation 1 (Box and Muller's method).
  double Normal();

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t counter_ = 0;
  int num_left_ = 0;
  std::array<uint32_t, 4> words_{};
};

}  // namespace atelier
