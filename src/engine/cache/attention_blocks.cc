#include "engine/cache/attention_blocks.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"

namespace atelier {
namespace {

struct BlocksHold final : CacheHold {
  std::vector<int32_t> table;
  size_t num_published = 0;  // the table's first blocks, known to the prefix cache
};

class AttentionBlocks final : public CacheKind {
 public:
  AttentionBlocks(BlockPool pool, bool share) : pool_(std::move(pool)), prefixes_(&pool_), share_(share) {}

  std::unique_ptr<CacheHold> Open() override { return std::make_unique<BlocksHold>(); }

  PrefixScope Scope(std::string_view model, std::string_view adapter, std::string_view cache_salt) override {
    return prefixes_.Scope(model, adapter, cache_salt);
  }

  int64_t LongestHit(PrefixScope scope, std::span<const int32_t> tokens) const override {
    if (!share_) return 0;
    return static_cast<int64_t>(prefixes_.Find(scope, tokens).size()) * kBlockPositions;
  }

  void Adopt(CacheHold& hold, PrefixScope scope, std::span<const int32_t> tokens, int64_t num_positions) override {
    BlocksHold& mine = Mine(hold);
    CHECK(mine.table.empty() && num_positions % kBlockPositions == 0);
    mine.table = prefixes_.Find(scope, tokens.first(static_cast<size_t>(num_positions)));
    CHECK(static_cast<int64_t>(mine.table.size()) * kBlockPositions == num_positions);
    for (const int32_t block : mine.table) pool_.AddRef(block);
    mine.num_published = mine.table.size();
  }

  bool Grow(CacheHold& hold, int64_t num_positions) override {
    std::vector<int32_t>& table = Mine(hold).table;
    const int64_t missing = BlocksFor(num_positions) - static_cast<int64_t>(table.size());
    if (missing > pool_.num_free()) return false;
    for (int64_t i = 0; i < missing; ++i) table.push_back(pool_.Take());
    return true;
  }

  bool Fork(const CacheHold& from, CacheHold& to, int64_t num_positions) override {
    const BlocksHold& source = static_cast<const BlocksHold&>(from);
    BlocksHold& copy = Mine(to);
    CHECK(copy.table.empty() && static_cast<int64_t>(source.table.size()) >= BlocksFor(num_positions));
    const auto num_full = static_cast<size_t>(num_positions / kBlockPositions);
    const bool partial = num_positions % kBlockPositions != 0;
    if (partial && pool_.num_free() == 0) return false;
    copy.table.assign(source.table.begin(), source.table.begin() + static_cast<std::ptrdiff_t>(num_full));
    for (const int32_t block : copy.table) pool_.AddRef(block);
    copy.num_published = std::min(source.num_published, num_full);
    if (partial) {
      copy.table.push_back(pool_.Take());
      CopyBlock(source.table[num_full], copy.table.back());
    }
    return true;
  }

  void Publish(CacheHold& hold, PrefixScope scope, std::span<const int32_t> tokens) override {
    if (!share_) return;
    BlocksHold& mine = Mine(hold);
    const size_t num_full = tokens.size() / kBlockPositions;
    if (num_full <= mine.num_published) return;
    CHECK(num_full <= mine.table.size());
    prefixes_.Insert(scope, tokens, std::span(mine.table).first(num_full), mine.num_published);
    mine.num_published = num_full;
  }

  void Release(CacheHold& hold) override {
    BlocksHold& mine = Mine(hold);
    // The last block first, so that it ages before those that its entry stands on.
    for (size_t i = mine.table.size(); i-- > 0;) pool_.Release(mine.table[i]);
    mine.table.clear();
    mine.num_published = 0;
  }

  std::span<const int32_t> Table(const CacheHold& hold) const override {
    return static_cast<const BlocksHold&>(hold).table;
  }
  std::byte* base() const override { return pool_.base(); }
  int64_t block_bytes() const override { return pool_.block_bytes(); }

  int64_t BlocksFor(int64_t num_positions) const override {
    return (num_positions + kBlockPositions - 1) / kBlockPositions;
  }
  int32_t num_blocks() const override { return pool_.num_blocks(); }
  int32_t num_free() const override { return pool_.num_free(); }
  int32_t num_cached() const override { return pool_.num_cached(); }
  int64_t num_evictions() const override { return pool_.num_evictions(); }

  void CheckInvariants(std::span<const CacheHold* const> holds) const override {
    pool_.CheckInvariants();
    prefixes_.CheckInvariants();
    std::vector<int32_t> refs(static_cast<size_t>(pool_.num_blocks()));
    for (const CacheHold* hold : holds) {
      for (const int32_t block : Table(*hold)) ++refs[static_cast<size_t>(block)];
    }
    for (int32_t block = 0; block < pool_.num_blocks(); ++block) {
      CHECK_MSG(refs[static_cast<size_t>(block)] == pool_.refs(block), "every reference stands in one table");
    }
  }

 private:
  static BlocksHold& Mine(CacheHold& hold) { return static_cast<BlocksHold&>(hold); }

  void CopyBlock(int32_t from, int32_t to) {
    if (pool_.block_bytes() == 0) return;
    std::memcpy(pool_.base() + to * pool_.block_bytes(), pool_.base() + from * pool_.block_bytes(),
                static_cast<size_t>(pool_.block_bytes()));
  }

  BlockPool pool_;
  PrefixCache prefixes_;
  const bool share_;
};

}  // namespace

Result<std::unique_ptr<CacheKind>> MakeAttentionBlocks(int32_t num_blocks, int64_t block_bytes, bool share) {
  TRY(BlockPool pool, BlockPool::Create(num_blocks, block_bytes));
  return std::unique_ptr<CacheKind>(std::make_unique<AttentionBlocks>(std::move(pool), share));
}

}  // namespace atelier
