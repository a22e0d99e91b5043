#include "engine/cache/prefix_cache.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace atelier {
namespace {

// Salts come from clients: past so many scopes the names are forgotten, which costs later hits and nothing else.
constexpr size_t kMaxScopes = 1 << 16;

// Spreads every bit of (state, word) over 64 bits: two rounds of multiply and fold.
uint64_t Mix(uint64_t state, uint64_t word) {
  uint64_t x = (state ^ word) * 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93U;
  return x ^ (x >> 29);
}

uint64_t HashBlock(uint64_t parent_hash, std::span<const int32_t> tokens) {
  uint64_t hash = parent_hash;
  for (const int32_t token : tokens) hash = Mix(hash + 0x632BE59BD9B4E019U, static_cast<uint32_t>(token));
  return hash;
}

}  // namespace

PrefixCache::PrefixCache(BlockPool* pool) : pool_(pool), entries_(static_cast<size_t>(pool->num_blocks())) {
  pool_->OnEvict([this](int32_t block) { Forget(block); });
}

PrefixScope PrefixCache::Scope(std::string_view model, std::string_view adapter, std::string_view cache_salt) {
  std::string key;  // lengths keep ("ab", "c") and ("a", "bc") apart
  for (const std::string_view part : {model, adapter, cache_salt}) {
    key += std::to_string(part.size()) + ':';
    key += part;
  }
  if (scopes_.size() >= kMaxScopes && !scopes_.contains(key)) scopes_.clear();
  const auto [it, fresh] = scopes_.try_emplace(std::move(key), next_serial_);
  if (fresh) ++next_serial_;
  return {it->second};
}

PrefixCache::Tokens PrefixCache::TokensOf(std::span<const int32_t> tokens, size_t block_index) {
  Tokens result;
  std::ranges::copy(tokens.subspan(block_index * kBlockPositions, kBlockPositions), result.begin());
  return result;
}

int32_t PrefixCache::FindChild(uint64_t parent, const Tokens& tokens, uint64_t hash) const {
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    const Entry& entry = entries_[it->second];
    if (entry.parent == parent && entry.tokens == tokens) return it->second;
  }
  return -1;
}

std::vector<int32_t> PrefixCache::Find(PrefixScope scope, std::span<const int32_t> tokens) const {
  std::vector<int32_t> blocks;
  uint64_t parent = scope.id;
  uint64_t hash = scope.id;
  for (size_t i = 0; i < tokens.size() / kBlockPositions; ++i) {
    const Tokens wanted = TokensOf(tokens, i);
    hash = HashBlock(hash, wanted);
    const int32_t block = FindChild(parent, wanted, hash);
    if (block < 0) break;
    blocks.push_back(block);
    parent = entries_[block].serial;
  }
  return blocks;
}

void PrefixCache::Insert(PrefixScope scope, std::span<const int32_t> tokens, std::span<int32_t> table, size_t first) {
  CHECK(tokens.size() >= table.size() * kBlockPositions);
  CHECK(first == 0 || first > table.size() || entries_[table[first - 1]].serial != 0);
  uint64_t parent = first == 0 ? scope.id : entries_[table[first - 1]].serial;
  uint64_t hash = first == 0 ? scope.id : entries_[table[first - 1]].hash;
  for (size_t i = first; i < table.size(); ++i) {
    const Tokens content = TokensOf(tokens, i);
    hash = HashBlock(hash, content);
    const int32_t known = FindChild(parent, content, hash);
    if (known >= 0) {
      pool_->AddRef(known);
      pool_->Release(table[i]);
      table[i] = known;
    } else {
      Entry& entry = entries_[table[i]];
      CHECK_MSG(entry.serial == 0, "a known block is never written again");
      entry = {next_serial_++, parent, hash, content};
      by_hash_.emplace(hash, table[i]);
      pool_->SetCached(table[i], true);
      ++num_entries_;
    }
    parent = entries_[table[i]].serial;
  }
}

void PrefixCache::Forget(int32_t block) {
  Entry& entry = entries_[block];
  CHECK(entry.serial != 0);
  const auto [begin, end] = by_hash_.equal_range(entry.hash);
  const auto it = std::find_if(begin, end, [&](const auto& item) { return item.second == block; });
  CHECK(it != end);
  by_hash_.erase(it);
  entry.serial = 0;
  --num_entries_;
}

void PrefixCache::CheckInvariants() const {
  CHECK(by_hash_.size() == num_entries_);
  for (const auto& [hash, block] : by_hash_) CHECK(entries_[block].serial != 0 && entries_[block].hash == hash);
  size_t num_known = 0;
  int32_t num_held = 0;
  for (size_t block = 0; block < entries_.size(); ++block) {
    const bool known = entries_[block].serial != 0;
    num_known += known ? 1 : 0;
    num_held += known && pool_->refs(static_cast<int32_t>(block)) > 0 ? 1 : 0;
  }
  CHECK(num_known == num_entries_);
  // What waits for a prompt to hit it is known, and what is known and unheld waits.
  CHECK(static_cast<int32_t>(num_known) - num_held == pool_->num_cached());
}

}  // namespace atelier
