#include "eval/conversation_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

using testing::HasSubstr;

Result<std::vector<JudgedConversation>> Load(const std::string& lines) {
  SimFiles files;
  EXPECT_TRUE(WriteAtomically(files, "/set.jsonl", lines).ok());
  return LoadConversations(files, "/set.jsonl");
}

TEST(ConversationSet, EachWayAsksItsOwnQuestionAndKeepsTheJudgements) {
  const auto conversations = Load("{\"query\": \"q\", \"turns\": [\"Tea?\", \"A drink.\", \"Is it green?\"]}\n");
  ASSERT_TRUE(conversations.ok()) << conversations.error().Message();
  JudgedSet set;
  set.documents = {{"d", "", "Tea is green."}};
  set.queries = {{"other", "", "coffee"}, {"q", "", "tea is green"}};
  set.judgements = {{"q", {{"d", 1}}}, {"other", {{"d", 0}}}};
  const auto ask = [&](ConversationWay way) { return ConversationQueries(set, *conversations, way); };
  EXPECT_EQ(ask(ConversationWay::kLastTurn).queries.at(0).text, "Is it green?");
  EXPECT_EQ(ask(ConversationWay::kStandalone).queries.at(0).text, "tea is green");
  EXPECT_TRUE(ask(ConversationWay::kLastTurn).histories.empty());
  const JudgedSet with_history = ask(ConversationWay::kWithHistory);
  ASSERT_EQ(with_history.queries.size(), 1u);
  EXPECT_EQ(with_history.queries[0].text, "Is it green?");
  EXPECT_EQ(with_history.judgements.at("q"), (Judgements{{"d", 1}}));
  const std::vector<HistoryTurn>& history = with_history.histories.at("q");
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].role + ": " + history[0].text, "user: Tea?");
  EXPECT_EQ(history[1].role + ": " + history[1].text, "assistant: A drink.");
}

TEST(ConversationSet, WhatIsWrongIsToldByLineAndKey) {
  EXPECT_THAT(Load("{\"query\": \"q\", \"turns\": [\"a\", \"b\"]}\n").error().Message(),
              testing::AllOf(HasSubstr("set.jsonl:1"), HasSubstr("turns"), HasSubstr("odd")));
  EXPECT_THAT(Load("{\"query\": \"q\", \"turns\": [\"a\", 2, \"c\"]}\n").error().Message(), HasSubstr("turns[1]"));
  EXPECT_THAT(Load("{\"turns\": [\"a\", \"b\", \"c\"]}\n").error().Message(), HasSubstr("query"));
  const std::string line = "{\"query\": \"q\", \"turns\": [\"a\", \"b\", \"c\"]}\n";
  EXPECT_THAT(Load(line + line).error().Message(), testing::AllOf(HasSubstr("set.jsonl:2"), HasSubstr("twice")));
}

}  // namespace
}  // namespace atelier
