#include "eval/judged_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

class JudgedSetTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_.MakeFolders("/set/qrels").ok());
    Put("corpus.jsonl",
        "{\"_id\": \"1\", \"title\": \"T\", \"text\": \"one\", \"metadata\": {}}\r\n\n"
        "{\"_id\": \"2\", \"text\": \"two\"}");
    Put("queries.jsonl",
        "{\"_id\": \"q1\", \"text\": \"first?\"}\n{\"_id\": \"q2\", \"text\": \"of another split\"}\n");
    Put("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\t2\t1\nq1\t1\t0\n");
  }
  void Put(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteAtomically(files_, "/set/" + name, content).ok());
  }

  SimFiles files_;
};

TEST_F(JudgedSetTest, HoldsDocumentsAndTheQueriesOfItsSplit) {
  const auto set = LoadJudgedSet(files_, "/set", "test");
  ASSERT_TRUE(set.ok()) << set.error().Message();
  ASSERT_EQ(set->documents.size(), 2u);
  EXPECT_EQ(set->documents[0].title, "T");
  EXPECT_EQ(set->documents[1].text, "two");
  ASSERT_EQ(set->queries.size(), 1u);
  EXPECT_EQ(set->queries[0].text, "first?");
  EXPECT_EQ(set->judgements.at("q1"), (Judgements{{"1", 0}, {"2", 1}}));
}

TEST_F(JudgedSetTest, WhatIsWrongIsToldByFileAndLine) {
  Put("corpus.jsonl", "{\"_id\": \"1\", \"text\": \"one\"}\n{\"_id\": 2, \"text\": \"two\"}\n");
  EXPECT_THAT(LoadJudgedSet(files_, "/set", "test").error().Message(),
              testing::AllOf(testing::HasSubstr("corpus.jsonl:2"), testing::HasSubstr("_id")));
  Put("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1 2 1\n");
  EXPECT_THAT(LoadJudgedSet(files_, "/set", "test").error().Message(), testing::HasSubstr("test.tsv:2"));
  EXPECT_EQ(LoadJudgedSet(files_, "/set", "dev").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace atelier
