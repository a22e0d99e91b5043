#include "base/text/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Sentences, EndAtFullStopsAndTheLike) {
  EXPECT_THAT(SplitSentences("One. Two! Three? Four"), ElementsAre("One.", "Two!", "Three?", "Four"));
  EXPECT_THAT(SplitSentences("Really?! Yes... Well."), ElementsAre("Really?!", "Yes...", "Well."));
  EXPECT_THAT(SplitSentences("It is 3.14 of a.b.c and x.y."), ElementsAre("It is 3.14 of a.b.c and x.y."));
  EXPECT_THAT(SplitSentences(" \n\t "), IsEmpty());
}

TEST(Sentences, AbbreviationsAreNoEnds) {
  EXPECT_THAT(SplitSentences("Dr. Smith met Mrs. Jones, e.g. Anna, vs. Bob. They left."),
              ElementsAre("Dr. Smith met Mrs. Jones, e.g. Anna, vs. Bob.", "They left."));
  EXPECT_THAT(SplitSentences("See Fig. 3 and No. 5. Then p. 7."), ElementsAre("See Fig. 3 and No. 5.", "Then p. 7."));
  EXPECT_THAT(SplitSentences("I said no. You said 3 times no. Modern art. The end."),
              ElementsAre("I said no.", "You said 3 times no.", "Modern art.", "The end."));
  EXPECT_THAT(SplitSentences("J. R. R. Tolkien wrote it. George W. Bush read it."),
              ElementsAre("J. R. R. Tolkien wrote it.", "George W. Bush read it."));
  EXPECT_THAT(SplitSentences("Das ist z. B. Holz. Es brennt."), ElementsAre("Das ist z. B. Holz.", "Es brennt."));
}

TEST(Sentences, SomeAbbreviationsMayEndOne) {
  EXPECT_THAT(SplitSentences("He works at Acme Inc. The pay is good. Acme Inc. Chairman Lee."),
              ElementsAre("He works at Acme Inc.", "The pay is good.", "Acme Inc. Chairman Lee."));
  EXPECT_THAT(SplitSentences("Made in the U.S. It sells in the U.S. Army."),
              ElementsAre("Made in the U.S.", "It sells in the U.S. Army."));
}

TEST(Sentences, QuotesCloseWithThem) {
  EXPECT_THAT(SplitSentences("\"Go!\" he said. \"Now.\" She went."),
              ElementsAre("\"Go!\" he said.", "\"Now.\"", "She went."));
  EXPECT_THAT(SplitSentences("He did (really.) Then he left."), ElementsAre("He did (really.)", "Then he left."));
}

TEST(Sentences, ChineseAndJapanese) {
  EXPECT_THAT(SplitSentences("你好。我很好！你呢？"), ElementsAre("你好。", "我很好！", "你呢？"));
  EXPECT_THAT(SplitSentences("「行く。」と言った。そして出た。"), ElementsAre("「行く。」と言った。", "そして出た。"));
}

TEST(Sentences, LinesOfListsAndBlankLinesEndThem) {
  EXPECT_THAT(SplitSentences("A title\n\nText that\ngoes on\n- item one\n- item two\n1. first\n2. second"),
              ElementsAre("A title", "Text that\ngoes on", "- item one", "- item two", "1. first", "2. second"));
  EXPECT_THAT(SplitSentences("Born in 1984. She was"), ElementsAre("Born in 1984.", "She was"));
}

}  // namespace
}  // namespace atelier
