#include "engine/cache/block_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/random.h"

namespace atelier {
namespace {

BlockPool Pool(int32_t num_blocks, int64_t block_bytes = 0) {
  return std::move(BlockPool::Create(num_blocks, block_bytes)).value();
}

TEST(BlockPool, HandsOutEachBlockOnceAndThenNone) {
  BlockPool pool = Pool(3);
  const int32_t a = pool.Take();
  const int32_t b = pool.Take();
  const int32_t c = pool.Take();
  EXPECT_EQ(a + b + c, 0 + 1 + 2);
  EXPECT_EQ(pool.Take(), -1);
  pool.Release(b);
  EXPECT_EQ(pool.Take(), b);
}

TEST(BlockPool, ABlockStaysHeldUntilItsLastReferenceGoes) {
  BlockPool pool = Pool(1);
  const int32_t block = pool.Take();
  pool.AddRef(block);
  pool.Release(block);
  EXPECT_EQ(pool.num_free(), 0);
  pool.Release(block);
  EXPECT_EQ(pool.num_free(), 1);
}

TEST(BlockPool, EvictsTheCachedBlockUsedLongestAgoAndBlankOnesFirst) {
  BlockPool pool = Pool(4);
  std::vector<int32_t> evicted;
  pool.OnEvict([&](int32_t block) { evicted.push_back(block); });
  std::vector<int32_t> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(pool.Take());
  for (int i = 0; i < 3; ++i) pool.SetCached(blocks[i], true);
  for (const int i : {3, 1, 0, 2}) pool.Release(blocks[i]);
  pool.AddRef(blocks[1]);  // used again: the youngest after this
  pool.Release(blocks[1]);
  EXPECT_EQ(pool.num_cached(), 3);
  for (int i = 0; i < 4; ++i) pool.Take();
  EXPECT_EQ(evicted, (std::vector<int32_t>{blocks[0], blocks[2], blocks[1]}));
  EXPECT_EQ(pool.num_evictions(), 3);
  pool.CheckInvariants();
}

TEST(BlockPool, GivesWritableMemoryThatBlocksDoNotShare) {
  BlockPool pool = Pool(5, 4096);
  for (int i = 0; i < 5; ++i) pool.base()[i * 4096] = static_cast<std::byte>(i + 1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.base()[i * 4096], static_cast<std::byte>(i + 1));
}

TEST(BlockPool, RefusesMoreThanTheAddressSpaceHolds) {
  const auto pool = BlockPool::Create(1 << 30, int64_t{1} << 40);
  ASSERT_FALSE(pool.ok());
  EXPECT_EQ(pool.error().kind, ErrorKind::kExhausted);
}

TEST(BlockPool, KeepsItsInvariantsUnderRandomUse) {
  const uint64_t seed = 20240817;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  BlockPool pool = Pool(17);
  std::map<int32_t, int32_t> refs;
  for (int step = 0; step < 20000; ++step) {
    const auto any = [&] { return std::next(refs.begin(), static_cast<int64_t>(random.Below(refs.size())))->first; };
    switch (random.Below(4)) {
      case 0:
        if (const int32_t block = pool.Take(); block >= 0) {
          ASSERT_EQ(refs.count(block), 0U);
          refs[block] = 1;
        } else {
          ASSERT_EQ(refs.size(), 17U);
        }
        break;
      case 1:
        if (!refs.empty()) {
          const int32_t block = any();
          pool.AddRef(block);
          ++refs[block];
        }
        break;
      case 2:
        if (!refs.empty()) pool.SetCached(any(), random.Below(2) == 0);
        break;
      default:
        if (!refs.empty()) {
          const int32_t block = any();
          pool.Release(block);
          if (--refs[block] == 0) refs.erase(block);
        }
    }
    pool.CheckInvariants();
    ASSERT_EQ(pool.num_free(), 17 - static_cast<int32_t>(refs.size()));
  }
}

}  // namespace
}  // namespace atelier
