// The stages of retrieval, as a Retriever runs them over a corpus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "base/io/sim_files.h"
#include "base/task/manual_loop.h"
#include "knowledge/corpus/local_corpus.h"
#include "knowledge/retrieve/retriever.h"
#include "knowledge/stage/stage_model.h"
#include "provider/gathered.h"
#include "provider/scripted_model.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int32_t kLetters = 26;

// A text's vector counts its letters.
class LetterEmbedder final : public Embedder {
 public:
  Task<Result<Embeddings>> Embed(Call /*call*/, EmbeddingRequest request) override {
    Embeddings embeddings;
    for (const Prompt& input : request.inputs) {
      embeddings.vectors.push_back(Of(std::get<TextPrompt>(input).text));
    }
    co_return embeddings;
  }
  static std::vector<float> Of(const std::string& text) {
    std::vector<float> vector(kLetters, 0.01F);
    for (const char c : text) {
      if (c >= 'a' && c <= 'z') vector[static_cast<size_t>(c - 'a')] += 1;
    }
    return vector;
  }
};

// Says the next of its lines, whatever it is asked, and keeps what it was asked; decides as told.
class LinesModel final : public LanguageModel {
 public:
  explicit LinesModel(Loop& loop) : loop_(loop) {}

  Task<Result<Generation>> Generate(Call /*call*/, GenerationRequest request) override {
    models.push_back(request.model);
    prompts.push_back(std::get<ChatPrompt>(request.prompt).messages.items()[0]["content"].AsString());
    if (lines.empty()) co_return Error::Unavailable(request.model, "is not there");
    clock.Advance(takes);
    Gathered said;
    said.choices.resize(1);
    said.choices[0].text = lines.front();
    said.end.usage = {.prompt_tokens = 10, .completion_tokens = 3};
    lines.pop_front();
    co_return Replay(loop_, EventsOf(said));
  }
  Task<Result<Decision>> Decide(Call /*call*/, DecisionRequest request) override {
    Decision decision;
    const bool helps = !helpful.empty() && request.input[0].text.find(helpful) != std::string::npos;
    decision.answers.push_back(DecisionAnswer::Of(helps ? std::vector{0.1, 0.9} : std::vector{0.9, 0.1}));
    co_return decision;
  }
  Task<Result<Generation>> Prepare(Call /*call*/, GenerationRequest /*request*/) override { co_return Generation(); }
  Task<Result<ModelDetails>> Describe(Call /*call*/, std::string /*model*/) override { co_return ModelDetails(); }
  Task<Result<std::vector<TokenText>>> Spell(Call /*call*/, std::string /*model*/,
                                             std::vector<int32_t> tokens) override {
    co_return std::vector<TokenText>(tokens.size());
  }

  std::deque<std::string> lines;
  std::vector<std::string> prompts, models;
  std::string helpful;
  std::chrono::milliseconds takes{0};
  ManualClock clock;

 private:
  Loop& loop_;
};

class StagesTest : public testing::Test {
 protected:
  StagesTest() {
    loop_.AddStepper([] {
      std::this_thread::yield();
      return true;
    });
    Put("cats.md",
        "# Animals\n\nIntro.\n\n## Cats\n\nCats sleep long. They purr when calm. They hunt mice.\n\nThe end of "
        "cats.\n\n## Dogs\n\nDogs bark.\n",
        {"They purr when calm.", "They hunt mice.", "Dogs bark."});
    Put("tea.md", "Green tea is brewed at seventy degrees.\n", {"Green tea is brewed at seventy degrees."});
    Put("zebra.md", "zzzz zzz zz\n", {"zzzz zzz zz"});
  }

  void Put(const std::string& id, const std::string& text, const std::vector<std::string>& chunks) {
    IndexedDocument indexed;
    indexed.source_id = indexed.document.id = id;
    indexed.document.text = text;
    for (const std::string& part : chunks) {
      Chunk chunk;
      const auto begin = static_cast<int64_t>(text.find(part));
      chunk.span = chunk.shown = {begin, begin + static_cast<int64_t>(part.size())};
      indexed.parts.push_back({chunk, LetterEmbedder::Of(part), "h"});
    }
    ASSERT_TRUE(corpus_->Replace({id}, {std::move(indexed)}).ok());
  }

