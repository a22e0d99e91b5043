#include "knowledge/retrieve/ranker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "base/io/files.h"
#include "base/task/manual_loop.h"
#include "provider/scripted_model.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Passage> PassagesOf(const std::vector<std::string>& texts) {
  std::vector<Passage> passages;
  for (const std::string& text : texts) {
    Passage& passage = passages.emplace_back();
    passage.chunk_id = "c" + std::to_string(passages.size());
    passage.text = text;
    passage.score = 1 - 0.1 * static_cast<double>(passages.size());
  }
  return passages;
}

std::vector<std::string> IdsOf(const std::vector<Passage>& passages) {
  std::vector<std::string> ids;
  for (const Passage& passage : passages) ids.push_back(passage.chunk_id);
  return ids;
}

// Scores by the number of letters x; fails or takes its time where told to.
class CountingReranker final : public Reranker {
 public:
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override {
    deadline = call.deadline;
    clock.Advance(takes);
    if (failure) co_return *failure;
    Reranking ranking;
    for (const std::string& text : request.documents) {
      ranking.scores.push_back(static_cast<double>(std::ranges::count(text, 'x')));
    }
    co_return ranking;
  }
  ManualClock clock;
  std::chrono::milliseconds takes{5};
  std::optional<Error> failure;
  Clock::TimePoint deadline;
};

// A word's vector stands in the place of its first letter; the text's is of no interest.
class LetterEmbedder final : public Embedder {
 public:
  Task<Result<Embeddings>> Embed(Call /*call*/, EmbeddingRequest request) override {
    Embeddings embeddings;
    for (const Prompt& input : request.inputs) {
      const std::string& text = std::get<TextPrompt>(input).text;
      TokenVectors& tokens = embeddings.tokens.emplace_back();
      tokens.spans.push_back({0, 0}), tokens.values.resize(26, 1);  // the model's own mark
      for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] < 'a' || text[i] > 'z') continue;
        tokens.spans.push_back({static_cast<int64_t>(i), static_cast<int64_t>(i) + 1});
        tokens.values.resize(tokens.values.size() + 26);
        tokens.values[tokens.values.size() - 26 + static_cast<size_t>(text[i] - 'a')] = 3;
      }
      embeddings.vectors.emplace_back(26);
    }
    co_return embeddings;
  }
};

class RankerTest : public testing::Test {
 protected:
  std::string Rank(const RerankConfig& config, std::vector<Passage>& passages, const std::string& query = "q") {
    RankerTools tools{.embedder = &embedder_, .embedding_model = "letters", .reranker = &reranker_};
    tools.clock = &reranker_.clock;
    auto skipped = loop_.Run(Rerank(call_, query, config, tools, passages));
    EXPECT_TRUE(skipped.ok()) << skipped.error().Message();
    return skipped.ok() ? *skipped : "error";
  }

  // A file of learned weights.
  std::string ModelFile(const std::string& text) {
    EXPECT_TRUE(WriteAtomically(Files::Real(), model_file_, text).ok());
    return model_file_;
  }
  void TearDown() override { std::remove(model_file_.c_str()); }

  const std::string model_file_ = testing::TempDir() + "/" + std::to_string(getpid()) + "-ranker.json";
  ManualLoop loop_{1};
  Call call_;
  CountingReranker reranker_;
  LetterEmbedder embedder_;
};

TEST_F(RankerTest, TheBestAreOrderedByTheirScoresAndOthersStay) {
  std::vector<Passage> passages = PassagesOf({"x", "xxx", "-x", "xx", "xxxx"});
  EXPECT_EQ(Rank({.method = "cross_encoder", .model = "m", .candidates = 4}, passages), "");
  EXPECT_THAT(IdsOf(passages), ElementsAre("c2", "c4", "c1", "c3", "c5")) << "equal ones in order, the fifth unseen";
  EXPECT_EQ(passages[0].score, 3);
  std::vector<Passage> none;
  EXPECT_EQ(Rank({.method = "cross_encoder", .model = "m"}, none), "");
}

