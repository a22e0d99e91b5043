#include "agent/memory/recall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/memory/question_cues.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(QuestionCues, AQuestionNamesWhoMayHaveSaidIt) {
  const std::vector<std::string> speakers = {"Maya Lindqvist", "Daniel"};
  EXPECT_THAT(ReadQuestionCues("Where did Maya's dog sleep?", speakers).speakers, ElementsAre("Maya Lindqvist"));
  EXPECT_THAT(ReadQuestionCues("Who mapped the Alps?", speakers).speakers, IsEmpty());
}

TEST(QuestionCues, WhatIsAskedForIsReadFromTheWording) {
  EXPECT_TRUE(ReadQuestionCues("When did she move?", {}).asks_when);
  EXPECT_TRUE(ReadQuestionCues("Since when have they been a couple?", {}).asks_when);
  EXPECT_TRUE(ReadQuestionCues("How long is the leave?", {}).asks_when);
  EXPECT_TRUE(ReadQuestionCues("In which month did it happen?", {}).asks_when);
  EXPECT_FALSE(ReadQuestionCues("Who was there when it broke?", {}).asks_when);
  EXPECT_TRUE(ReadQuestionCues("How many pumps report?", {}).asks_number);
  EXPECT_TRUE(ReadQuestionCues("Where does she live now?", {}).asks_now);
}

TEST(QuestionCues, DatesAreReadAsPeopleWriteThem) {
  const auto dates = [](std::string_view question) { return ReadQuestionCues(question, {}).dates; };
  EXPECT_THAT(dates("What happened on 7 May 2023?"), ElementsAre(NamedDate{2023, 5, 7}));
  EXPECT_THAT(dates("What happened on May 7th, 2023?"), ElementsAre(NamedDate{2023, 5, 7}));
  EXPECT_THAT(dates("Where were they in October?"), ElementsAre(NamedDate{0, 10, 0}));
  EXPECT_THAT(dates("What did he do in 2019 and in June 2020?"),
              ElementsAre(NamedDate{2019, 0, 0}, NamedDate{2020, 6, 0}));
  EXPECT_THAT(dates("And on 2024-02-29?"), ElementsAre(NamedDate{2024, 2, 29}));
  EXPECT_THAT(dates("What may she eat on a march?"), IsEmpty());
}

TEST(QuestionCues, ADayIsToldOfOnThatDayOrSoonAfter) {
  const int64_t may_7 = 1'683'460'800'000, day = 86'400'000;  // 2023-05-07T12:00Z
  const std::vector<NamedDate> asked = {{2023, 5, 7}};
  EXPECT_EQ(DateFit(asked, may_7), 1);
  EXPECT_GT(DateFit(asked, may_7 + 3 * day), 0.8);
  EXPECT_LT(DateFit(asked, may_7 + 200 * day), 0.2);
  EXPECT_EQ(DateFit(asked, may_7 - 30 * day), 0);
  EXPECT_EQ(DateFit({{0, 5, 0}}, may_7), 1) << "any May";
  EXPECT_EQ(DateFit(asked, 0), 0);
}

TEST(QuestionCues, TurnsSayWhenAndHowMany) {
  EXPECT_TRUE(SaysWhen("I went there yesterday."));
  EXPECT_TRUE(SaysWhen("We met last week"));
  EXPECT_TRUE(SaysWhen("It was in 2019."));
  EXPECT_FALSE(SaysWhen("I like the sea."));
  EXPECT_TRUE(SaysNumber("There are twelve of us"));
  EXPECT_TRUE(SaysNumber("42"));
  EXPECT_FALSE(SaysNumber("There are some."));
  EXPECT_TRUE(Asks("Really? \n"));
}

MemoryTurn TurnAt(int place, std::string speaker, std::string text, int64_t said_ms = 0) {
  MemoryTurn turn;
  turn.id = TurnIdAt("t/0123456789abcdef/00000000", place);
  turn.speaker = std::move(speaker), turn.text = std::move(text), turn.said_ms = said_ms;
  return turn;
}
RecallWeights Only(RecallFigure figure) {
  RecallWeights weights{};
  weights[figure] = 1;
  return weights;
}

TEST(Recall, AnAnswerIsFoundByTheQuestionBeforeIt) {
  const std::vector<MemoryTurn> turns = {TurnAt(0, "Bot", "What is your cat called?"), TurnAt(1, "Ana", "Saffron."),
                                         TurnAt(9, "Ana", "Hello.")};
  MemoryHits hits;
  hits.turns = {{.id = turns[0].id, .words = 3}};
  hits.windows = {{.id = turns[1].id, .words = 2}};
  RecallWeights weights = Only(RecallFigure::kWindowWords);
  weights[RecallFigure::kAsks] = -0.5;
  const auto ranked = RankTurns({}, hits, turns, weights);
  EXPECT_EQ(ranked[0].turn.text, "Saffron.");
  EXPECT_EQ(ranked[2].turn.text, "Hello.");
}

TEST(Recall, WhoIsNamedIsBelievedToHaveSaidIt) {
  QuestionCues cues;
  cues.speakers = {"Ana"};
  const std::vector<MemoryTurn> turns = {TurnAt(0, "Bot", "I run."), TurnAt(1, "Ana", "I run.")};
  EXPECT_EQ(RankTurns(cues, {}, turns, Only(RecallFigure::kSpeaker))[0].turn.speaker, "Ana");
}

TEST(Recall, WhatIsSoByNowIsWhatWasSaidLast) {
  QuestionCues cues;
  cues.asks_now = true;
  const std::vector<MemoryTurn> turns = {TurnAt(0, "Ana", "I live in Rome.", 1),
                                         TurnAt(1, "Ana", "I live in Oslo.", 2)};
  EXPECT_EQ(RankTurns(cues, {}, turns, Only(RecallFigure::kRecency))[0].turn.text, "I live in Oslo.");
}

TEST(Recall, NeighboursOfWhatWasFoundAreLookedAtToo) {
  MemoryHits hits;
  hits.turns = {{.id = TurnIdAt("t/0123456789abcdef/00000000", 0), .words = 1}};
  EXPECT_EQ(CandidatesOf(hits).size(), 2u) << "there is none before the first";
  hits.windows = {{.id = TurnIdAt("t/0123456789abcdef/00000000", 7), .words = 1}};
  EXPECT_EQ(CandidatesOf(hits).size(), 5u);
}

TEST(Recall, EveryFigureHasAName) {
  for (size_t i = 0; i < kNumRecallFigures; ++i) {
    EXPECT_EQ(RecallFigureOf(RecallFigureNames()[i]), static_cast<RecallFigure>(i));
  }
  EXPECT_FALSE(RecallFigureOf("luck"));
}

}  // namespace
}  // namespace atelier
