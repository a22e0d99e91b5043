// What a sequence keeps between steps is of some kind: attention blocks (attention_blocks.h) today; sliding windows,
// latent attention and snapshots of recurrent state are others. The scheduler knows only this interface: it counts in
// blocks and positions and never asks which kind it is. Where a model has several, a prefix hit is the longest that
// each has.
//
// The engine thread alone calls these. All counts of positions start at the sequence's first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/cache/cache_view.h"
#include "engine/cache/prefix_cache.h"

namespace atelier {

// What one sequence holds of one kind. Its kind makes it and alone looks inside.
class CacheHold {
 public:
  virtual ~CacheHold() = default;
};

class CacheKind {
 public:
  virtual ~CacheKind() = default;

  // A hold of nothing.
  virtual std::unique_ptr<CacheHold> Open() = 0;

  // Whose content is whose: requests share nothing across scopes.
  virtual PrefixScope Scope(std::string_view model, std::string_view adapter, std::string_view cache_salt) = 0;

  // How many positions from the start of `tokens` are kept under `scope`.
  virtual int64_t LongestHit(PrefixScope scope, std::span<const int32_t> tokens) const = 0;
  // The hold now begins with those positions. REQUIRES: it holds nothing; num_positions <= LongestHit, and a multiple
  // of 16.
  virtual void Adopt(CacheHold& hold, PrefixScope scope, std::span<const int32_t> tokens, int64_t num_positions) = 0;

  // Makes room for positions [0, num_positions). False: there is none, and nothing changed.
  virtual bool Grow(CacheHold& hold, int64_t num_positions) = 0;
  // `to` begins with the same `num_positions` computed positions as `from`, shares what is never written again and
  // copies the rest. False: no room for the copy, and nothing changed. REQUIRES: `to` holds nothing.
  virtual bool Fork(const CacheHold& from, CacheHold& to, int64_t num_positions) = 0;
  // Positions [0, tokens.size()) are computed: whoever asks for them under `scope` may have them.
  virtual void Publish(CacheHold& hold, PrefixScope scope, std::span<const int32_t> tokens) = 0;
  // Gives everything back; published content stays known until it is evicted. The hold holds nothing after.
  virtual void Release(CacheHold& hold) = 0;

  // The block table for CacheView. Dies with the next call that changes the hold.
  virtual std::span<const int32_t> Table(const CacheHold& hold) const = 0;
  virtual std::byte* base() const = 0;
  virtual int64_t block_bytes() const = 0;

  // Blocks that `num_positions` positions take, when nothing is shared.
  virtual int64_t BlocksFor(int64_t num_positions) const = 0;
  virtual int32_t num_blocks() const = 0;
  virtual int32_t num_free() const = 0;
  virtual int32_t num_cached() const = 0;
  virtual int64_t num_evictions() const = 0;
  // CHECKs that everything given out stands in exactly these holds. COST O(blocks); for tests.
  virtual void CheckInvariants(std::span<const CacheHold* const> holds) const = 0;
};

}  // namespace atelier
