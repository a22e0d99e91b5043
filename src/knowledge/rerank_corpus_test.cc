// Rerankers that need a corpus's vectors or a chat model's decisions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/io/sim_files.h"
#include "base/task/manual_loop.h"
#include "knowledge/corpus/local_corpus.h"
#include "knowledge/retrieve/ranker.h"
#include "provider/scripted_model.h"

namespace atelier {
namespace {

using testing::ElementsAre;

// Of the options of a choice it prefers the one with the most letters x; keeps what it was asked.
class MostXModel final : public LanguageModel {
 public:
  Task<Result<Generation>> Generate(Call /*call*/, GenerationRequest /*request*/) override { co_return Generation(); }
  Task<Result<Decision>> Decide(Call /*call*/, DecisionRequest request) override {
    EXPECT_TRUE(CheckDecision(request).ok());
    models.push_back(request.model);
    window_sizes.push_back(request.questions.at(0).options.size());
    std::vector<double> weights;
    for (const DecisionOption& option : request.questions[0].options) {
      longest = std::max(longest, option.description.size());
      weights.push_back(1 + static_cast<double>(std::ranges::count(option.description, 'x')));
    }
    Decision decision;
    decision.answers.push_back(DecisionAnswer::Of(std::move(weights)));
    co_return decision;
  }
  Task<Result<Generation>> Prepare(Call /*call*/, GenerationRequest /*request*/) override { co_return Generation(); }
  Task<Result<ModelDetails>> Describe(Call /*call*/, std::string /*model*/) override { co_return ModelDetails(); }
  Task<Result<std::vector<TokenText>>> Spell(Call /*call*/, std::string /*model*/,
                                             std::vector<int32_t> tokens) override {
    co_return std::vector<TokenText>(tokens.size());
  }

  std::vector<std::string> models;
  std::vector<size_t> window_sizes;
  size_t longest = 0;
};

class RerankCorpusTest : public testing::Test {
 protected:
  RerankCorpusTest() {
    loop_.AddStepper([] {
      std::this_thread::yield();
      return true;
    });
  }

  // A document of one chunk; empty: without a vector.
  void Put(const std::string& id, const std::string& text, std::vector<float> vector) {
    IndexedDocument indexed;
    indexed.source_id = indexed.document.id = id;
    indexed.document.text = text;
    Chunk chunk;
    chunk.span = chunk.shown = {0, static_cast<int64_t>(text.size())};
    indexed.parts.push_back({chunk, std::move(vector), "h"});
    ASSERT_TRUE(corpus_->Replace({id}, {std::move(indexed)}).ok());
  }

  // Everything of the corpus, in order of the documents' names and with falling scores, judged again.
  std::vector<std::string> Ranked(RerankConfig config) {
    const std::vector<DocumentListing> documents = corpus_->List({}, {}, "", 100).value();
    std::vector<Passage> passages;
    for (const DocumentListing& document : documents) {
      CorpusQuery query;
      query.text = document.id;
      const std::vector<Found> found = corpus_->Search(query).value();
      for (const Found& one : found) {
        std::vector<Passage> read = corpus_->Passages({one.chunk_id}, {}).value();
        if (read.at(0).document_id == document.id) passages.push_back(std::move(read[0]));
      }
    }
    EXPECT_EQ(passages.size(), documents.size());
    for (size_t i = 0; i < passages.size(); ++i) passages[i].score = 1 - 0.01 * static_cast<double>(i);
    RankerTools tools{.model = &model_, .chat_model = "small", .corpus = corpus_.get(), .pool = &pool_};
    const auto skipped = loop_.Run(Rerank({}, "q", std::move(config), tools, passages));
    EXPECT_EQ(skipped.ok() ? *skipped : skipped.error().Message(), "");
    std::vector<std::string> ids;
    for (const Passage& passage : passages) ids.push_back(passage.document_id);
    return ids;
  }

  SimFiles files_;
  ManualLoop loop_{1};
  Pool pool_{loop_, 1};
  std::unique_ptr<LocalCorpus> corpus_ =
      LocalCorpus::Open(files_, "/corpus", {.embedder = "e", .dimensions = 2}).value();
  MostXModel model_;
};

TEST_F(RerankCorpusTest, WhatMeansTheSameInOtherWordsGoesBehind) {
  Put("aaa", "aaa the cat sat down", {1, 0});
  Put("bbb", "bbb feline took its seat", {0.99F, 0.14F});
  Put("ccc", "ccc the cat sat down", {0, 1});
  EXPECT_THAT(Ranked({.method = "mmr", .lambda = 0.3}), ElementsAre("aaa", "ccc", "bbb")) << "by vectors";
  Put("ddd", "ddd something else", {});
  EXPECT_THAT(Ranked({.method = "mmr", .lambda = 0.3}), ElementsAre("aaa", "bbb", "ddd", "ccc"))
      << "by words, where one has no vector";
}

TEST_F(RerankCorpusTest, WindowsOfDecisionsBringTheBestFromTheEndToTheFront) {
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::string(1, static_cast<char>('a' + i)) + "oo";
    Put(id, id + (i == 18 ? " xxxx" : i == 3 ? " xx" : " o"), {1, 0});
  }
  const std::vector<std::string> ids = Ranked({.method = "decisions_listwise", .candidates = 20});
  EXPECT_EQ(ids[0], "soo");
  EXPECT_EQ(ids[1], "doo");
  EXPECT_THAT(model_.window_sizes, ElementsAre(8, 8, 8, 8));
  EXPECT_EQ(model_.models.at(0), "small") << "the model that is there, where none is configured";
  EXPECT_EQ(ids.size(), 20u);
}

TEST_F(RerankCorpusTest, OfALongPassageTheBeginningIsShown) {
  std::string umlauts = "aaa ";
  for (int i = 0; i < 4000; ++i) umlauts += "ü";
  Put("aaa", umlauts, {1, 0});
  Put("bbb", "bbb x", {1, 0});
  EXPECT_THAT(Ranked({.method = "decisions_listwise", .model = "m"}), ElementsAre("bbb", "aaa"));
  EXPECT_LE(model_.longest, 800u);
  EXPECT_THAT(model_.models, ElementsAre("m"));
}

}  // namespace
}  // namespace atelier
