#include "compute/kernel/lanes_plain.h"
#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {
namespace {

inline Lanes BlockDots(const CodeScan& scan, const std::byte* block) {
  const auto* codes = reinterpret_cast<const uint8_t*>(block);
  const auto* weights = reinterpret_cast<const int8_t*>(scan.weights);
  int32_t dots[kLanes] = {};
  const auto add_chunks = [&](uint32_t num_chunks, int bits) {
    for (uint32_t c = 0; c < num_chunks; ++c, codes += kChunkBytes) {
      for (int shift = 0; shift < 8; shift += bits, weights += 4) {
        for (int i = 0; i < static_cast<int>(kChunkBytes); ++i) {
          dots[i / 4] += weights[i % 4] * (codes[i] >> shift & ((1 << bits) - 1));
        }
      }
    }
  };
  add_chunks(scan.layout.num_chunks4, 4);
  add_chunks(scan.layout.num_chunks2, 2);
  add_chunks(scan.layout.num_chunks1, 1);
  return MapLanes([&](int lane) { return static_cast<float>(dots[lane]); });
}

inline uint32_t AtLeast(const Lanes& a, float threshold) {
  uint32_t bits = 0;
  for (int lane = 0; lane < kLanes; ++lane) bits |= static_cast<uint32_t>(a.v[lane] >= threshold) << lane;
  return bits;
}

uint16_t Members(const uint64_t* words, const uint32_t* ids, int num) {
  uint32_t bits = 0;
  for (int i = 0; i < num; ++i) bits |= static_cast<uint32_t>(words[ids[i] / 64] >> (ids[i] % 64) & 1) << i;
  return static_cast<uint16_t>(bits);
}

}  // namespace
}  // namespace atelier

// The body is written over the lanes and the functions above.
#include "knowledge/index/vector/vector_kernels_body.h"

namespace atelier {
extern const ScanKernels scan_kernels_plain;
const ScanKernels scan_kernels_plain = kScanKernels;
}  // namespace atelier
