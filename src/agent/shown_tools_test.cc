#include <gtest/gtest.h>

#include "agent/agent_testing.h"
#include "agent/tool_finder.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

std::shared_ptr<AgentTool> Tool(std::string name, std::string description, bool sensitive = false,
                                int* made = nullptr) {
  ToolSpec spec;
  spec.name = std::move(name), spec.description = std::move(description), spec.sensitive = sensitive;
  return std::make_shared<FunctionTool>(std::move(spec), [made](const ToolCallInfo&, const Json&) {
    if (made) ++*made;
    return ToolOutput{.text = "made"};
  });
}

// 200 tools that nobody wants, and some that are asked for.
Agent AgentOf(AgentTools wanted, int64_t show) {
  Agent agent;
  agent.config.name = "tester", agent.config.model = "m", agent.config.show_tools = show;
  for (int i = 0; i < 200; ++i)
    agent.tools.push_back(Tool("filler_" + std::to_string(i), "Turns a screw of size " + std::to_string(i)));
  agent.tools.insert(agent.tools.end(), wanted.begin(), wanted.end());
  return agent;
}

std::set<std::string> Shown(const GenerationRequest& request) {
  std::set<std::string> names;
  for (const auto& tool : std::get<ChatPrompt>(request.prompt).tool_use.tools) names.insert(tool.name);
  return names;
}

int NumAnswered(const GenerationRequest& request) {
  int num = 0;
  for (const Json& message : std::get<ChatPrompt>(request.prompt).messages.items())
    num += message["role"] == Json("tool");
  return num;
}

class ShownTools : public ::testing::Test {
 protected:
  TestFolder folder_;
};

TEST_F(ShownTools, AreThoseThatFitAndMoreAreFound) {
  int made = 0;
  AgentTools wanted = {Tool("book_flight", "Books a flight between two cities"),
                       Tool("water_plants", "Waters the plants of a garden", false, &made)};
  std::vector<std::set<std::string>> shown;
  AgentLife life(folder_.path(), AgentOf(wanted, 5), [&](const GenerationRequest& request) {
    shown.push_back(Shown(request));
    if (NumAnswered(request) == 0) return Said::Calling("find_tools", R"({"query":"water the garden"})");
    if (NumAnswered(request) == 1) return Said::Calling("water_plants", "{}", "call_2");
    return Said{.text = "done"};
  });
  const auto row = life.Start("Book me a flight from Oslo to Rome");
  ASSERT_TRUE(row.ok());
  ASSERT_EQ(row->status, RunStatus::kCompleted) << row->outcome.Dump();
  EXPECT_LE(shown[0].size(), 6U);
  EXPECT_TRUE(shown[0].contains("book_flight") && shown[0].contains("find_tools"));
  EXPECT_FALSE(shown[0].contains("water_plants"));
  EXPECT_TRUE(shown[1].contains("water_plants") && shown[1].contains("book_flight"));
  EXPECT_EQ(made, 1);
  const auto replayed = life.Wait(life.runs().Replay(Call(), row->id));
  EXPECT_TRUE(replayed.ok()) << replayed.error().Message();
}

TEST_F(ShownTools, AreAllWhereThereAreFew) {
  std::set<std::string> shown;
  AgentLife life(folder_.path(), AgentOf({}, 0), [&](const GenerationRequest& request) {
    shown = Shown(request);
    return Said{.text = "done"};
  });
  ASSERT_TRUE(life.Start("go").ok());
  EXPECT_EQ(shown.size(), 200U);
}

TEST_F(ShownTools, FindingAToolIsNoWayAroundAnApproval) {
  int made = 0;
  AgentTools wanted = {Tool("read_page", "Reads a page of the web"), Tool("wire_money", "Wires money", true, &made)};
  AgentLife life(folder_.path(), AgentOf(wanted, 5), [&](const GenerationRequest& request) {
    if (NumAnswered(request) == 0) return Said::Calling("read_page", "{}");
    if (NumAnswered(request) == 1) return Said::Calling("find_tools", R"({"query":"wire money"})", "call_2");
    return Said::Calling("wire_money", "{}", "call_3");
  });
  const auto row = life.Start("Read the page");
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->status, RunStatus::kWaiting) << row->outcome.Dump();
  EXPECT_EQ(row->outcome["questions"][0]["question"]["reason"], Json("outside_data"));
  EXPECT_EQ(made, 0);
}

