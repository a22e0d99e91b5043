// BlockPool owns the memory of the cache: a fixed number of blocks of kBlockPositions positions each, in one
// mapping (huge pages where the kernel gives them; pages are touched on first use, so an idle pool costs nothing).
//
// A block is in one of three states, and num_free() counts the last two:
//   held     refs > 0: stands in that many block tables
//   cached   refs == 0 and it has content that PrefixCache knows: waits in order of last use
//   blank    refs == 0, no content
// Take() hands out blank blocks first, then the cached block that was used longest ago; its owner is told
// (OnEvict) so that it forgets the content. Not thread-safe: the engine thread alone uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "engine/cache/cache_view.h"

namespace atelier {

class BlockPool {
 public:
  // REQUIRES: num_blocks > 0, block_bytes >= 0 (0: the model keeps nothing; blocks are mere counters).
  // Error: Exhausted where the address space or the memory limit does not hold it.
  static Result<BlockPool> Create(int32_t num_blocks, int64_t block_bytes);
  ~BlockPool();
  BlockPool(BlockPool&& other) noexcept;
  BlockPool& operator=(BlockPool&&) = delete;

  // Called with a cached block's id before it is handed out anew.
  void OnEvict(std::function<void(int32_t)> evicted) { evicted_ = std::move(evicted); }

  // A block with refs == 1 and unspecified content, or -1 where num_free() == 0.
  int32_t Take();
  // One more table holds the block; a cached block becomes held.
  void AddRef(int32_t block);
  // One table less. At 0 the block becomes cached (as the most recently used) or blank.
  void Release(int32_t block);
  // Says whether the block's content is worth keeping once nobody holds it. REQUIRES: the block is held.
  void SetCached(int32_t block, bool cached);
  // The block's content is forgotten: not cached any more, whether held or not. REQUIRES: it is cached.
  void Discard(int32_t block);

  int32_t num_blocks() const { return static_cast<int32_t>(blocks_.size()); }
  int32_t num_free() const { return num_blank_ + num_cached_; }
  int32_t num_cached() const { return num_cached_; }
  int32_t refs(int32_t block) const { return blocks_[block].refs; }
  int64_t num_evictions() const { return num_evictions_; }
  std::byte* base() const { return base_; }
  int64_t block_bytes() const { return block_bytes_; }
  int64_t total_bytes() const { return block_bytes_ * num_blocks(); }

  // CHECKs that lists, counters and states agree.   COST O(num_blocks); for tests.
  void CheckInvariants() const;

 private:
  struct Block {
    int32_t refs = 0;
    bool cached = false;
    int32_t newer = -1;  // neighbours in the list of blank or of cached blocks; kNone at the ends
    int32_t older = -1;
  };
  struct List {
    int32_t oldest = -1;
    int32_t newest = -1;
  };

  BlockPool() = default;
  void Append(List& list, int32_t block);
  // What was just given back is taken next: its memory is there already, and in the caches.
  void PutFirst(List& list, int32_t block);
  void Remove(List& list, int32_t block);

  std::byte* base_ = nullptr;
  int64_t block_bytes_ = 0;
  int64_t mapped_bytes_ = 0;
  std::vector<Block> blocks_;
  List blank_;
  List cached_;
  int32_t num_blank_ = 0;
  int32_t num_cached_ = 0;
  int64_t num_evictions_ = 0;
  std::function<void(int32_t)> evicted_;
};

}  // namespace atelier
