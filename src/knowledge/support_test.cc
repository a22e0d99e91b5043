#include "knowledge/support.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

constexpr std::string_view kQuote =
    "The queue holds at most 4,096 requests; what comes beyond it is answered 429. A Scheduler preempts the Sequence "
    "that came last. It never preempts one that is done.";

double SupportOf(std::string_view claim, std::string_view quote = kQuote) {
  static const Analyzer analyzer = *Analyzer::Create("en");
  return Support(SupportFiguresOf(claim, quote, analyzer));
}

TEST(Support, WhatTheQuoteSaysIsSupported) {
  EXPECT_GT(SupportOf("The queue holds at most 4096 requests."), 0.9);
  EXPECT_GT(SupportOf("A Scheduler preempts the Sequence that came last."), 0.9);
  EXPECT_GT(SupportOf("Beyond 4,096 requests, what comes is answered 429."), 0.5) << "in another order";
}

TEST(Support, ANumberANameOrANoThatIsAnotherIsNot) {
  EXPECT_LT(SupportOf("The queue holds at most 8,192 requests."), 0.5);
  EXPECT_LT(SupportOf("The queue does not hold at most 4,096 requests."), 0.6);
  EXPECT_LT(SupportOf("A Tokenizer preempts the Sequence that came last."), 0.5);
  EXPECT_LT(SupportOf("It preempts one that is done."), 0.5);
}

TEST(Support, WhoDoesWhatMatters) {
  EXPECT_LT(SupportOf("A Sequence preempts the Scheduler that came last."),
            SupportOf("A Scheduler preempts the Sequence that came last."));
}

TEST(Support, AnotherPlaceIsNoSupport) {
  EXPECT_LT(SupportOf("The queue holds at most 4096 requests.", "Weights are packed by panels of 32 rows."), 0.05);
  EXPECT_LT(SupportOf("", kQuote), 0.05) << "nothing said is nothing supported";
}

TEST(Support, WhatOnlyAnnouncesIsNoPartOfWhatAClaimSays) {
  const Analyzer analyzer = *Analyzer::Create("en");
  for (const char* claim : {"The answer is:", "The answer is.", "The queue of blocks holds at most:", "It is so."}) {
    EXPECT_EQ(WhatItSays(claim, analyzer), "") << claim;
  }
  for (const char* claim : {"16.", "It is SQLite.", "The queue is bounded.", "The queue of blocks: it is bounded."}) {
    EXPECT_EQ(WhatItSays(claim, analyzer), claim);
  }
  EXPECT_EQ(WhatItSays("The answer is: 16 positions.", analyzer), " 16 positions.");
}

}  // namespace
}  // namespace atelier
