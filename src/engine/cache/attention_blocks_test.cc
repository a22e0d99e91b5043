#include "engine/cache/attention_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace atelier {
namespace {

std::unique_ptr<CacheKind> Cache(int32_t num_blocks, int64_t block_bytes = 0, bool share = true) {
  return std::move(MakeAttentionBlocks(num_blocks, block_bytes, share)).value();
}

std::vector<int32_t> Counting(int32_t first, int64_t count) {
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

// A sequence that computed `tokens` and is gone: what is left is what the cache keeps of it.
void Serve(CacheKind& cache, PrefixScope scope, const std::vector<int32_t>& tokens) {
  const auto hold = cache.Open();
  ASSERT_TRUE(cache.Grow(*hold, static_cast<int64_t>(tokens.size())));
  cache.Publish(*hold, scope, tokens);
  cache.Release(*hold);
}

TEST(AttentionBlocks, AHitIsTheLongestCommonBeginningInFullBlocks) {
  const auto cache = Cache(10);
  const PrefixScope scope = cache->Scope("m", "", "");
  std::vector<int32_t> tokens = Counting(0, 50);
  Serve(*cache, scope, tokens);
  EXPECT_EQ(cache->LongestHit(scope, tokens), 48);
  EXPECT_EQ(cache->LongestHit(scope, Counting(0, 47)), 32);
  tokens[20] = 7;
  EXPECT_EQ(cache->LongestHit(scope, tokens), 16);
  tokens[0] = 7;
  EXPECT_EQ(cache->LongestHit(scope, tokens), 0);
}

TEST(AttentionBlocks, EqualTokensAfterDifferentBeginningsAreDifferent) {
  const auto cache = Cache(10);
  const PrefixScope scope = cache->Scope("m", "", "");
  Serve(*cache, scope, Counting(0, 32));
  std::vector<int32_t> other = Counting(16, 16);  // the second block of what is kept, as a first block
  EXPECT_EQ(cache->LongestHit(scope, other), 0);
}

TEST(AttentionBlocks, NothingIsSharedAcrossModelsAdaptersOrSalts) {
  const auto cache = Cache(10);
  Serve(*cache, cache->Scope("m", "", "salt"), Counting(0, 32));
  EXPECT_EQ(cache->LongestHit(cache->Scope("m", "", "salt"), Counting(0, 32)), 32);
  EXPECT_EQ(cache->LongestHit(cache->Scope("m", "", ""), Counting(0, 32)), 0);
  EXPECT_EQ(cache->LongestHit(cache->Scope("m", "salt", ""), Counting(0, 32)), 0);
  EXPECT_EQ(cache->LongestHit(cache->Scope("ms", "", "alt"), Counting(0, 32)), 0);
}

TEST(AttentionBlocks, EqualContentComputedTwiceIsKeptOnce) {
  const auto cache = Cache(10);
  const PrefixScope scope = cache->Scope("m", "", "");
  const auto a = cache->Open();
  const auto b = cache->Open();
  ASSERT_TRUE(cache->Grow(*a, 40) && cache->Grow(*b, 40));
  EXPECT_EQ(cache->num_free(), 4);
  cache->Publish(*a, scope, Counting(0, 40));
  cache->Publish(*b, scope, Counting(0, 40));
  EXPECT_EQ(cache->num_free(), 6);
  EXPECT_TRUE(std::ranges::equal(cache->Table(*a).first(2), cache->Table(*b).first(2)));
  EXPECT_NE(cache->Table(*a)[2], cache->Table(*b)[2]);
  const CacheHold* holds[] = {a.get(), b.get()};
  cache->CheckInvariants(holds);
}

TEST(AttentionBlocks, AForkSharesFullBlocksAndCopiesThePartialOne) {
  constexpr int64_t kBytes = 64;
  const auto cache = Cache(10, kBytes);
  const auto a = cache->Open();
  ASSERT_TRUE(cache->Grow(*a, 20));
  for (const int32_t block : cache->Table(*a)) std::memset(cache->base() + block * kBytes, 'a' + block, kBytes);
  const auto b = cache->Open();
  ASSERT_TRUE(cache->Fork(*a, *b, 20));
  EXPECT_EQ(cache->Table(*a)[0], cache->Table(*b)[0]);
  const int32_t original = cache->Table(*a)[1];
  const int32_t copy = cache->Table(*b)[1];
  ASSERT_NE(original, copy);
  EXPECT_EQ(std::memcmp(cache->base() + original * kBytes, cache->base() + copy * kBytes, kBytes), 0);
  cache->Release(*a);
  cache->Release(*b);
  EXPECT_EQ(cache->num_free(), 10);
}

TEST(AttentionBlocks, GrowOrForkWithoutRoomChangesNothing) {
  const auto cache = Cache(3);
  const auto a = cache->Open();
  const auto b = cache->Open();
  ASSERT_TRUE(cache->Grow(*a, 33));
  EXPECT_FALSE(cache->Grow(*b, 1));
  EXPECT_FALSE(cache->Fork(*a, *b, 33));
  EXPECT_TRUE(cache->Table(*b).empty());
  EXPECT_EQ(cache->num_free(), 0);
}

TEST(AttentionBlocks, TheEndOfAnOldPromptIsEvictedBeforeItsBeginning) {
  const auto cache = Cache(4);
  const PrefixScope scope = cache->Scope("m", "", "");
  Serve(*cache, scope, Counting(0, 64));
  Serve(*cache, scope, Counting(1000, 16));
  EXPECT_EQ(cache->LongestHit(scope, Counting(0, 64)), 48);
  EXPECT_EQ(cache->num_evictions(), 1);
}

TEST(AttentionBlocks, WithoutSharingNothingIsEverHit) {
  const auto cache = Cache(4, 0, false);
  const PrefixScope scope = cache->Scope("m", "", "");
  Serve(*cache, scope, Counting(0, 64));
  EXPECT_EQ(cache->LongestHit(scope, Counting(0, 64)), 0);
}

// Every block's bytes stand for its content (here: a hash of all tokens up to its end), so a hit on a wrong block
// shows.
TEST(AttentionBlocks, AHitAlwaysHoldsWhatWasComputedForThoseTokens) {
  const uint64_t seed = 99;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  const auto cache = Cache(24, sizeof(uint64_t));
  const PrefixScope scopes[] = {cache->Scope("m", "", ""), cache->Scope("m", "", "s")};
  const auto content = [](size_t scope, const std::vector<int32_t>& tokens, size_t block) {
    uint64_t value = scope + 1;
    for (size_t i = 0; i < (block + 1) * kBlockPositions; ++i) value = value * 1099511628211U + tokens[i];
    return value;
  };
  struct Live {
    size_t scope;
    std::vector<int32_t> tokens;
    std::unique_ptr<CacheHold> hold;
  };
  std::vector<Live> live;
  int64_t hit_positions = 0;
  for (int step = 0; step < 20000; ++step) {
    if (!live.empty() && random.Below(2) == 0) {
      const size_t i = random.Below(live.size());
      cache->Release(*live[i].hold);
      live.erase(live.begin() + static_cast<int64_t>(i));
    } else {
      Live next{random.Below(2), {}, cache->Open()};
      for (uint64_t run = random.Below(6) + 1; run-- > 0;) {
        const std::vector<int32_t> piece = Counting(static_cast<int32_t>(random.Below(2)), 16 - random.Below(9) / 8);
        next.tokens.insert(next.tokens.end(), piece.begin(), piece.end());
      }
      const int64_t hit = cache->LongestHit(scopes[next.scope], next.tokens);
      hit_positions += hit;
      cache->Adopt(*next.hold, scopes[next.scope], next.tokens, hit);
      if (!cache->Grow(*next.hold, static_cast<int64_t>(next.tokens.size()))) {
        cache->Release(*next.hold);
        continue;
      }
      const auto table = cache->Table(*next.hold);
      for (size_t b = 0; b < next.tokens.size() / kBlockPositions; ++b) {
        auto* memory = cache->base() + table[b] * cache->block_bytes();
        uint64_t value = content(next.scope, next.tokens, b);
        if (static_cast<int64_t>(b) < hit / kBlockPositions) {
          ASSERT_EQ(std::memcmp(memory, &value, sizeof value), 0) << "step " << step << " block " << b;
        } else {
          std::memcpy(memory, &value, sizeof value);
        }
      }
      cache->Publish(*next.hold, scopes[next.scope], next.tokens);
      live.push_back(std::move(next));
    }
    if (step % 16 == 0) {
      std::vector<const CacheHold*> holds;
      for (const Live& one : live) holds.push_back(one.hold.get());
      cache->CheckInvariants(holds);
    }
  }
  EXPECT_GT(hit_positions, 10000);
  EXPECT_GT(cache->num_evictions(), 1000);
}

}  // namespace
}  // namespace atelier
