#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace atelier {
namespace {

Result<int> Half(int x) {
  if (x % 2 != 0) return Error::Invalid("x", "got " + std::to_string(x) + ", want an even number");
  return x / 2;
}

Result<int> Quarter(int x) {
  TRY(const int half, Half(x));
  TRY(const int quarter, Half(half));
  return quarter;
}

TEST(Result, TryPassesTheFirstErrorOn) {
  EXPECT_EQ(*Quarter(12), 3);
  ASSERT_FALSE(Quarter(6).ok());
  EXPECT_EQ(Quarter(6).error().Message(), "x: got 3, want an even number");
}

TEST(Result, HoldsWhatCanOnlyMove) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

TEST(Error, UnderJoinsFieldsFilesAndSubscripts) {
  EXPECT_EQ(Error::Invalid("multipleOf", "w").Under("parameters").Under("tools[3]").where,
            "tools[3].parameters.multipleOf");
  EXPECT_EQ(Error::Invalid("[3].role", "w").Under("messages").where, "messages[3].role");
  EXPECT_EQ(Error::Invalid("blk.3.attn_q.weight", "w").Under("/tmp/model.gguf").where,
            "/tmp/model.gguf: blk.3.attn_q.weight");
  EXPECT_EQ(Error::Invalid("", "w").Under("model").where, "model");
}

TEST(Random, PhiloxGivesTheNumbersOfItsPaper) {
  // The known-answer vectors of the authors' Random123 distribution.
  EXPECT_EQ(Philox(0, 0, 0), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox(~0ull, ~0ull, ~0ull), (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Random, SameSeedSameStreamOtherSeedAnother) {
  Random a(1), b(1), c(2);
  EXPECT_EQ(a.Next64(), b.Next64());
  EXPECT_NE(a.Next64(), c.Next64());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.Below(7), 7u);
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  const auto start = clock.Now();
  clock.Advance(std::chrono::milliseconds(5));
  EXPECT_EQ(clock.Now() - start, std::chrono::milliseconds(5));
}

TEST(Clock, ToldAsPeopleAndRecordsReadIt) {
  EXPECT_EQ(UtcText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcText(1'700'000'000'000'000'000), "2023-11-14T22:13:20Z");
  EXPECT_EQ(UtcText(1'700'000'000'050'000'000), "2023-11-14T22:13:20.050000000Z");
  EXPECT_EQ(UtcText(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_TRUE(UtcText(INT64_MAX).starts_with("2262-04-11T23:47:16."));
}

}  // namespace
}  // namespace atelier
