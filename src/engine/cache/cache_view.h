// What a Plan sees of the cache while it runs one step.
//
// Positions are absolute and a block holds kBlockPositions of them: position p of a sequence lies in block
// table[p / 16], row p % 16, at base + table[p / 16] * block_bytes. What stands inside a block (per cache slot K,
// then V) is the attention kernel's affair (compute/kernel/attention.h).
//
// A row may read every position up to its own, and writes its own position only. Blocks may be shared
// between tables, but no block that a step writes stands in two tables: the scheduler sees to that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace atelier {

inline constexpr int32_t kBlockPositions = 16;

struct CacheView {
  std::byte* base = nullptr;
  int64_t block_bytes = 0;
  // [S], by the sequence number that Rows gives each row. Each table covers at least the positions that this
  // step writes or reads.
  std::span<const std::span<const int32_t>> tables;

  std::byte* Block(int32_t block_id) const { return base + static_cast<int64_t>(block_id) * block_bytes; }
};

}  // namespace atelier
