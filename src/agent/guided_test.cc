#include <gtest/gtest.h>

#include "agent/agent_testing.h"
#include "agent/spans.h"
#include "agent/tool_output.h"

namespace atelier {
namespace {

Json Text() { return Json::Object({{"type", "string"}}); }

TEST(Spans, AreRunsOfWordsWithoutThePunctuationAround) {
  const auto spans = SpansFor("Say \"hi\" (now), ok?", Text());
  ASSERT_TRUE(spans.ok());
  const std::vector<std::string> want = {"Say",       "Say \"hi",   "Say \"hi\" (now)", "Say \"hi\" (now), ok",
                                         "hi",        "hi\" (now)", "hi\" (now), ok",   "(now)",
                                         "(now), ok", "ok"};
  EXPECT_EQ(*spans, want);
}

TEST(Spans, WhereTheSchemaTellsTheLongestIsMeant) {
  Json sum = Text();
  sum.Set("pattern", R"(^[\d(][\d\s+*()]*$)");
  EXPECT_EQ(*SpansFor("What is 3 * (4 + 5), and 2+2?", sum), (std::vector<std::string>{"3 * (4 + 5)", "2+2"}));
  Json date = Text();
  date.Set("format", "date");
  EXPECT_EQ(*SpansFor("From 2024-01-05 to 2024-03-01.", date), (std::vector<std::string>{"2024-01-05", "2024-03-01"}));
  const Json number = Json::Object({{"type", "integer"}, {"minimum", 10}});
  EXPECT_EQ(*SpansFor("Take 5 of 12, not 3.5.", number), (std::vector<std::string>{"12"}));
}

TEST(Spans, OfALongTextAreBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "word" + std::to_string(i) + " ";
  EXPECT_EQ(SpansFor(text, Text())->size(), kMaxSpans);
}

ToolSpec SpecOf(std::string name, std::string parameter) {
  ToolSpec spec;
  spec.name = std::move(name), spec.description = spec.name, spec.outside = false;
  spec.parameters = Json::Object({{"type", "object"},
                                  {"properties", Json::Object({{parameter, Text()}})},
                                  {"required", Json::Array({parameter})}});
  return spec;
}

// A model that chooses the tool whose name stands in the text, copies the longest span, and answers as it is told.
class GuidedTest : public ::testing::Test {
 protected:
  std::unique_ptr<AgentLife> LifeOf(AgentTools tools, std::string answer) {
    Agent agent;
    agent.config.name = "guided", agent.config.model = "m", agent.config.policy = "guided";
    agent.tools = std::move(tools);
    auto life =
        std::make_unique<AgentLife>(folder_.path(), std::move(agent), [answer](const GenerationRequest& request) {
          const auto& grammar = request.options.grammar;
          return Said{.text = grammar ? grammar->choices.front() : answer};
        });
    life->model.decide_choice = ByName;
    return life;
  }
  static std::vector<double> ByName(const DecisionRequest& request) {
    const DecisionQuestion& question = request.questions[0];
    std::vector<double> probabilities(question.num_options(), 0.1);
    if (question.kind == QuestionKind::kPredicate) return std::vector<double>{0.1, 0.9};
    for (size_t i = 0; i < question.options.size(); ++i) {
      std::string name = question.options[i].value;
      if (name.starts_with(kTransfer)) name = name.substr(kTransfer.size());
      if (request.input[0].text.contains(name)) probabilities[i] = 9;
    }
    return probabilities;
  }
  std::shared_ptr<AgentTool> Tool(std::string name, std::string gives, Json* asked = nullptr) {
    return std::make_shared<FunctionTool>(
        SpecOf(std::move(name), "q"), [gives = std::move(gives), asked](const ToolCallInfo&, const Json& arguments) {
          if (asked) *asked = arguments;
          return ToolOutput{.text = gives};
        });
  }

