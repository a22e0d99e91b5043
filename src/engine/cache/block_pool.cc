#include "engine/cache/block_pool.h"

#include <sys/mman.h>

#include <limits>
#include <string>
#include <utility>

namespace atelier {
namespace {

constexpr int32_t kNone = -1;
constexpr int64_t kHugePageBytes = 2 << 20;

Result<std::byte*> MapBlocks(int64_t bytes) {
  void* memory = mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return Error::Exhausted("cache", "got no mapping of " + std::to_string(bytes) + " bytes, want a smaller cache");
  }
  // Advice only: without huge pages the cache is slower, not wrong.
  (void)madvise(memory, static_cast<size_t>(bytes), MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

}  // namespace

Result<BlockPool> BlockPool::Create(int32_t num_blocks, int64_t block_bytes) {
  CHECK(num_blocks > 0 && block_bytes >= 0);
  if (block_bytes > (std::numeric_limits<int64_t>::max() - kHugePageBytes) / num_blocks) {
    return Error::Exhausted("cache", "got " + std::to_string(num_blocks) + " blocks of " + std::to_string(block_bytes) +
                                         " bytes, want less than the address space");
  }
  BlockPool pool;
  pool.block_bytes_ = block_bytes;
  if (block_bytes > 0) {
    const int64_t bytes = num_blocks * block_bytes;
    pool.mapped_bytes_ = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    TRY(pool.base_, MapBlocks(pool.mapped_bytes_));
  }
  pool.blocks_.resize(static_cast<size_t>(num_blocks));
  for (int32_t block = 0; block < num_blocks; ++block) pool.Append(pool.blank_, block);
  pool.num_blank_ = num_blocks;
  return pool;
}

BlockPool::BlockPool(BlockPool&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      block_bytes_(other.block_bytes_),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
      blocks_(std::move(other.blocks_)),
      blank_(other.blank_),
      cached_(other.cached_),
      num_blank_(other.num_blank_),
      num_cached_(other.num_cached_),
      num_evictions_(other.num_evictions_),
      evicted_(std::move(other.evicted_)) {}

BlockPool::~BlockPool() {
  if (base_ != nullptr) munmap(base_, static_cast<size_t>(mapped_bytes_));
}

int32_t BlockPool::Take() {
  int32_t block = blank_.oldest;
  if (block != kNone) {
    Remove(blank_, block);
    --num_blank_;
  } else {
    block = cached_.oldest;
    if (block == kNone) return kNone;
    Remove(cached_, block);
    --num_cached_;
    ++num_evictions_;
    if (evicted_) evicted_(block);
    blocks_[block].cached = false;
  }
  CHECK(blocks_[block].refs == 0);
  blocks_[block].refs = 1;
  return block;
}

void BlockPool::AddRef(int32_t block) {
  Block& b = blocks_[block];
  if (b.refs == 0) {
    CHECK_MSG(b.cached, "a blank block has nothing to share");
    Remove(cached_, block);
    --num_cached_;
  }
  ++b.refs;
}

void BlockPool::Release(int32_t block) {
  Block& b = blocks_[block];
  CHECK(b.refs > 0);
  if (--b.refs > 0) return;
  if (b.cached) {
    Append(cached_, block);
    ++num_cached_;
  } else {
    PutFirst(blank_, block);
    ++num_blank_;
  }
}

void BlockPool::SetCached(int32_t block, bool cached) {
  CHECK(blocks_[block].refs > 0);
  blocks_[block].cached = cached;
}

void BlockPool::Discard(int32_t block) {
  Block& b = blocks_[block];
  CHECK(b.cached);
  b.cached = false;
  if (b.refs > 0) return;
  Remove(cached_, block);
  --num_cached_;
  PutFirst(blank_, block);
  ++num_blank_;
}

void BlockPool::Append(List& list, int32_t block) {
  blocks_[block].older = list.newest;
  blocks_[block].newer = kNone;
  (list.newest == kNone ? list.oldest : blocks_[list.newest].newer) = block;
  list.newest = block;
}

void BlockPool::PutFirst(List& list, int32_t block) {
  blocks_[block].older = kNone;
  blocks_[block].newer = list.oldest;
  (list.oldest == kNone ? list.newest : blocks_[list.oldest].older) = block;
  list.oldest = block;
}

void BlockPool::Remove(List& list, int32_t block) {
  const Block& b = blocks_[block];
  (b.older == kNone ? list.oldest : blocks_[b.older].newer) = b.newer;
  (b.newer == kNone ? list.newest : blocks_[b.newer].older) = b.older;
}

void BlockPool::CheckInvariants() const {
  const auto check_list = [&](const List& list, bool cached, int32_t expected) {
    int32_t count = 0;
    int32_t older = kNone;
    for (int32_t block = list.oldest; block != kNone; block = blocks_[block].newer) {
      CHECK(blocks_[block].refs == 0 && blocks_[block].cached == cached && blocks_[block].older == older);
      older = block;
      CHECK(++count <= expected);
    }
    CHECK(count == expected && list.newest == older);
  };
  check_list(blank_, false, num_blank_);
  check_list(cached_, true, num_cached_);
  int32_t held = 0;
  for (const Block& b : blocks_) {
    CHECK(b.refs >= 0);
    held += b.refs > 0 ? 1 : 0;
  }
  CHECK(held + num_free() == num_blocks());
}

}  // namespace atelier
