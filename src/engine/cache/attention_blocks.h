// The first kind of cache: K and V of every position, in blocks of 16 positions through a table for each sequence.
// Full blocks are shared by all who have the same beginning; a partly filled block belongs to one sequence.
#pragma once

#include <memory>

#include "engine/cache/block_pool.h"
#include "engine/cache/cache_kind.h"
#include "engine/cache/prefix_cache.h"

namespace atelier {

// `share`: keep published blocks for later prompts. Error: the memory does not hold num_blocks.
//   block_bytes  of one block over all cache slots, chosen with the cache's format by the Plan
Result<std::unique_ptr<CacheKind>> MakeAttentionBlocks(int32_t num_blocks, int64_t block_bytes, bool share);

// The kind of a model that keeps nothing between steps: an encoder.
std::unique_ptr<CacheKind> MakeNoCache();

}  // namespace atelier