TEST_F(ShownTools, DescriptionsAreCutBetweenCharacters) {
  std::string long_one = "Waters a ";
  for (int i = 0; i < 400; ++i) long_one += i % 2 == 0 ? "ü" : "€";
  std::string told;
  AgentLife life(folder_.path(), AgentOf({Tool("water_plants", long_one)}, 5), [&](const GenerationRequest& request) {
    if (NumAnswered(request) == 0) return Said::Calling("find_tools", R"({"query":"waters"})");
    const Json& messages = std::get<ChatPrompt>(request.prompt).messages;
    told = messages[messages.size() - 1]["content"].AsString();
    return Said{.text = "done"};
  });
  const auto row = life.Start("x" + long_one + long_one + long_one + long_one);
  ASSERT_TRUE(row.ok());
  ASSERT_EQ(row->status, RunStatus::kCompleted) << row->outcome.Dump();
  EXPECT_NE(told.find("water_plants: Waters a ü"), std::string::npos) << told;
  EXPECT_TRUE(IsValidUtf8(told) && told.find("\uFFFD") == std::string::npos) << told;
}

TEST_F(ShownTools, OfAGuidedAgentAreChosenAmong) {
  Agent agent = AgentOf({Tool("water_plants", "Waters the plants of a garden")}, 5);
  agent.config.policy = "guided", agent.config.guided.rounds = 1;
  AgentLife life(folder_.path(), agent, [](const GenerationRequest&) { return Said{.text = "Watered."}; });
  size_t options = 0;
  life.model.decide_choice = [&](const DecisionRequest& request) {
    const DecisionQuestion& question = request.questions[0];
    if (question.kind == QuestionKind::kPredicate) return std::vector<double>{0.1, 0.9};
    options = std::max(options, question.num_options());
    std::vector<double> probabilities(question.num_options(), 0.01);
    for (size_t i = 0; i < question.options.size(); ++i) {
      if (question.options[i].value == "water_plants") probabilities[i] = 0.9;
    }
    return probabilities;
  };
  const auto row = life.Start("Water the garden");
  ASSERT_TRUE(row.ok());
  EXPECT_LE(options, 6U) << "five tools, and to answer at once";
  const auto steps = life.journal().Steps(row->id);
  const auto calls = std::ranges::count_if(*steps, [](const StepRow& step) { return step.name == "water_plants"; });
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(life.Wait(life.runs().Replay(Call(), row->id)).ok());
}

TEST(ToolFinder, ATaskOfSeveralSentencesFindsAToolForEach) {
  std::vector<ToolWords> tools;
  for (const char* noun : {"pension", "pension fund", "pension plan", "pension tax", "pension age", "pension cost"}) {
    tools.push_back(ToolWords::Of("tool_" + std::to_string(tools.size()), std::string("Computes the ") + noun, Json()));
  }
  tools.push_back(ToolWords::Of("tide", "The tide at a coast", Json()));
  const auto finder = ToolFinder::Create(tools);
  ASSERT_TRUE(finder.ok()) << finder.error().Message();
  const auto queries = ToolQueriesOf(
      "What pension does my plan give, with pension fund, tax, cost and pension age? How high is the tide?");
  ASSERT_EQ(queries.size(), 3U);
  const auto found = (*finder)->Find(queries, 2);
  EXPECT_TRUE(std::ranges::find(found, 6U) != found.end());
  EXPECT_EQ(ToolQueriesOf("One sentence alone.").size(), 1U);
  EXPECT_EQ(ToolQueriesOf(std::string(200, '.') + "\n\n").size(), 1U);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "This is a sentence about tides. ";
  EXPECT_EQ(ToolQueriesOf(many).size(), kMaxToolQueries);
}

TEST(ToolFinder, LooksAtNamesDescriptionsAndParameters) {
  const Json schema =
      *Json::Parse(R"({"type":"object","properties":{"iban":{"type":"string","description":"account"}}})");
  const std::vector<ToolWords> tools = {ToolWords::Of("alpha", "Adds numbers", Json()),
                                        ToolWords::Of("get_weather", "Tells something", Json()),
                                        ToolWords::Of("gamma", "Tells something", schema)};
  const auto finder = ToolFinder::Create(tools);
  ASSERT_TRUE(finder.ok()) << finder.error().Message();
  EXPECT_EQ((*finder)->Find(ToolQueriesOf("weather (in Oslo)?"), 1), std::vector<size_t>{1});
  EXPECT_EQ((*finder)->Find(ToolQueriesOf("my IBAN"), 1), std::vector<size_t>{2});
  EXPECT_EQ((*finder)->Find(ToolQueriesOf("add a number"), 5).front(), 0U);
  EXPECT_TRUE((*finder)->Find(ToolQueriesOf(""), 5).empty());
  EXPECT_EQ((*finder)->Find({{.text = "nothing of it", .likeness = {0.1, 0.9, 0.2}}}, 1), std::vector<size_t>{1});
}

}  // namespace
}  // namespace atelier
