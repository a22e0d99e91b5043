#include "engine/text_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace atelier {
namespace {

TEST(StopFinder, HoldsBackWhatCouldBecomeAStopString) {
  StopFinder finder({"STOP"}, false);
  EXPECT_EQ(finder.Push("abc S", true).text, "abc ");
  EXPECT_EQ(finder.Push("T", true).text, "");
  EXPECT_EQ(finder.Push("x", true).text, "STx");
  const auto step = finder.Push("y STOP z", true);
  EXPECT_EQ(step.text, "y ");
  EXPECT_EQ(step.stop, "STOP");
}

TEST(StopFinder, IncludesTheStopStringWhereAsked) {
  StopFinder finder({"STOP"}, true);
  finder.Push("a ST", true);
  EXPECT_EQ(finder.Push("OP b", true).text, "STOP");
}

TEST(StopFinder, TheEarliestMatchWins) {
  StopFinder finder({"cd", "bcde"}, false);
  const auto step = finder.Push("abcdef", true);
  EXPECT_EQ(step.text, "a");
  EXPECT_EQ(step.stop, "bcde");
}

TEST(StopFinder, PassesEverythingWhileNotWatching) {
  StopFinder finder({"ab"}, false);
  EXPECT_EQ(finder.Push("xaby", false).text, "xaby");
}

TEST(StopFinder, EqualsASearchInTheWholeTextHoweverItIsCut) {
  const uint64_t seed = 3;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  int num_stops = 0;
  for (int round = 0; round < 5000; ++round) {
    const auto any = [&](uint64_t size) {
      std::string text;
      for (uint64_t i = 0; i < size; ++i) text += static_cast<char>('a' + random.Below(2));
      return text;
    };
    const std::string whole = any(30);
    const std::vector<std::string> stops = {any(3 + random.Below(6)), any(5 + random.Below(4))};
    const size_t expected = std::min(whole.find(stops[0]), whole.find(stops[1]));
    StopFinder finder(stops, false);
    std::string text;
    bool stopped = false;
    for (size_t at = 0; at < whole.size() && !stopped;) {
      const size_t size = 1 + random.Below(4);
      auto step = finder.Push(std::string_view(whole).substr(at, size), true);
      text += step.text;
      ASSERT_TRUE(whole.starts_with(text));
      stopped = step.stop.has_value();
      at += size;
    }
    if (!stopped) text += finder.Flush();
    ASSERT_EQ(stopped, expected != std::string::npos);
    // A stop is seen once it is whole; with stops of different length a longer one may begin earlier, and then wins
    // only if it is whole in the same piece.
    if (!stopped) {
      ASSERT_EQ(text, whole);
    }
    num_stops += stopped ? 1 : 0;
  }
  EXPECT_GT(num_stops, 500);
}

}  // namespace
}  // namespace atelier