  // A document of one chunk.
  void PutFacts(const std::string& id, const std::string& text, std::vector<ChunkFacts::Relation> relations) {
    IndexedDocument indexed;
    indexed.source_id = indexed.document.id = id;
    indexed.document.text = text;
    Chunk chunk;
    chunk.span = chunk.shown = {0, static_cast<int64_t>(text.size())};
    chunk.facts.relations = std::move(relations);
    indexed.parts.push_back({chunk, LetterEmbedder::Of(text), "h"});
    ASSERT_TRUE(corpus_->Replace({id}, {std::move(indexed)}).ok());
  }

  static StageConfig Named(const std::string& name) {
    StageConfig stage;
    stage.stage = name;
    return stage;
  }

  Retrieved Search(const std::string& query, std::vector<StageConfig> stages, std::vector<HistoryTurn> history = {},
                   bool vectors = false) {
    RetrievalConfig config;
    config.vectors = vectors;
    config.stages = std::move(stages);
    RankerTools tools{.embedder = &embedder_, .model = &model_, .chat_model = "small"};
    tools.clock = &model_.clock;
    const Retriever retriever(*corpus_, pool_, config, tools);
    RetrievalRequest request;
    request.query = query;
    request.history = std::move(history);
    auto retrieved = loop_.Run(retriever.Retrieve({}, std::move(request)));
    EXPECT_TRUE(retrieved.ok()) << retrieved.error().Message();
    return retrieved.ok() ? *retrieved : Retrieved();
  }
  static std::vector<std::string> TextsOf(const Retrieved& retrieved) {
    std::vector<std::string> texts;
    for (const Passage& passage : retrieved.passages) texts.push_back(passage.text);
    return texts;
  }

  SimFiles files_;
  ManualLoop loop_{1};
  Pool pool_{loop_, 1};
  std::unique_ptr<LocalCorpus> corpus_ =
      LocalCorpus::Open(files_, "/corpus", {.embedder = "letters", .dimensions = kLetters}).value();
  LetterEmbedder embedder_;
  LinesModel model_{loop_};
};

TEST_F(StagesTest, AFollowUpIsRewrittenFromTheHistory) {
  model_.lines = {"Question: \"At how many degrees is green tea brewed?\"\nBecause you asked."};
  const Retrieved retrieved = Search("And how hot?", {Named("rewrite")}, {{"user", "Tell me of green tea"}});
  EXPECT_EQ(retrieved.question, "At how many degrees is green tea brewed?");
  EXPECT_THAT(TextsOf(retrieved), ElementsAre("Green tea is brewed at seventy degrees."));
  EXPECT_THAT(model_.prompts[0], HasSubstr("user: Tell me of green tea\nuser: And how hot?"));
  EXPECT_EQ(retrieved.usage.completion_tokens, 3);

  EXPECT_EQ(Search("green tea", {Named("rewrite")}).question, "green tea") << "without history nobody is asked";
  EXPECT_EQ(model_.prompts.size(), 1u);
}

TEST_F(StagesTest, TheAskersLastTurnsAreSearchedToo) {
  StageConfig stage = Named("history");
  stage.count = 2;
  const std::vector<HistoryTurn> history = {
      {"user", "zebra zz"}, {"user", "Tell me of tea"}, {"assistant", "Of cats?"}, {"user", "Of green tea"}};
  const Retrieved retrieved = Search("And how hot?", {stage}, history);
  EXPECT_EQ(retrieved.question, "Tell me of tea Of green tea And how hot?");
  EXPECT_THAT(TextsOf(retrieved), ElementsAre("Green tea is brewed at seventy degrees."));
  EXPECT_THAT(model_.prompts, IsEmpty());
  EXPECT_EQ(Search("green tea", {stage}).question, "green tea");
  const std::string longest(999, 'a');
  EXPECT_EQ(Search("b", {stage}, {{"user", longest + "\u00e9\u00e9"}}).question, longest + " b") << "no half character";
}

