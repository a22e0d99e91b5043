// Matrices for tests and benchmarks of kernels: random blocks of a format, and their panels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "compute/kernel/panel.h"

namespace atelier {

// Memory on 64 bytes, zeroed.
class AlignedBytes {
 public:
  explicit AlignedBytes(int64_t bytes);
  std::byte* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
};

struct SampleMatrix {
  std::vector<std::byte> blocks;  // as in a file
  int64_t row_bytes = 0;
  AlignedBytes panels;
  PackedMatrix packed;
};

// Elements of one block of the format.
int64_t SampleBlockElements(std::string_view format_name);

// Random codes; scales such that weights are near 1. REQUIRES: k is a multiple of the block.
SampleMatrix MakeSampleMatrix(std::string_view format_name, int64_t n, int64_t k, Random& random);
// All code bytes are `fill`, all f16 scales 1.
SampleMatrix MakeFilledMatrix(std::string_view format_name, int64_t n, int64_t k, int fill);

}  // namespace atelier
