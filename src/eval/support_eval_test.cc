#include "eval/support_eval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace atelier {
namespace {

using testing::ElementsAre;

TEST(SupportEvalTest, SentencesAreRetoldByLeavingOut) {
  EXPECT_EQ(Retold("The cache (of 16 positions) is read by all sequences."), "The cache is read by all sequences.");
  EXPECT_EQ(Retold("Where nothing fits, the sequence that came last is preempted."),
            "the sequence that came last is preempted.");
  EXPECT_EQ(Retold("The scheduler takes one sequence after the other, and rests."),
            "The scheduler takes one sequence after the other.");
  EXPECT_EQ(Retold("Blocks, however."), "Blocks, however.") << "too little would be left";
  EXPECT_EQ(Retold("All of it is said here."), "All of it is said here.");
}

TEST(SupportEvalTest, OneThingIsMadeWrong) {
  const auto cases = SupportCasesOf({"The Scheduler of the Engine is given 29 sequences at once.",
                                     "It is not told what a BlockPool holds at that time."});
  std::map<std::string, std::vector<std::string>> wrong;
  for (const SupportCase& one : cases) wrong[one.kind].push_back(one.wrong);
  EXPECT_THAT(wrong["number"], ElementsAre("The Scheduler of the Engine is given 22 sequences at once."));
  EXPECT_THAT(wrong["negation"], ElementsAre("The Scheduler of the Engine is not given 29 sequences at once.",
                                             "It is told what a BlockPool holds at that time."));
  EXPECT_THAT(wrong["entity"], ElementsAre("The BlockPool of the Engine is given 29 sequences at once.",
                                           "It is not told what a Engine holds at that time."));
  ASSERT_THAT(wrong["neighbour"].size(), 1u);
  EXPECT_EQ(cases.back().kind, "entity");
  for (const SupportCase& one : cases) {
    EXPECT_EQ(one.wrong_source == one.source, one.kind != "neighbour") << one.kind;
  }
}

TEST(SupportEvalTest, ScoresAreToldByKindAndTogether) {
  std::vector<SupportCase> cases(4);
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i] = {i < 2 ? "number" : "entity", "s", "right", i % 2 == 0 ? "bad" : "worse", "s"};
  }
  const auto rows = ScoreSupport(
      cases,
      [](std::string_view claim, std::string_view) { return claim == "right" ? 0.6
                                                            : claim == "bad" ? 0.6
                                                                             : 0.1; },
      0.5);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].kind, "entity");
  EXPECT_EQ(rows[2].kind, "all");
  EXPECT_EQ(rows[2].num_cases, 4u);
  EXPECT_DOUBLE_EQ(rows[1].auroc, 0.75) << "ties count half";
  EXPECT_EQ(rows[1].wrong_kept, 0.5);
  EXPECT_EQ(rows[1].right_dropped, 0);
}

}  // namespace
}  // namespace atelier