TEST_F(StagesTest, FurtherQuestionsAreSearchedAndCountLess) {
  model_.lines = {R"({"list": ["purr calm", "tea", "tea", ""]})"};
  StageConfig stage = Named("multi_query");
  stage.weight = 0.25;
  const Retrieved retrieved = Search("dogs bark", {stage});
  EXPECT_THAT(TextsOf(retrieved),
              ElementsAre("Dogs bark.", "They purr when calm.", "Green tea is brewed at seventy degrees."))
      << "equal scores in order of ids";
  ASSERT_EQ(retrieved.queries.size(), 3u) << "the same twice is one";
  EXPECT_NEAR(retrieved.passages[0].score, 1 / 1.5, 1e-9);
  EXPECT_NEAR(retrieved.passages[1].score, 0.25 / 1.5, 1e-9);
  EXPECT_TRUE(retrieved.passages[1].text_score.has_value());

  model_.lines = {R"({"list": ["purr calm", "hunt mi)"};
  EXPECT_EQ(Search("dogs", {Named("decomposition")}).queries.size(), 2u) << "of a cut list what is whole";
  model_.lines = {"Why do animals make sounds? purr"};
  EXPECT_EQ(Search("dogs", {Named("step_back")}).passages.size(), 2u);
}

TEST_F(StagesTest, AMadeUpAnswerIsSearchedByLikenessAlone) {
  model_.lines = {"zz zzzz"};
  StageConfig stage = Named("hyde");
  stage.weight = 2;
  const Retrieved retrieved = Search("striped?", {stage}, {}, true);
  ASSERT_EQ(retrieved.queries.size(), 2u);
  EXPECT_EQ(retrieved.queries[1].words, "");
  EXPECT_TRUE(retrieved.queries[1].meaning_is_passage);
  EXPECT_EQ(retrieved.passages[0].document_id, "zebra.md");
  EXPECT_EQ(retrieved.query_vector, LetterEmbedder::Of("striped?")) << "of the question itself";
}

TEST_F(StagesTest, WhatFailsOrTakesTooLongIsLeftOutAndTold) {
  const Retrieved without = Search("dogs", {Named("step_back"), Named("hyde")});
  EXPECT_THAT(without.skipped, ElementsAre("step_back: small: is not there", "hyde: small: is not there"));
  EXPECT_THAT(TextsOf(without), ElementsAre("Dogs bark."));
  model_.lines = {"nothing that is JSON"};
  EXPECT_THAT(Search("dogs", {Named("multi_query")}).skipped, ElementsAre(HasSubstr("got no line")));
  model_.lines = {"tea"};
  model_.takes = std::chrono::milliseconds(70);
  StageConfig hasty = Named("step_back");
  hasty.budget_ms = 50, hasty.model = "other";
  const Retrieved late = Search("dogs", {hasty});
  EXPECT_THAT(late.skipped, ElementsAre("step_back: took longer than 50 ms"));
  EXPECT_EQ(late.queries.size(), 1u);
  EXPECT_EQ(late.usage.completion_tokens, 3) << "what was spent was spent";
  EXPECT_EQ(model_.models.back(), "other");
}

TEST_F(StagesTest, AnUnknownStageIsAnErrorByName) {
  RetrievalConfig config;
  config.stages = {Named("magic")};
  const Retriever retriever(*corpus_, pool_, config, {});
  const auto retrieved = loop_.Run(retriever.Retrieve({}, {.query = "q", .filter = {}, .visible = {}}));
  EXPECT_THAT(retrieved.error().Message(), HasSubstr("retrieval.stages: got 'magic', want one of corrective, "));
}

TEST_F(StagesTest, WhatDoesNotHelpIsSearchedAgain) {
  model_.lines = {"purr"};
  const Retrieved again = Search("bark", {Named("corrective")});
  EXPECT_THAT(TextsOf(again), ElementsAre("Dogs bark.", "They purr when calm."));
  model_.helpful = "Dogs bark.";
  EXPECT_THAT(TextsOf(Search("bark", {Named("corrective")})), ElementsAre("Dogs bark."));
  EXPECT_EQ(model_.prompts.size(), 1u) << "something helped";
}