  static constexpr std::string_view kTransfer = "transfer_to_";
  TestFolder folder_;
};

TEST_F(GuidedTest, ChoosesCopiesCallsAndAnswers) {
  Json asked;
  const auto life =
      LifeOf({Tool("weather", "It rains, 12 degrees.", &asked), Tool("news", "none")}, "Rain at 12 degrees.");
  const auto row = life->Start("weather in Oslo");
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->outcome["text"], Json("Rain at 12 degrees.")) << row->outcome.Dump();
  EXPECT_EQ(asked["q"], Json("weather"));
  EXPECT_TRUE(life->Wait(life->runs().Replay(Call(), row->id)).ok());
}

TEST_F(GuidedTest, AnAnswerWithANumberOfItsOwnIsReplacedByWhatTheToolGave) {
  const auto life = LifeOf({Tool("weather", "It rains, 12 degrees."), Tool("news", "none")}, "It has 21 degrees.");
  EXPECT_EQ(life->Start("weather in Oslo")->outcome["text"], Json("It rains, 12 degrees."));
  const auto silent = LifeOf({Tool("weather", "It rains, 12 degrees."), Tool("news", "none")}, "It is nice.");
  EXPECT_EQ(silent->Start("weather in Oslo")->outcome["text"], Json("It rains, 12 degrees."));
}

TEST_F(GuidedTest, AnAnswerThatRepeatsTheMarksOfWhatIsOutsideIsReplacedByWhatTheToolGave) {
  const auto life = LifeOf({Tool("weather", "It rains, 12 degrees."), Tool("news", "none")},
                           MarkedOutside("weather", "It rains, 12 degrees."));
  EXPECT_EQ(life->Start("weather in Oslo")->outcome["text"], Json("It rains, 12 degrees."));
}

TEST_F(GuidedTest, AfterAHandoffTheOtherDoesTheTask) {
  Agent desk;
  desk.config.name = "guided", desk.config.model = "m", desk.config.policy = "guided";
  desk.config.handoffs = {"weather"};
  const auto life = std::make_unique<AgentLife>(folder_.path(), desk, [](const GenerationRequest& request) {
    const auto& grammar = request.options.grammar;
    return Said{.text = grammar ? grammar->choices.front() : "Rain at 12 degrees."};
  });
  life->model.decide_choice = ByName;
  Agent other;
  other.config.name = "weather", other.config.model = "m", other.config.policy = "guided";
  Json asked;
  other.tools = {Tool("weather", "It rains, 12 degrees.", &asked)};
  life->AddAgent(other);
  const auto row = life->Start("weather in Oslo");
  ASSERT_TRUE(row.ok()) << row.error().Message();
  EXPECT_EQ(row->outcome["text"], Json("Rain at 12 degrees.")) << row->outcome.Dump();
  EXPECT_EQ(asked["q"], Json("weather"));
}

TEST_F(GuidedTest, AgentsThatHandOnInACircleEnd) {
  Agent one, two;
  one.config.name = "guided", one.config.model = two.config.model = "m";
  two.config.name = "weather";
  one.config.policy = two.config.policy = "guided";
  one.config.handoffs = {"weather"}, two.config.handoffs = {"guided"};
  const auto life = std::make_unique<AgentLife>(folder_.path(), one, [](const GenerationRequest&) { return Said{}; });
  life->model.decide_choice = ByName;
  life->AddAgent(two);
  const auto row = life->Start("weather, guided");
  ASSERT_TRUE(row.ok()) << row.error().Message();
  EXPECT_EQ(row->status, RunStatus::kLimited);
  EXPECT_EQ(row->outcome["reason"], Json("depth"));
}

TEST_F(GuidedTest, WithoutAToolThatFitsItAnswersAtOnce) {
  const auto life = LifeOf({Tool("weather", "x"), Tool("news", "y")}, "Hello.");
  const auto row = life->Start("please answer this");
  EXPECT_EQ(row->outcome["text"], Json("Hello."));
  EXPECT_EQ(life->model.num_asked, 1);
}

}  // namespace
}  // namespace atelier
