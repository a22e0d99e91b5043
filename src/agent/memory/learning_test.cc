#include "agent/memory/learning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "agent/memory/context.h"
#include "base/io/sim_files.h"
#include "base/task/manual_loop.h"
#include "provider/gathered.h"

namespace atelier {
namespace {

using testing::HasSubstr;
using testing::Not;

// Says what it is told to, and relates notes as it is told to.
class NoteWriter final : public LanguageModel {
 public:
  explicit NoteWriter(Loop& loop) : loop_(loop) {}
  Task<Result<Generation>> Generate(Call, GenerationRequest request) override {
    asked = std::get<ChatPrompt>(request.prompt).messages[0]["content"].AsString();
    has_schema = request.options.grammar && request.options.grammar->schema.is_object();
    Gathered gathered;
    gathered.choices.resize(1);
    gathered.choices[0].text = asked.starts_with("Say in a few words") ? R"({"task": ")" + task + "\"}" : says;
    co_return Replay(loop_, EventsOf(gathered));
  }
  Task<Result<Decision>> Decide(Call, DecisionRequest request) override {
    if (request.questions[0].kind == QuestionKind::kPredicate) {
      Decision whether;
      whether.answers.push_back(DecisionAnswer::Of({1 - did, did}));
      co_return whether;
    }
    std::vector<double> likely(request.questions[0].options.size(), 0.0);
    likely[relation] = 1 - unsure;
    likely[(relation + 1) % likely.size()] = unsure;
    Decision decision;
    decision.answers.push_back(DecisionAnswer::Of(std::move(likely)));
    co_return decision;
  }
  Task<Result<Generation>> Prepare(Call, GenerationRequest) override { co_return Error::Unsupported("", "a test"); }
  Task<Result<ModelDetails>> Describe(Call, std::string) override { co_return ModelDetails(); }
  Task<Result<std::vector<TokenText>>> Spell(Call, std::string, std::vector<int32_t>) override {
    co_return Error::Unsupported("", "a test");
  }

  std::string says, asked, task = "adding up";
  double did = 0.9;  // what was asked
  bool has_schema = false;
  size_t relation = 0;
  double unsure = 0.1;

 private:
  Loop& loop_;
};

class LearningTest : public testing::Test {
 protected:
  LearningTest() {
    loop_.AddStepper([] {
      std::this_thread::yield();
      return true;
    });
  }

  void Say(std::string text, int64_t said_ms) {
    MemoryTurn turn;
    turn.speaker = "Ana", turn.text = std::move(text), turn.said_ms = said_ms;
    std::vector<MemoryTurn> turns = {std::move(turn)};
    ASSERT_TRUE(loop_.Run(memory_.Record({}, scope_, std::move(turns))).ok());
  }
  Learnt Learn(std::string note) {
    model_.says = R"({"notes": [{"kind": "fact", "text": ")" + note +
                  R"(", "turns": [1], "importance": 5}], "summary": "Ana talks."})";
    return LearnWhatIsSaid();
  }
  // A turn and its answer, which came of what `work_` says.
  void AskAndAnswer(const std::string& work) {
    MemoryTurn asked, answered;
    asked.speaker = "ana", asked.text = "What do they cost together?", answered.speaker = "bot",
    answered.text = "Seven.";
    asked.work = answered.work = work, asked.said_ms = answered.said_ms = 1'000;
    asked.reference = work + "/asked", answered.reference = work + "/answered";
    std::vector<MemoryTurn> turns = {std::move(asked), std::move(answered)};
    ASSERT_TRUE(loop_.Run(memory_.Record({}, scope_, std::move(turns))).ok());
  }
  Task<Result<std::optional<WorkDone>>> FindIt(std::string work) {
    const auto at = work_.find(work);
    co_return at == work_.end() ? std::nullopt : std::optional(at->second);
  }
  std::vector<MemoryFact> Procedures() { return store_->ListFacts({}, "procedure", "", 100).value(); }
  Learnt LearnWhatIsSaid() {
    MemoryLearner learner(memory_, model_, "m", clock_, [this](std::string work) { return FindIt(std::move(work)); });
    const auto learnt = loop_.Run(learner.Learn({}, scope_));
    EXPECT_TRUE(learnt.ok()) << learnt.error().Message();
    return *learnt;
  }
  std::vector<MemoryFact> Facts() { return store_->ListFacts({}, "fact", "", 100).value(); }

  SimFiles files_;
  ManualLoop loop_{1};
  ManualClock clock_;
  Pool pool_{loop_, 1};
  std::unique_ptr<MemoryStore> store_ = MemoryStore::Open(files_, "/memory", {}).value();
  Memory memory_{*store_, pool_, nullptr};
  NoteWriter model_{loop_};
  std::map<std::string, WorkDone> work_;
  const MemoryScope scope_{.user = "ana", .agent = "bot", .session = "one"};
};