TEST_F(RankerTest, WhatTakesTooLongOrFailsChangesNothingAndIsTold) {
  std::vector<Passage> passages = PassagesOf({"x", "xx"});
  const Clock::TimePoint begin = reranker_.clock.Now();
  reranker_.takes = std::chrono::milliseconds(70);
  EXPECT_EQ(Rank({.method = "cross_encoder", .model = "m", .budget_ms = 50}, passages),
            "cross_encoder: took longer than 50 ms");
  EXPECT_EQ(reranker_.deadline - begin, std::chrono::milliseconds(50)) << "the model is told";
  reranker_.takes = {};
  reranker_.failure = Error::Unavailable("m", "is not there");
  EXPECT_EQ(Rank({.method = "cross_encoder", .model = "m"}, passages), "cross_encoder: m: is not there");
  EXPECT_THAT(Rank({.method = "cross_encoder"}, passages), HasSubstr("want a reranking model"));
  EXPECT_THAT(Rank({.method = "decisions", .model = "m"}, passages), HasSubstr("want a chat model"));
  EXPECT_THAT(IdsOf(passages), ElementsAre("c1", "c2"));
}

TEST_F(RankerTest, AStoppedSearchAndAnUnknownMethodAreErrors) {
  std::vector<Passage> passages = PassagesOf({"x"});
  RankerTools tools{.reranker = &reranker_};
  tools.clock = &reranker_.clock;
  call_.deadline = reranker_.clock.Now();
  EXPECT_EQ(loop_.Run(Rerank(call_, "q", {.method = "cross_encoder", .model = "m"}, tools, passages)).error().kind,
            ErrorKind::kCancelled);
  const auto unknown = loop_.Run(Rerank({}, "q", {.method = "best"}, tools, passages));
  EXPECT_EQ(unknown.error().Message(),
            "rerank.method: got 'best', want one of cross_encoder, decisions, decisions_listwise, late_interaction, "
            "learned, mmr");
}

TEST_F(RankerTest, LateInteractionFindsEachTokensNearest) {
  std::vector<Passage> passages = PassagesOf({"c d", "a c", "b a"});
  EXPECT_EQ(Rank({.method = "late_interaction"}, passages, "a b"), "");
  EXPECT_THAT(IdsOf(passages), ElementsAre("c3", "c2", "c1"));
  EXPECT_NEAR(passages[0].score, 1, 1e-6) << "both tokens of the question, whatever their length";
  EXPECT_NEAR(passages[1].score, 0.5, 1e-6);
}

TEST_F(RankerTest, TheLearnedOrderIsThatOfItsWeights) {
  std::vector<Passage> passages = PassagesOf({"rivers run", "tea is green", "green tea"});
  EXPECT_EQ(Rank({.method = "learned", .model = ModelFile(R"({"weights": {"ordered": 1}})")}, passages, "green tea"),
            "");
  EXPECT_THAT(IdsOf(passages), ElementsAre("c3", "c1", "c2"));
  EXPECT_EQ(Rank({.method = "learned"}, passages, "green tea"), "") << "one is built in";
  EXPECT_THAT(IdsOf(passages), ElementsAre("c3", "c2", "c1"));
  EXPECT_GT(passages[0].score, passages[2].score);
}

TEST_F(RankerTest, LearnedWeightsOfLateInteractionAskTheEmbedder) {
  std::vector<Passage> passages = PassagesOf({"c d", "a c", "b a"});
  const RerankConfig config{.method = "learned", .model = ModelFile(R"({"weights": {"max_sim": 1}})")};
  EXPECT_EQ(Rank(config, passages, "a b"), "");
  EXPECT_THAT(IdsOf(passages), ElementsAre("c3", "c2", "c1"));
  const auto skipped = loop_.Run(Rerank({}, "a b", config, {}, passages));
  ASSERT_TRUE(skipped.ok());
  EXPECT_THAT(*skipped, HasSubstr("want a corpus that has one"));
}

TEST_F(RankerTest, AMalformedModelChangesNothingAndIsTold) {
  std::vector<Passage> passages = PassagesOf({"x", "xx"});
  EXPECT_THAT(Rank({.method = "learned", .model = ModelFile("{")}, passages), HasSubstr("ranker.json"));
  EXPECT_THAT(Rank({.method = "learned", .model = ModelFile(R"({"weights": {"beauty": 1}})")}, passages),
              HasSubstr("weights.beauty: got an unknown figure"));
  EXPECT_THAT(Rank({.method = "learned", .model = "/no/such/file"}, passages), HasSubstr("/no/such/file"));
  EXPECT_THAT(IdsOf(passages), ElementsAre("c1", "c2"));
}

TEST_F(RankerTest, RepetitionsGoBehind) {
  std::vector<Passage> passages = PassagesOf({"green tea is hot", "green tea is hot", "rivers run"});
  EXPECT_EQ(Rank({.method = "mmr", .lambda = 0.3}, passages), "");
  EXPECT_THAT(IdsOf(passages), ElementsAre("c1", "c3", "c2"));
  EXPECT_EQ(passages[0].score, 1);
}

}  // namespace
}  // namespace atelier
