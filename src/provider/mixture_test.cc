#include "provider/mixture.h"

#include <gtest/gtest.h>

#include <map>

#include "base/task/manual_loop.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;

// Says what the test has for the model and shows what it was asked.
class Choir final : public LanguageModel {
 public:
  explicit Choir(Loop& loop) : loop_(loop) {}

  std::map<std::string, std::vector<std::string>> says;  // in turn, the last again and again; "!" fails, "?" hangs
  std::map<std::string, double> believes;                // of texts that a judge reads: how good they are
  std::vector<GenerationRequest> asked;

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override {
    asked.push_back(request);
    const std::vector<std::string>& lines = says.at(request.model);
    const std::string text = lines[std::min(lines.size() - 1, turns_[request.model]++)];
    if (text == "!") co_return Error::Unavailable("provider x", "got status 500");
    if (text == "?") {
      const bool slept = co_await SleepFor(loop_, 1h, call.stop);
      if (!slept || loop_.Now() >= call.deadline) co_return Error::Timeout("", "got nothing");
    }
    Gathered gathered;
    gathered.choices.resize(static_cast<size_t>(request.options.request.n));
    for (size_t i = 0; i < gathered.choices.size(); ++i) {
      gathered.choices[i].text = text;
      gathered.choices[i].tokens = {static_cast<int32_t>(text.size())};
      gathered.choices[i].end.choice = static_cast<int32_t>(i);
    }
    gathered.end.usage = {.prompt_tokens = 10, .cached_tokens = 1, .completion_tokens = 2};
    gathered.end.reasoning_tokens = 1;
    co_return Replay(loop_, EventsOf(gathered));
  }
  Task<Result<Decision>> Decide(Call /*call*/, DecisionRequest request) override {
    Decision decision;
    const double yes = believes.at(request.input.back().text + "@" + request.model);
    decision.answers.push_back(DecisionAnswer::Of({1 - yes, yes}));
    decision.usage.prompt_tokens = 100;
    co_return decision;
  }
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override {
    return Generate(std::move(call), std::move(request));
  }
  Task<Result<ModelDetails>> Describe(Call /*call*/, std::string model) override {
    ModelDetails details;
    details.chat_template = model;
    co_return details;
  }
  Task<Result<std::vector<TokenText>>> Spell(Call, std::string, std::vector<int32_t>) override {
    co_return std::vector<TokenText>();
  }

 private:
  Loop& loop_;
  std::map<std::string, size_t> turns_;
};

GenerationRequest Question() {
  GenerationRequest request;
  request.model = "council";
  ChatPrompt prompt;
  prompt.messages = Json::Array({Json::Object({{"role", "user"}, {"content", "How many?"}})});
  request.prompt = std::move(prompt);
  request.options.seed = 7;
  return request;
}

std::string SystemOf(const GenerationRequest& request) {
  const Json& first = std::get<ChatPrompt>(request.prompt).messages[0];
  return first["role"].AsString() == "system" ? std::string(first["content"].AsString()) : "";
}

class MixtureTest : public testing::Test {
 protected:
  static MixtureConfig Of(std::vector<std::vector<ProposerConfig>> layers, AggregatorConfig aggregator) {
    MixtureConfig config;
    config.name = "council";
    for (auto& proposers : layers) config.layers.push_back({.proposers = std::move(proposers)});
    config.aggregator = std::move(aggregator);
    return config;
  }
  static Task<Result<Gathered>> AskTask(Mixture& mixture, Call call, GenerationRequest request) {
    const int32_t n = request.options.request.n;
    CO_TRY(Generation generation, co_await mixture.Generate(std::move(call), std::move(request)));
    co_return co_await Gather(std::move(generation), n);
  }
  Result<Gathered> Ask(const MixtureConfig& config, GenerationRequest request = Question()) {
    EXPECT_TRUE(CheckMixture(config).ok());
    MixtureSurroundings around{loop_, choir_, {}};
    around.on_attempt = [this](const RouteAttempt& attempt) {
      tries_ += attempt.target + (attempt.error ? "! " : " ");
    };
    Mixture mixture(config, std::move(around));
    return loop_.Run(AskTask(mixture, {}, std::move(request)));
  }

  ManualLoop loop_{1};
  Choir choir_{loop_};
  std::string tries_;
};