TEST_F(LearningTest, AFactStandsOnItsTurnsAndIsSoSinceTheyWereSaid) {
  Say("I live in Rome.", 1'000);
  EXPECT_EQ(Learn("Ana lives in Rome.").num_added, 1);
  EXPECT_TRUE(model_.has_schema);
  EXPECT_THAT(model_.asked, HasSubstr("[1] (1970-01-01) Ana: I live in Rome."));
  ASSERT_EQ(Facts().size(), 1u);
  const MemoryFact fact = Facts()[0];
  EXPECT_EQ(fact.text, "Ana lives in Rome.");
  EXPECT_EQ(fact.valid_from_ms, 1'000);
  EXPECT_EQ(fact.recorded_ms, clock_.UnixNanos() / 1'000'000);
  ASSERT_EQ(fact.sources.size(), 1u);
  EXPECT_EQ(store_->Turns(fact.sources).value()[0].text, "I live in Rome.");
  EXPECT_EQ(store_->Facts({EpisodeId(scope_)}).value().at(0).text, "Ana talks.");
}

TEST_F(LearningTest, TurnsAreLearntFromOnce) {
  Say("I live in Rome.", 1'000);
  EXPECT_EQ(Learn("Ana lives in Rome.").num_turns, 1);
  EXPECT_EQ(Learn("Ana lives in Rome.").num_turns, 0);
  Say("I like it.", 2'000);
  EXPECT_EQ(Learn("Ana likes Rome.").num_turns, 1);
  EXPECT_THAT(model_.asked, HasSubstr("The conversation before: Ana talks."));
}

TEST_F(LearningTest, WhatHasChangedGetsAnEndAndASuccessor) {
  Say("I live in Rome.", 1'000);
  Learn("Ana lives in Rome.");
  Say("I moved to Oslo.", 5'000);
  model_.relation = 2;
  EXPECT_EQ(Learn("Ana lives in Oslo.").num_replaced, 1);
  MemoryFact rome, oslo;
  for (const MemoryFact& fact : Facts()) (fact.text == "Ana lives in Rome." ? rome : oslo) = fact;
  EXPECT_EQ(rome.valid_to_ms, 5'000);
  EXPECT_EQ(rome.replaced_by, oslo.id);
  EXPECT_TRUE(rome.holds(4'999));
  EXPECT_FALSE(rome.holds(5'000));
  EXPECT_TRUE(oslo.holds(5'000));
}

TEST_F(LearningTest, WhatWasNeverSoIsWithdrawnAndWhatIsSaidAgainIsMerged) {
  Say("I live in Rome.", 1'000);
  Learn("Ana lives in Rome.");
  Say("I live in Rome, you know.", 2'000);
  model_.relation = 1;
  EXPECT_EQ(Learn("Ana lives in Rome by now.").num_merged, 1);
  ASSERT_EQ(Facts().size(), 1u);
  EXPECT_EQ(Facts()[0].sources.size(), 2u);
  Say("No, I never lived in Rome, but in Pisa.", 3'000);
  model_.relation = 3;
  EXPECT_EQ(Learn("Ana lives in Pisa, not in Rome.").num_withdrawn, 1);
  for (const MemoryFact& fact : Facts()) EXPECT_EQ(fact.withdrawn_ms > 0, fact.text == "Ana lives in Rome.");
}

TEST_F(LearningTest, WhatIsToBeForgottenIsGone) {
  Say("I live in Rome.", 1'000);
  Learn("Ana lives in Rome.");
  Say("Forget that I live in Rome.", 2'000);
  model_.relation = 4;
  EXPECT_EQ(Learn("Ana wants that Rome be forgotten.").num_forgotten, 1);
  EXPECT_TRUE(Facts().empty());
}

TEST_F(LearningTest, NothingIsLostOnAGuess) {
  Say("I live in Rome.", 1'000);
  Learn("Ana lives in Rome.");
  Say("I moved to Oslo.", 5'000);
  model_.relation = 2, model_.unsure = 0.45;
  EXPECT_EQ(Learn("Ana lives in Oslo.").num_added, 1);
  for (const MemoryFact& fact : Facts()) EXPECT_EQ(fact.valid_to_ms, 0) << fact.text;
}

TEST_F(LearningTest, NotesThatAreCutOffOrNonsenseTeachNothingAndAreCounted) {
  Say("I live in Rome.", 1'000);
  model_.says = R"({"notes": [{"kind": "fa)";
  EXPECT_EQ(LearnWhatIsSaid().num_unread, 1);
  Say("Still.", 2'000);
  model_.says = R"({"notes": [7, {"kind": "fact"}, {"kind": "fact", "text": "a", "turns": [99], "importance": 3}],
                    "summary": 7})";
  EXPECT_EQ(LearnWhatIsSaid().num_unread, 0);
  EXPECT_LE(Facts().size(), 1u);
}

TEST_F(LearningTest, AForgottenTurnTakesWhatWasLearntOfIt) {
  Say("I live in Rome.", 1'000);
  Learn("Ana lives in Rome.");
  const auto turns = store_->List(scope_, "", 10).value();
  EXPECT_EQ(store_->Forget({turns[0].id}).value(), 1);
  EXPECT_TRUE(Facts().empty());
  EXPECT_TRUE(store_->Facts({EpisodeId(scope_)}).value().empty());
}

TEST_F(LearningTest, TheContextHoldsWhatBearsOnTheQuestionWithinItsBudget) {
  for (int i = 0; i < 20; ++i) Say("Number " + std::to_string(i) + " of many about boats.", 1'000 + i);
  Say("My cat is called Saffron.", 2'000);
  Learn("Ana has a cat called Saffron.");
  for (int i = 0; i < 4; ++i) Say("It rains, " + std::to_string(i) + ".", 3'000 + i);
  ContextRequest request;
  request.question = "What is the cat called?", request.scope = scope_, request.num_recent = 2;
  request.now_ms = clock_.UnixNanos() / 1'000'000;
  const std::string context = loop_.Run(MemoryContext({}, memory_, request)).value();
  EXPECT_THAT(context, HasSubstr("Known:\n1970-01-01 Ana has a cat called Saffron."));
  EXPECT_THAT(context, HasSubstr("Ana: My cat is called Saffron."));
  EXPECT_THAT(context, HasSubstr("It rains, 3."));
  request.max_tokens = 25;
  const std::string small = loop_.Run(MemoryContext({}, memory_, request)).value();
  EXPECT_LE(small.size(), 100u);
  EXPECT_THAT(small, HasSubstr("It rains, 3.")) << "the newest stays longest";
  request.scope.user = "ben";
  EXPECT_THAT(loop_.Run(MemoryContext({}, memory_, request)).value(), Not(HasSubstr("Saffron")));
}

TEST_F(LearningTest, WhatWorkedIsLearntFromWhatWasDone) {
  work_["run_1/2"] = {.worked = {"search_docs", "calculator", "calculator"}};
  AskAndAnswer("run_1/2");
  EXPECT_EQ(LearnWhatIsSaid().num_added, 1);
  ASSERT_EQ(Procedures().size(), 1u);
  const MemoryFact procedure = Procedures()[0];
  EXPECT_EQ(procedure.text, "What worked for adding up: search_docs, then calculator (2 times)");
  EXPECT_EQ(procedure.valid_from_ms, 1'000);
  const auto turns = store_->Turns(procedure.sources).value();
  ASSERT_EQ(turns.size(), 2u);
  EXPECT_EQ(turns[0].text + " " + turns[1].text, "What do they cost together? Seven.");
  // And it is told to who asks for the like.
  ContextRequest request;
  request.question = "Are you good at adding up?", request.scope = scope_;
  request.now_ms = clock_.UnixNanos() / 1'000'000;
  EXPECT_THAT(loop_.Run(MemoryContext({}, memory_, request)).value(), HasSubstr("What worked for adding up"));
  // With the turns goes what was learnt of them.
  EXPECT_EQ(store_->Forget({turns[1].id}).value(), 1);
  EXPECT_TRUE(Procedures().empty());
}

TEST_F(LearningTest, WhatWorksAgainIsMergedAndWhatWorksBetterTakesItsPlace) {
  work_["run_1/2"] = work_["run_2/2"] = {.worked = {"calculator"}};
  AskAndAnswer("run_1/2");
  LearnWhatIsSaid();
  AskAndAnswer("run_2/2");
  EXPECT_EQ(LearnWhatIsSaid().num_merged, 1);
  ASSERT_EQ(Procedures().size(), 1u);
  EXPECT_EQ(Procedures()[0].sources.size(), 4u);
  work_["run_3/2"] = {.worked = {"sheet_sum"}};
  AskAndAnswer("run_3/2");
  model_.relation = 4;
  EXPECT_EQ(LearnWhatIsSaid().num_added, 1) << "nobody asked to forget";
  work_["run_4/2"] = {.worked = {"ledger"}};
  AskAndAnswer("run_4/2");
  model_.relation = 2;
  EXPECT_EQ(LearnWhatIsSaid().num_replaced, 1);
}

TEST_F(LearningTest, WhatDidNotWorkIsNoProcedure) {
  std::vector<std::string> many;
  for (int i = 0; i < 8; ++i) many.insert(many.end(), {"search_docs", "calculator"});
  work_["no_calls/2"] = {};
  work_["many/2"] = {.worked = many};
  work_["refused/2"] = {.worked = {"calculator"}, .was_refused = true};
  for (const char* work : {"no_calls/2", "many/2", "refused/2", "unknown/2"}) AskAndAnswer(work);
  LearnWhatIsSaid();
  EXPECT_TRUE(Procedures().empty());
  work_["run_1/2"] = {.worked = {"calculator"}};
  AskAndAnswer("run_1/2");
  model_.did = 0.55;
  LearnWhatIsSaid();
  EXPECT_TRUE(Procedures().empty()) << "whether it did what was asked is a guess";
}

TEST_F(LearningTest, WhatTheModelReadsAnywayIsNotToldAgain) {
  Say("My cat is called Saffron.", 1'000);
  Say("The cat likes fish.", 2'000);
  ContextRequest request;
  request.question = "What is the cat called?", request.scope = scope_;
  request.now_ms = clock_.UnixNanos() / 1'000'000;
  request.read = {"My cat is called Saffron."};
  const std::string context = loop_.Run(MemoryContext({}, memory_, request)).value();
  EXPECT_THAT(context, Not(HasSubstr("Saffron")));
  EXPECT_THAT(context, HasSubstr("Said before:\n1970-01-01 Ana: The cat likes fish."));
}

TEST_F(LearningTest, ATurnRecordedTwiceIsThereOnce) {
  for (int i = 0; i < 2; ++i) {
    MemoryTurn turn;
    turn.speaker = "Ana", turn.text = "Hello.", turn.reference = "run_1/asked";
    std::vector<MemoryTurn> turns = {std::move(turn)};
    ASSERT_TRUE(loop_.Run(memory_.Record({}, scope_, std::move(turns))).ok());
  }
  EXPECT_EQ(store_->List(scope_, "", 10).value().size(), 1u);
}

}  // namespace
}  // namespace atelier
