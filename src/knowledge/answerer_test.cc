#include "knowledge/answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/io/sim_files.h"
#include "base/task/manual_loop.h"
#include "knowledge/corpus/local_corpus.h"
#include "provider/scripted_model.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AnswererTest : public testing::Test {
 protected:
  AnswererTest() {
    loop_.AddStepper([] {
      std::this_thread::yield();
      return true;
    });
    Put("engine.md", {"The scheduler preempts the sequence that was served last.", "Blocks hold 16 positions."});
    Put("tea.md", {"Green tea is brewed at 70 degrees."});
  }

  // A document of one chunk.
  void Put(const std::string& id, const std::vector<std::string>& sentences) {
    IndexedDocument indexed;
    indexed.source_id = indexed.document.id = id;
    for (const std::string& sentence : sentences) indexed.document.text += sentence + "\n";
    Chunk chunk;
    chunk.span = chunk.shown = {0, static_cast<int64_t>(indexed.document.text.size())};
    indexed.parts = {{chunk, {}, "h"}};
    ASSERT_TRUE(corpus_->Replace({id}, {std::move(indexed)}).ok());
  }

  CitedAnswer Ask(const std::string& question, AnswerConfig config) {
    const Retriever retriever(*corpus_, pool_, {}, {});
    const Answerer answerer(*corpus_, retriever, {.embedder = nullptr, .model = &model_, .pool = pool_}, config);
    auto answer =
        loop_.Run(answerer.Ask({}, {.text = question, .filter = {}, .visible = {}},
                               [this](const CitedAnswer& so_far) { told_.push_back(so_far.claims.back().text); }));
    EXPECT_TRUE(answer.ok()) << answer.error().Message();
    return *answer;
  }
  static AnswerConfig Abstractive() {
    AnswerConfig config;
    config.mode = "abstractive", config.refuse_below = 0;
    return config;
  }

  SimFiles files_;
  ManualLoop loop_{1};
  Pool pool_{loop_, 1};
  std::unique_ptr<LocalCorpus> corpus_ = LocalCorpus::Open(files_, "/corpus", {}).value();
  std::vector<std::string> says_;
  ScriptedModel model_{loop_, [this](const std::string&) {
                         return ScriptedModel::Line{.deltas = says_,
                                                    .usage = {.prompt_tokens = 9, .completion_tokens = 5}};
                       }};
  std::vector<std::string> told_;
};

TEST_F(AnswererTest, WhatTheSourcesSupportIsKeptAndCitedWhereItStands) {
  says_ = {"The scheduler preempts the sequence served", " last. [1] Blocks hold 32 positions. [1] ",
           "Blocks hold 16 positions [2]. Elephants fly over rivers."};
  const CitedAnswer answer = Ask("Which blocks and sequence does the scheduler preempt?", Abstractive());
  ASSERT_FALSE(answer.refused);
  ASSERT_EQ(answer.claims.size(), 2u);
  EXPECT_EQ(answer.claims[0].text, "The scheduler preempts the sequence served last.");
  EXPECT_EQ(answer.claims[1].text, "Blocks hold 16 positions.") << "another number is not supported";
  EXPECT_EQ(answer.num_unsupported, 2);
  ASSERT_EQ(answer.citations.size(), 2u);
  EXPECT_EQ(answer.citations[1].quote, "Blocks hold 16 positions.") << "whatever number the model gave";
  EXPECT_EQ(answer.citations[1].document_id, "engine.md");
  EXPECT_THAT(answer.claims[1].citations, ElementsAre(2));
  EXPECT_THAT(told_, ElementsAre(answer.claims[0].text, answer.claims[1].text)) << "as they came";
  EXPECT_EQ(answer.usage.completion_tokens, 5);
}

TEST_F(AnswererTest, NothingSupportedIsARefusal) {
  says_ = {"The documents don't say."};
  const CitedAnswer said = Ask("How do blocks fly?", Abstractive());
  EXPECT_TRUE(said.refused);
  EXPECT_EQ(said.num_unsupported, 0);
  says_ = {"They flap their wings quickly at night."};
  const CitedAnswer made_up = Ask("How do blocks fly?", Abstractive());
  EXPECT_TRUE(made_up.refused);
  EXPECT_EQ(made_up.num_unsupported, 1);
  EXPECT_TRUE(told_.empty());
}

// A small model may say these forever.
TEST_F(AnswererTest, WhatSaysNothingAndWhatWasSaidIsNoClaim) {
  Put("asking.md", {"The answer is what a model gives."});
  says_ = {"The answer is. [1] The answer is: Blocks hold 16 positions. [2] The answer is. [1] ",
           "The answer is: Blocks hold 16 positions. [2] The answer is:"};
  const CitedAnswer answer = Ask("What is the answer, how many positions do blocks hold?", Abstractive());
  ASSERT_EQ(answer.claims.size(), 1u);
  EXPECT_EQ(answer.claims[0].text, "The answer is: Blocks hold 16 positions.");
  EXPECT_EQ(answer.citations[0].quote, "Blocks hold 16 positions.");
  EXPECT_EQ(answer.num_unsupported, 3);
}

TEST_F(AnswererTest, ASmallCollectionIsReadWhole) {
  says_ = {"Green tea is brewed at 70 degrees."};
  const CitedAnswer whole = Ask("How many positions do blocks hold?", Abstractive());
  ASSERT_EQ(whole.passages.size(), 2u) << "whatever the search found";
  EXPECT_EQ(whole.passages[1].document_id, "tea.md");
  ASSERT_EQ(whole.citations.size(), 1u);
  EXPECT_EQ(whole.citations[0].document_id, "tea.md");

  AnswerConfig found = Abstractive();
  found.whole = false;
  EXPECT_EQ(Ask("How many positions do blocks hold?", found).passages.size(), 1u);
  AnswerConfig tight = Abstractive();
  tight.context_tokens = 40;
  EXPECT_EQ(Ask("How many positions do blocks hold?", tight).passages.size(), 1u) << "120 bytes are too few for both";
}

TEST_F(AnswererTest, QuotedClaimsAreToldOneByOneToo) {
  AnswerConfig config;
  config.refuse_below = 0;
  const CitedAnswer answer = Ask("How many positions do blocks hold?", config);
  ASSERT_FALSE(answer.claims.empty());
  EXPECT_EQ(told_.size(), answer.claims.size());
}

TEST(AnswerPromptTest, NumbersTheSources) {
  Passage passage;
  passage.title = "Engine", passage.shown = " Blocks hold 16 positions.\n";
  passage.chunk.heading_path = {"Engine", "Cache"};
  const std::string prompt = AnswerPrompt("How many?", {passage, passage}, 1);
  EXPECT_THAT(prompt, HasSubstr("\n[1] Engine > Cache\nBlocks hold 16 positions.\n\nQuestion: How many?"));
  EXPECT_EQ(prompt.find("[2]"), prompt.npos);
}

}  // namespace
}  // namespace atelier