TEST_F(StagesTest, PassagesAreShownWithTheirSentencesOrSection) {
  StageConfig one_each = Named("sentence_window");
  one_each.count = 1;
  const Retrieved window = Search("purr", {one_each});
  ASSERT_EQ(window.passages.size(), 1u);
  EXPECT_EQ(window.passages[0].shown, "Cats sleep long. They purr when calm. They hunt mice.");
  EXPECT_EQ(window.passages[0].text, "They purr when calm.") << "what was found stays what is cited";

  const Retrieved parent = Search("purr mice", {Named("parent")});
  ASSERT_EQ(parent.passages.size(), 1u) << "the other stands in the same section";
  EXPECT_THAT(parent.passages[0].shown, testing::StartsWith("## Cats"));
  EXPECT_THAT(parent.passages[0].shown, HasSubstr("The end of cats."));
  EXPECT_THAT(parent.passages[0].shown, Not(HasSubstr("Dogs")));
  const TextSpan shown = parent.passages[0].chunk.shown;
  EXPECT_EQ(*corpus_->Read("cats.md", shown, {}), parent.passages[0].shown);

  StageConfig narrow = Named("parent");
  narrow.limit = 60;
  const Retrieved little = Search("purr", {narrow});
  EXPECT_EQ(little.passages[0].shown, "Cats sleep long. They purr when calm. They hunt mice.");
}

// Of three passages two say nothing that the question says, but of these one is joined with what was found.
TEST_F(StagesTest, TheGraphFindsWhatIsJoinedWithWhatWasFound) {
  PutFacts("ada.md", "Ada wrote notes for Babbage.", {{"Ada", "wrote for", "Babbage"}});
  PutFacts("engine.md", "Babbage built an engine in London.", {{"Babbage", "built", "engine"}});
  PutFacts("steam.md", "London had many steam trains.", {{"London", "had", "trains"}});
  const Retrieved without = Search("Who wrote notes?", {});
  EXPECT_THAT(TextsOf(without), ElementsAre("Ada wrote notes for Babbage."));
  const Retrieved retrieved = Search("Who wrote notes?", {Named("graph")});
  EXPECT_THAT(TextsOf(retrieved), ElementsAre("Ada wrote notes for Babbage.", "Babbage built an engine in London."))
      << "one step away";
  EXPECT_GT(retrieved.passages[0].score, retrieved.passages[1].score);
  EXPECT_TRUE(model_.prompts.empty()) << "nobody is asked";
}

TEST_F(StagesTest, AGlobalQuestionGetsABitOfEverything) {
  for (int i = 0; i < 4; ++i) {
    PutFacts("wine" + std::to_string(i) + ".md", "red wine, red wine, red grapes", {{"wine", "is", "red"}});
  }
  PutFacts("rose.md", "A rose is red and grows in gardens all around the world.", {{"rose", "grows in", "gardens"}});
  const Retrieved one = Search("red", {Named("graph_global")});
  EXPECT_EQ(one.passages.back().document_id, "rose.md") << "no question about everything";
  model_.helpful = "red";
  const Retrieved all = Search("red", {Named("graph_global")});
  ASSERT_EQ(all.passages.size(), 5u);
  EXPECT_EQ(all.passages[1].document_id, "rose.md");
}

TEST_F(StagesTest, ASummaryIsReadInThePlaceOfWhatItSumsUp) {
  IndexedDocument indexed;
  indexed.source_id = indexed.document.id = "long.md";
  indexed.document.text = "Walruses swim far. They rest on ice.";
  Chunk summary;
  summary.span = summary.shown = {0, static_cast<int64_t>(indexed.document.text.size())};
  summary.sums_up = true, summary.context = "Life of pinnipeds.";
  indexed.parts.push_back({summary, LetterEmbedder::Of(summary.context), "s"});
  ASSERT_TRUE(corpus_->Replace({"long.md"}, {std::move(indexed)}).ok());
  const Retrieved retrieved = Search("pinnipeds", {});
  ASSERT_EQ(retrieved.passages.size(), 1u);
  EXPECT_EQ(retrieved.passages[0].shown, "Life of pinnipeds.");
  EXPECT_EQ(retrieved.passages[0].text, "Walruses swim far. They rest on ice.") << "what is quoted is the document's";
  EXPECT_THAT(Search("walruses", {}).passages, IsEmpty()) << "its text is found by its own chunks";
}

TEST(OneLineOfTest, TakesTheLineThatWasMeant) {
  EXPECT_EQ(OneLineOf("\n Question: \"What is it?\" \nI hope that helps"), "What is it?");
  EXPECT_EQ(OneLineOf("**Answer: How?**"), "How?");
  EXPECT_EQ(OneLineOf("What do you want: tea or milk?"), "What do you want: tea or milk?");
  EXPECT_EQ(OneLineOf(" \n "), "");
  EXPECT_EQ(OneLineOf(std::string(499, 'a') + "\xC3\xA4"), std::string(499, 'a'));
}

}  // namespace
}  // namespace atelier