TEST_F(MixtureTest, OneProposerWithTheIdentityIsTheModelItself) {
  choir_.says = {{"a", {"seven"}}};
  GenerationRequest request = Question();
  request.options.request.n = 2;
  const auto answer = Ask(Of({{{.model = "a"}}}, {.how = "identity"}), request);
  ASSERT_TRUE(answer.ok()) << answer.error().Message();
  EXPECT_EQ(answer->choices[1].text, "seven");
  EXPECT_EQ(answer->end.usage.prompt_tokens, 10);
  ASSERT_EQ(choir_.asked.size(), 1U);
  EXPECT_EQ(choir_.asked[0].options.seed, 7U);
  EXPECT_EQ(choir_.asked[0].options.request.n, 2);
  EXPECT_EQ(std::get<ChatPrompt>(choir_.asked[0].prompt).messages, std::get<ChatPrompt>(request.prompt).messages);
}

TEST_F(MixtureTest, TheWriterReadsWhatTheProposersSaidAndTheirUsageIsCounted) {
  choir_.says = {{"a", {"six"}}, {"b", {"seven"}}, {"w", {"seven, I think"}}};
  const auto answer = Ask(Of({{{.model = "a"}, {.model = "b"}}}, {.how = "write", .model = "w"}));
  ASSERT_TRUE(answer.ok()) << answer.error().Message();
  EXPECT_EQ(answer->choices[0].text, "seven, I think");
  EXPECT_EQ(answer->end.usage.prompt_tokens, 30);
  EXPECT_EQ(answer->end.usage.completion_tokens, 6);
  EXPECT_EQ(answer->end.reasoning_tokens, 3);
  ASSERT_EQ(choir_.asked.size(), 3U);
  EXPECT_EQ(SystemOf(choir_.asked[0]), "");
  const std::string read = SystemOf(choir_.asked[2]);
  EXPECT_NE(read.find("<answer 1>\nsix\n</answer 1>"), std::string::npos) << read;
  EXPECT_NE(read.find("<answer 2>\nseven\n</answer 2>"), std::string::npos) << read;
  EXPECT_EQ(tries_, "a b ");
}

TEST_F(MixtureTest, ALayerReadsTheLayerBeforeItAlone) {
  choir_.says = {{"a", {"first"}}, {"b", {"second"}}, {"c", {"third"}}};
  const auto answer = Ask(Of({{{.model = "a"}}, {{.model = "b"}}, {{.model = "c"}}}, {.how = "identity"}));
  ASSERT_TRUE(answer.ok()) << answer.error().Message();
  EXPECT_EQ(answer->choices[0].text, "third");
  EXPECT_NE(SystemOf(choir_.asked[1]).find("first"), std::string::npos);
  EXPECT_NE(SystemOf(choir_.asked[2]).find("second"), std::string::npos);
  EXPECT_EQ(SystemOf(choir_.asked[2]).find("first"), std::string::npos);
}

TEST_F(MixtureTest, OnlyWhatIsDeliveredIsAskedForToolsAndSchema) {
  choir_.says = {{"a", {"six"}}, {"w", {"{}"}}};
  GenerationRequest request = Question();
  request.options.grammar = GrammarSpec{};
  request.options.request.logprobs = 3;
  request.options.request.max_tokens = 5000;
  auto config = Of({{{.model = "a", .samples = 2, .temperature = 0.5, .instructions = "Be brief."}}},
                   {.how = "write", .model = "w", .instructions = "Be kind."});
  ASSERT_TRUE(Ask(config, request).ok());
  const GenerationRequest &proposer = choir_.asked[1], &writer = choir_.asked[2];
  EXPECT_FALSE(proposer.options.grammar || proposer.options.request.logprobs);
  EXPECT_EQ(proposer.options.request.max_tokens, 1024);
  EXPECT_EQ(proposer.options.request.sampling.temperature, 0.5F);
  EXPECT_EQ(proposer.options.seed, 8U);
  EXPECT_EQ(SystemOf(proposer), "Be brief.");
  EXPECT_TRUE(writer.options.grammar && writer.options.request.logprobs);
  EXPECT_EQ(writer.options.seed, 7U);
  EXPECT_TRUE(SystemOf(writer).ends_with("Be kind."));
}

