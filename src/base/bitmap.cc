#include "base/bitmap.h"

namespace atelier {
namespace {

#if defined(__x86_64__)
__attribute__((target("popcnt"))) uint32_t FastCountBits(std::span<const uint64_t> words) {
  uint64_t count = 0;
  for (const uint64_t word : words) count += static_cast<uint64_t>(__builtin_popcountll(word));
  return static_cast<uint32_t>(count);
}
#endif

}  // namespace

uint32_t CountBits(std::span<const uint64_t> words) {
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("popcnt");
  if (fast) return FastCountBits(words);
#endif
  uint32_t count = 0;
  for (const uint64_t word : words) count += static_cast<uint32_t>(std::popcount(word));
  return count;
}

}  // namespace atelier
