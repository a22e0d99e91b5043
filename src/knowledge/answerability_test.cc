#include "knowledge/answerability.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

AnswerCues Cues(std::string_view question, const std::string& sentence, const std::string& language = "en") {
  Quotable likeliest;
  likeliest.text = sentence, likeliest.said = "Engine > Cache: " + sentence;
  return CuesOf(question, likeliest, *Analyzer::Create(language));
}

TEST(Answerability, NamesAndNumbersOfTheQuestionAreLookedForInTheSentenceAndItsHeadings) {
  const std::string sentence = "Weights in Q4_1 take 5 bits, also on AVX2; 4,096 rows.";
  EXPECT_EQ(Cues("Is it q4_1 or Q4_1 with AVX2 in the Engine?", sentence).specifics_missing, 0) << "case is none";
  EXPECT_EQ(Cues("Is NEON faster with Q4_0 over 4096 rows?", sentence).specifics_missing, 3) << "NEON, Q4_0, and its 0";
  EXPECT_EQ(Cues("Is it NEON, is it NEON?", sentence).specifics_missing, 1) << "said twice, missing once";
  EXPECT_EQ(Cues("Is it Aa, Bb, Cc, Dd or Ee?", sentence).specifics_missing, 3) << "at most";
}

TEST(Answerability, AQuantityThatIsAskedForMustBeThere) {
  EXPECT_EQ(Cues("How many positions has a block?", "Blocks hold 16 positions.").quantity_missing, 0);
  EXPECT_EQ(Cues("How many positions has a block?", "Blocks hold positions.").quantity_missing, 1);
  EXPECT_EQ(Cues("How many positions has a block?", "See Q4_0.").quantity_missing, 1) << "a name's digit is no number";
  EXPECT_EQ(Cues("Show many blocks?", "Blocks.").quantity_asked, 0) << "words, not letters";
  EXPECT_EQ(Cues("What is the default of max_tokens?", "max_tokens bounds it.").quantity_missing, 1);
}

TEST(Answerability, EachCueMakesAnAnswerLessLikely) {
  const double none = Answerability({});
  EXPECT_GT(none, kAnswerAtLeast) << "what asks for nothing exact is answered";
  EXPECT_LT(Answerability({.specifics_missing = 1}), none);
  EXPECT_LT(Answerability({.specifics_missing = 2}), Answerability({.specifics_missing = 1}));
  EXPECT_LT(Answerability({.quantity_asked = 1}), none);
  EXPECT_LT(Answerability({.quantity_asked = 1, .quantity_missing = 1}), Answerability({.quantity_asked = 1}));
}

TEST(Answerability, CuesReadEnglishAlone) {
  EXPECT_EQ(Cues("Wie viele Blöcke hat das Modell?", "Keine.", "de").specifics_missing, 0)
      << "every noun has a capital";
}

}  // namespace
}  // namespace atelier
