// PrefixCache finds the blocks that hold a prompt's beginning, whoever computed them.
//
// A full block is known by (parent, its 16 token ids), where parent is the entry of the block before it, or the
// scope (model, adapter, cache_salt) for the first. The hash chain h_i = Hash(h_{i-1}, tokens_i) finds an entry; a hit
// then compares parent and token ids, so that colliding hashes cost time and never a wrong token.
// Entries whose parent was evicted can no longer be reached, and are evicted in their turn.
// Not thread-safe: the engine thread alone uses it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/cache/block_pool.h"

namespace atelier {

// Requests share blocks only within a scope.
struct PrefixScope {
  uint64_t id = 0;  // never given twice to different (model, adapter, cache_salt) while blocks of it are cached
};

class PrefixCache {
 public:
  // Listens to `pool`'s evictions. REQUIRES: pool outlives this.
  explicit PrefixCache(BlockPool* pool);
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  // The scope of these names; the same names give the same scope.
  PrefixScope Scope(std::string_view model, std::string_view adapter, std::string_view cache_salt);

  // The longest run of cached blocks that hold tokens[0, 16 * n). Takes no reference.
  std::vector<int32_t> Find(PrefixScope scope, std::span<const int32_t> tokens) const;

  // Makes the blocks table[first], table[first + 1], ... known as holding tokens[16 * i, 16 * i + 16). Where equal
  // content is known under another block already, the table takes that one instead and releases its own, so that equal
  // beginnings are kept once. Blocks below `first` must have been inserted before. REQUIRES: the table's blocks are
  // held and full; tokens.size() >= 16 * table.size().
  void Insert(PrefixScope scope, std::span<const int32_t> tokens, std::span<int32_t> table, size_t first);

  int64_t num_entries() const { return static_cast<int64_t>(num_entries_); }
  // CHECKs that entries and the pool's cached blocks agree.   COST O(blocks); for tests.
  void CheckInvariants() const;

 private:
  using Tokens = std::array<int32_t, kBlockPositions>;
  struct Entry {
    uint64_t serial = 0;  // 0: nothing known; never used twice, so that a child of an evicted block finds no newcomer
    uint64_t parent = 0;  // the scope's id or the serial of the block before
    uint64_t hash = 0;    // of (parent's hash, tokens)
    Tokens tokens{};
  };

  static Tokens TokensOf(std::span<const int32_t> tokens, size_t block_index);
  // The known block with this parent and these tokens, or -1.
  int32_t FindChild(uint64_t parent, const Tokens& tokens, uint64_t hash) const;
  void Forget(int32_t block);

  BlockPool* pool_;
  std::vector<Entry> entries_;                          // by block id
  std::unordered_multimap<uint64_t, int32_t> by_hash_;  // hash -> block id
  std::unordered_map<std::string, uint64_t> scopes_;    // names -> scope id
  uint64_t next_serial_ = 1;
  size_t num_entries_ = 0;
};

}  // namespace atelier