TEST_F(MixtureTest, AVoteTakesTheCommonestOfWhatMeansTheSame) {
  choir_.says = {{"a", {R"({"n": 6})", R"({"n": 7})", "{\"n\":7}"}}};
  auto config = Of({{{.model = "a", .samples = 3, .temperature = 1}}}, {.how = "vote"});
  auto answer = Ask(config);
  ASSERT_TRUE(answer.ok()) << answer.error().Message();
  EXPECT_EQ(answer->choices[0].text, R"({"n": 7})");
  EXPECT_EQ(answer->end.usage.completion_tokens, 6);
  choir_.says = {{"a", {"Paris.", "It is  Rome", "it is rome."}}};
  config.layers[0].proposers[0].samples = 3;
  Choir fresh(loop_);
  fresh.says = choir_.says;
  Mixture mixture(config, {loop_, fresh, {}});
  answer = loop_.Run(AskTask(mixture, {}, Question()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->choices[0].text, "It is  Rome");
}

TEST_F(MixtureTest, AJudgeChooses) {
  choir_.says = {{"a", {"six"}}, {"b", {"seven"}}};
  choir_.believes = {{"six@j", 0.2}, {"seven@j", 0.9}};
  const auto answer = Ask(Of({{{.model = "a"}, {.model = "b"}}}, {.how = "choose", .model = "j"}));
  ASSERT_TRUE(answer.ok()) << answer.error().Message();
  EXPECT_EQ(answer->choices[0].text, "seven");
  EXPECT_EQ(answer->end.usage.prompt_tokens, 220);
}

TEST_F(MixtureTest, WhoFailsOrIsSlowIsLeftOutWhileEnoughRemain) {
  choir_.says = {{"a", {"!"}}, {"b", {"?"}}, {"c", {"seven"}}, {"w", {"seven"}}};
  auto config = Of({{{.model = "a"}, {.model = "b"}, {.model = "c"}}}, {.how = "write", .model = "w"});
  config.proposer_seconds = 10;
  const auto answer = Ask(config);
  ASSERT_TRUE(answer.ok()) << answer.error().Message();
  EXPECT_EQ(SystemOf(choir_.asked.back()).find("<answer 2>"), std::string::npos);
  config.min_proposals = 2;
  const auto refused = Ask(config);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().Message().find("mixture council: layers[0]"), std::string::npos)
      << refused.error().Message();
}

TEST_F(MixtureTest, WhatASelectionCannotGiveIsRefused) {
  choir_.says = {{"a", {"x"}}, {"w", {"x"}}};
  GenerationRequest request = Question();
  request.options.request.n = 2;
  EXPECT_EQ(Ask(Of({{{.model = "a"}}}, {.how = "vote"}), request).error().where, "n");
  request = Question();
  request.prompt = TextPrompt{"Once"};
  EXPECT_FALSE(Ask(Of({{{.model = "a"}}}, {.how = "write", .model = "w"}), request).ok());
  EXPECT_TRUE(Ask(Of({{{.model = "a"}}}, {.how = "vote"}), request).ok());
}

TEST(MixtureConfigTest, WhatCannotWorkIsRefusedByItsKey) {
  const auto where = [](MixtureConfig config) {
    if (config.name.empty()) config.name = "council";
    const auto checked = CheckMixture(config);
    return checked.ok() ? std::string() : checked.error().where;
  };
  MixtureConfig config;
  EXPECT_EQ(where(config), "layers");
  config.layers.push_back({.proposers = {}});
  EXPECT_EQ(where(config), "layers[0].proposers");
  config.layers[0].proposers.push_back({.model = "a", .samples = 2});
  EXPECT_EQ(where(config), "aggregator.model");
  config.aggregator.how = "identity";
  EXPECT_EQ(where(config), "aggregator.how");
  config.aggregator.how = "vote";
  EXPECT_EQ(where(config), "");
  config.aggregator.model = "w";
  EXPECT_EQ(where(config), "aggregator");
  config.name = "a/b";
  EXPECT_EQ(where(config), "name");
}

TEST_F(MixtureTest, ADecisionIsTheMeanOfTheLastLayers) {
  choir_.believes = {{"text@a", 0.2}, {"text@b", 0.6}};
  Mixture mixture(Of({{{.model = "a"}, {.model = "b"}}}, {.how = "vote"}), {loop_, choir_, {}});
  auto request = DecisionRequest::Of("council", "text", {DecisionQuestion::Predicate("It is so.")});
  const auto decision = loop_.Run(mixture.Decide({}, request));
  ASSERT_TRUE(decision.ok());
  EXPECT_NEAR(decision->answers[0].probability(), 0.4, 1e-9);
  EXPECT_EQ(decision->usage.prompt_tokens, 200);
}

}  // namespace
}  // namespace atelier
