#include <gtest/gtest.h>

#include <algorithm>

#include "agent/workflow/workflow_graph.h"
#include "agent/workflow/workflow_testing.h"

namespace atelier {
namespace {

Said Echo(const GenerationRequest& request) { return {.text = "<" + AskedLast(request) + ">"}; }

class WorkflowTest : public ::testing::Test {
 protected:
  std::filesystem::path folder() const { return folder_.path(); }
  // A life of a workflow; the test fails where it does not pass its check.
  std::unique_ptr<AgentLife> Life(std::string_view json, FunctionModel::Answer answer = Echo, AgentTools tools = {}) {
    auto agent = WorkflowAgent(json, std::move(tools));
    EXPECT_TRUE(agent.ok()) << (agent.ok() ? "" : agent.error().Message());
    return std::make_unique<AgentLife>(folder(), agent.ok() ? *agent : Agent{}, std::move(answer));
  }

 private:
  TestFolder folder_;
};

std::string Wrong(std::string_view json, AgentTools tools = {}) {
  const auto agent = WorkflowAgent(json, std::move(tools));
  return agent.ok() ? "" : agent.error().Message();
}

std::vector<std::string> Paths(AgentLife& life, const std::string& run_id) {
  const std::vector<StepRow> steps = life.journal().Steps(run_id).value();
  std::vector<std::string> paths;
  for (const StepRow& step : steps) paths.push_back(step.path);
  return paths;
}

TEST_F(WorkflowTest, ChainedPromptsReadWhatCameBefore) {
  const auto life = Life(R"({"name": "chain", "nodes": [
      {"name": "outline", "ask": {"prompt": "points on {{ input }}"}},
      {"name": "text", "ask": {"prompt": "write {{ outline }} for {{ input }}"}}]})");
  const auto row = life->Start("bees");
  ASSERT_TRUE(row.ok()) << row.error().Message();
  EXPECT_EQ(row->outcome["text"], Json("<write <points on bees> for bees>")) << row->outcome.Dump();
  EXPECT_EQ(Paths(*life, row->id), (std::vector<std::string>{"outline", "text"}));
  const auto replayed = life->Wait(life->runs().Replay(Call(), row->id));
  ASSERT_TRUE(replayed.ok()) << replayed.error().Message();
  EXPECT_EQ(replayed->text, "<write <points on bees> for bees>");
  EXPECT_EQ(life->model.num_asked, 2);
}

TEST_F(WorkflowTest, AGateEndsTheRunAndSaysWhy) {
  const auto life = Life(R"({"name": "gated", "nodes": [
      {"name": "draft", "ask": {"prompt": "{{ input }}"}, "gates": [{"must_match": "[0-9]"}]},
      {"name": "never", "ask": {"prompt": "x"}}]})");
  const auto row = life->Start("no digits");
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->status, RunStatus::kRefused);
  EXPECT_EQ(row->outcome["reason"], Json("node:draft"));
  EXPECT_EQ(row->outcome["what"], Json("draft: it does not match [0-9]"));
  EXPECT_EQ(life->model.num_asked, 1);
}

TEST_F(WorkflowTest, ARefusedAnswerIsToldWhyAndAskedAgain) {
  std::vector<std::string> asked;
  const auto life = Life(
      R"({"name": "gated", "nodes": [{"name": "draft", "ask": {"prompt": "count", "retries": 2},
          "gates": [{"check": "{{ output | length > 3 }}", "why": "it is too short"}]}]})",
      [&](const GenerationRequest& request) {
        asked.push_back(AskedLast(request));
        return Said{.text = std::string(2 * asked.size(), 'x')};
      });
  const auto row = life->Start("go");
  EXPECT_EQ(row->outcome["text"], Json("xxxx")) << row->outcome.Dump();
  EXPECT_EQ(asked, (std::vector<std::string>{"count", "That was refused: it is too short. Answer again."}));
  EXPECT_EQ(Paths(*life, row->id), (std::vector<std::string>{"draft", "draft.1"}));
}

TEST_F(WorkflowTest, ADearerModelIsAskedOnlyWhereTheCheapOneIsRefused) {
  std::vector<std::string> models;
  const auto life = Life(
      R"({"name": "w", "nodes": [{"name": "sum", "ask": {"prompt": "{{ input }}", "model": ["cheap", "dear"]},
          "gates": [{"must_match": "ok"}]}]})",
      [&](const GenerationRequest& request) {
        models.push_back(request.model);
        return Said{.text = request.model == "dear" || AskedLast(request) == "easy" ? "ok" : "hm"};
      });
  EXPECT_EQ(life->Start("easy")->status, RunStatus::kCompleted);
  EXPECT_EQ(models, (std::vector<std::string>{"cheap"}));
  EXPECT_EQ(life->Start("hard")->status, RunStatus::kCompleted);
  EXPECT_EQ(models, (std::vector<std::string>{"cheap", "cheap", "dear"}));
}

TEST_F(WorkflowTest, OtherwiseStandsInForWhatIsRefused) {
  const auto life = Life(R"({"name": "w", "nodes": [
      {"name": "draft", "ask": {"prompt": "{{ input }}"}, "gates": [{"must_match": "never"}], "otherwise": "plan B"},
      {"name": "end", "value": {"said": "{{ draft }}"}}]})");
  EXPECT_EQ(life->Start("go")->outcome["structured"], Json::Object({{"said", "plan B"}}));
}

TEST_F(WorkflowTest, ARuleTakesTheNamedWayOrTheOther) {
  constexpr char kJson[] = R"({"name": "w", "nodes": [{"name": "way", "route": {"by": "rule", "otherwise": "no",
      "options": [{"name": "yes", "nodes": [{"name": "y", "ask": {"prompt": "yes to {{ input }}"}}]},
                  {"name": "no"}]}}]})";
  const auto life = Life(kJson);
  const auto yes = life->Start("yes");
  EXPECT_EQ(yes->outcome["structured"]["choice"], Json("yes"));
  EXPECT_EQ(yes->outcome["structured"]["output"], Json("<yes to yes>"));
  EXPECT_EQ(Paths(*life, yes->id), (std::vector<std::string>{"way.yes.y"}));
  EXPECT_EQ(life->Start("else")->outcome["structured"]["choice"], Json("no"));
}

TEST_F(WorkflowTest, WhereADecisionIsNotSureTheNextModelDecidesThenOtherwise) {
  const auto life = Life(R"({"name": "w", "nodes": [{"name": "way", "route": {"by": "decision", "at_least": 0.8,
      "model": ["cheap", "dear"], "otherwise": "other",
      "options": [{"name": "a"}, {"name": "b"}, {"name": "other"}]}}]})");
  std::map<std::string, std::vector<double>> says = {{"cheap", {0.9, 0.05, 0.05}}, {"dear", {0.1, 0.85, 0.05}}};
  std::vector<std::string> asked;
  life->model.decide_choice = [&](const DecisionRequest& request) {
    asked.push_back(request.model);
    return says[request.model];
  };
  EXPECT_EQ(life->Start("x")->outcome["structured"]["choice"], Json("a"));
  EXPECT_EQ(asked, (std::vector<std::string>{"cheap"}));
  says["cheap"] = {0.4, 0.3, 0.3};
  const auto dear = life->Start("x");
  EXPECT_EQ(dear->outcome["structured"]["choice"], Json("b"));
  EXPECT_EQ(dear->outcome["structured"]["probability"], Json(0.85));
  EXPECT_EQ(Paths(*life, dear->id), (std::vector<std::string>{"way", "way.judge1"}));
  says["dear"] = {0.4, 0.3, 0.3};
  EXPECT_EQ(life->Start("x")->outcome["structured"]["choice"], Json("other"));
}

TEST_F(WorkflowTest, SectionsAreGivenByTheirNames) {
  const auto life = Life(R"({"name": "w", "nodes": [{"name": "views", "parallel": {"nodes": [
      {"name": "safety", "ask": {"prompt": "safe? {{ input }}"}},
      {"name": "style", "ask": {"prompt": "nice? {{ input }}"}}]}},
      {"name": "both", "value": "{{ views.safety }} {{ views.style }}"}]})");
  EXPECT_EQ(life->Start("x")->outcome["text"], Json("<safe? x> <nice? x>"));
}

TEST_F(WorkflowTest, AVoteGivesWhatMostGaveWithItsShare) {
  int asked = 0;
  const auto life = Life(
      R"({"name": "w", "nodes": [{"name": "vote", "parallel": {"times": 5, "join": "vote",
          "nodes": [{"name": "one", "ask": {"prompt": "yes or no?"}}]}}]})",
      [&](const GenerationRequest&) { return Said{.text = ++asked % 2 == 0 ? "No." : "yes "}; });
  const Json won = life->Start("x")->outcome["structured"];
  EXPECT_EQ(won["choice"], Json("yes "));
  EXPECT_EQ(won["share"], Json(0.6));
  EXPECT_EQ(won["votes"], Json::Object({{"yes", 3}, {"no", 2}}));
}

TEST_F(WorkflowTest, EachItemOfAMapIsWorkedOnAndReduced) {
  const auto life = Life(R"({"name": "w", "nodes": [
      {"name": "notes", "map": {"over": "{{ input.split(' ') }}",
       "nodes": [{"name": "note", "ask": {"prompt": "{{ index }} {{ item }}"}}]}},
      {"name": "all", "ask": {"prompt": "{{ notes | join('+') }}"}}]})");
  const auto row = life->Start("a b c");
  EXPECT_EQ(row->outcome["text"], Json("<<0 a>+<1 b>+<2 c>>")) << row->outcome.Dump();
  EXPECT_EQ(Paths(*life, row->id), (std::vector<std::string>{"notes.0.note", "notes.1.note", "notes.2.note", "all"}));
}

TEST_F(WorkflowTest, ALoopGoesRoundUntilItIsGood) {
  const auto life = Life(R"({"name": "w", "nodes": [{"name": "polish", "loop": {"max_rounds": 5,
      "nodes": [{"name": "draft", "ask": {"prompt": "{{ previous.draft or input }}"}},
                {"name": "good", "value": "{{ draft | length >= 7 }}"}],
      "until": "{{ good }}", "output": "{{ draft }}"}}]})");
  const Json polished = life->Start("x")->outcome["structured"];
  EXPECT_EQ(polished, Json::Object({{"output", "<<<x>>>"}, {"rounds", 3}, {"done", true}}));
}

TEST_F(WorkflowTest, ToolsAreCalledWithoutAModel) {
  const auto life = Life(R"({"name": "w", "nodes": [{"name": "loud", "tool": {"name": "shout",
      "arguments": {"x": "{{ input }}!"}}}]})",
                         Echo, {ShoutTool("shout")});
  EXPECT_EQ(life->Start("hi")->outcome["text"], Json("HI!"));
  EXPECT_EQ(life->model.num_asked, 0);
}

TEST_F(WorkflowTest, APersonsWordIsWaitedForOverLives) {
  constexpr char kJson[] = R"({"name": "w", "nodes": [
      {"name": "draft", "ask": {"prompt": "{{ input }}"}},
      {"name": "look", "person": {"question": "Send {{ draft }}?", "must_approve": true}},
      {"name": "end", "value": "sent {{ draft }}: {{ look.text }}"}]})";
  std::string id;
  {
    const auto life = Life(kJson);
    const auto row = life->Start("x");
    ASSERT_EQ(row->status, RunStatus::kWaiting) << row->outcome.Dump();
    EXPECT_EQ(row->outcome["questions"][0]["question"]["question"], Json("Send <x>?"));
    id = row->id;
  }
  const auto life = Life(kJson);
  PersonAnswer answer{.text = "fine"};
  ASSERT_TRUE(life->Wait(life->runs().Answer(id, "look", std::move(answer))).ok());
  EXPECT_EQ(life->Resume(id)->outcome["text"], Json("sent <x>: fine"));
  EXPECT_EQ(life->model.num_asked, 0) << "the draft stands in the journal";
  const auto again = life->Start("y");
  PersonAnswer no{.decision = "reject", .reason = "ugly"};
  ASSERT_TRUE(life->Wait(life->runs().Answer(again->id, "look", std::move(no))).ok());
  EXPECT_EQ(life->Resume(again->id)->outcome["what"], Json("look: a person rejected it: ugly"));
}

TEST_F(WorkflowTest, BranchesBesideOneThatWaitsAreDoneFirst) {
  const auto life = Life(R"({"name": "w", "nodes": [{"name": "both", "parallel": {"nodes": [
      {"name": "ask_them", "person": {"question": "?"}},
      {"name": "work", "ask": {"prompt": "{{ input }}"}}]}}]})");
  const auto row = life->Start("x");
  EXPECT_EQ(row->status, RunStatus::kWaiting);
  EXPECT_EQ(life->model.num_asked, 1);
  PersonAnswer answer{.text = "hi"};
  ASSERT_TRUE(life->Wait(life->runs().Answer(row->id, "", std::move(answer))).ok());
  const auto ended = life->Resume(row->id);
  EXPECT_EQ(ended->outcome["structured"]["work"], Json("<x>")) << ended->outcome.Dump();
  EXPECT_EQ(life->model.num_asked, 1);
}

TEST_F(WorkflowTest, LimitsHoldForAllNodes) {
  const auto life = Life(R"({"name": "w", "limits": {"max_steps": 2}, "nodes": [
      {"name": "a", "ask": {"prompt": "1"}}, {"name": "b", "ask": {"prompt": "2"}},
      {"name": "c", "ask": {"prompt": "3"}}]})");
  const auto row = life->Start("x");
  EXPECT_EQ(row->status, RunStatus::kLimited);
  EXPECT_EQ(row->outcome["reason"], Json("steps"));
  EXPECT_EQ(row->outcome["text"], Json("<2>")) << "what there was";
}

// Lists of `num` questions beside each other, in a run of at most `max_steps`.
std::string Branches(const std::vector<int>& nums, int max_steps) {
  std::string branches;
  for (size_t b = 0; b < nums.size(); ++b) {
    std::string nodes;
    for (int i = 0; i < nums[b]; ++i) {
      nodes += std::string(i == 0 ? "" : ",") + R"({"name": "q)" + std::to_string(10 * b + i) +
               R"(", "ask": {"prompt": "?"}})";
    }
    branches +=
        std::string(b == 0 ? "" : ",") + R"({"name": "b)" + std::to_string(b) + R"(", "nodes": [)" + nodes + "]}";
  }
  return R"({"name": "w", "limits": {"max_steps": )" + std::to_string(max_steps) +
         R"(}, "nodes": [{"name": "all", "parallel": {"nodes": [)" + branches + "]}}]}";
}

TEST_F(WorkflowTest, ARunThatALimitEndedWhileBranchesWereBesideEachOtherIsReplayed) {
  for (const std::vector<int>& nums : {std::vector{5, 5}, {5, 2}, {2, 5}, {3, 1, 4}}) {
    for (const int max_steps : {1, 3, 4, 6, 20}) {
      const auto life = Life(Branches(nums, max_steps));
      const auto row = life->Start("x");
      ASSERT_TRUE(row.ok()) << row.error().Message();
      const int num_asked = life->model.num_asked;
      const auto again = life->Wait(life->runs().Replay(Call(), row->id));
      ASSERT_TRUE(again.ok()) << again.error().Message() << " of " << max_steps << " steps";
      EXPECT_EQ(again->Body().Dump(), row->outcome.Dump()) << max_steps;
      EXPECT_EQ(life->model.num_asked, num_asked);
      const std::vector<std::string> paths = Paths(*life, row->id);
      const auto of_limit = [](const std::string& path) { return path.ends_with("!"); };
      EXPECT_EQ(std::ranges::count_if(paths, of_limit), row->status == RunStatus::kLimited ? 1 : 0);
    }
  }
}

Task<void> CancelIt(AgentRuns& runs, std::string id) {
  const Result<void> cancelled = co_await runs.Cancel(std::move(id));
  EXPECT_TRUE(cancelled.ok());
}

TEST_F(WorkflowTest, CancelledWhileBranchesAreAtWorkTheRunEndsForGood) {
  int num_made = 0;
  const auto life = Life(R"({"name": "w", "nodes": [
      {"name": "first", "ask": {"prompt": "1"}},
      {"name": "all", "parallel": {"nodes": [
          {"name": "a", "nodes": [{"name": "call", "tool": {"name": "shout", "arguments": {"x": "a"}}},
                                  {"name": "tell", "ask": {"prompt": "{{ call }}"}}]},
          {"name": "b", "ask": {"prompt": "b"}}]}},
      {"name": "end", "ask": {"prompt": "3"}}]})",
                         Echo, {ShoutTool("shout", &num_made)});
  std::string id;
  const auto cancel = [&](const AgentEvent& event) {
    if (event.type == AgentEventType::kRunStarted) id = event.data["run"].AsString();
    if (event.type == AgentEventType::kToolCalled) Spawn(CancelIt(life->runs(), id));
  };
  const auto row = life->Start("x", cancel);
  ASSERT_TRUE(row.ok()) << row.error().Message();
  EXPECT_EQ(row->status, RunStatus::kCancelled);
  EXPECT_LE(num_made, 1);
  const int num_asked = life->model.num_asked;
  EXPECT_LT(num_asked, 4) << "neither `tell` nor `end` is asked";
  const auto later = life->Resume(id);
  EXPECT_EQ(later->status, RunStatus::kCancelled);
  EXPECT_EQ(life->model.num_asked, num_asked);
  const auto again = life->Wait(life->runs().Cancel(id));
  EXPECT_FALSE(again.ok()) << "it has ended";
}

TEST_F(WorkflowTest, ATypedInputIsCheckedAndATextOfJsonTaken) {
  const auto life = Life(R"({"name": "w", "input_schema": {"type": "object", "required": ["n"],
      "properties": {"n": {"type": "integer"}}, "additionalProperties": false},
      "nodes": [{"name": "next", "value": "{{ input.n + 1 }}"}]})");
  EXPECT_EQ(life->Start(R"({"n": 4})")->outcome["structured"], Json(5));
  const auto wrong = life->Start(R"({"n": "four"})");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().Message().find("/n: got"), std::string::npos) << wrong.error().Message();
}

TEST(WorkflowCheck, UnknownNamesAreToldWithTheirNearest) {
  EXPECT_EQ(
      Wrong(R"({"name": "w", "nodes": [{"name": "outline", "ask": {"prompt": "x"}},
      {"name": "b", "ask": {"prompt": "{{ outlin }}"}}]})"),
      "workflow w: nodes[1].ask.prompt: got the variable 'outlin', want the name of a node that comes before; did "
      "you mean 'outline'?");
  EXPECT_EQ(Wrong(R"({"name": "w", "nodes": [{"name": "a", "tool": {"name": "shoot", "arguments": {"x": "1"}}}]})",
                  {ShoutTool("shout")}),
            "workflow w: nodes[0].tool.name: got 'shoot', which `tools` lacks; did you mean 'shout'?");
  EXPECT_NE(
      Wrong(R"({"name": "w", "nodes": [{"name": "a", "run": {"agent": "b"}}]})").find("want the name of an agent"),
      std::string::npos);
  EXPECT_NE(
      WorkflowOf(R"({"name": "w", "nodes": [{"name": "a", "ask": {"promt": "x"}}]})").error().Message().find("prompt"),
      std::string::npos);
}

TEST(WorkflowCheck, TypesThatDoNotFitAreToldBeforeRunning) {
  constexpr char kAsk[] = R"({"name": "w", "nodes": [{"name": "plan", "ask": {"prompt": "x", "output_schema":
      {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"], "additionalProperties": false}}},)";
  EXPECT_EQ(Wrong(std::string(kAsk) + R"({"name": "b", "value": "{{ plan.cuont }}"}]})"),
            "workflow w: nodes[1].value: 'plan': got 'cuont' of an object without it; did you mean 'count'?");
  EXPECT_EQ(Wrong(std::string(kAsk) + R"({"name": "b", "map": {"over": "{{ plan.count }}", "nodes": []}}]})"),
            "workflow w: nodes[1].map.over: may be of type integer, want array");
  EXPECT_EQ(
      Wrong(std::string(kAsk) + R"({"name": "b", "tool": {"name": "shout", "arguments": {"x": "{{ plan.count }}"}}}]})",
            {ShoutTool("shout")}),
      "workflow w: nodes[1].tool.arguments: 'x' may be of type integer, want string");
  EXPECT_EQ(Wrong(std::string(kAsk) + R"({"name": "b", "tool": {"name": "shout", "arguments": {"y": "1"}}}]})",
                  {ShoutTool("shout")}),
            "workflow w: nodes[1].tool.arguments: lacks 'x'");
}

TEST(WorkflowCheck, WaysThatAreMissingAreTold) {
  EXPECT_EQ(
      Wrong(R"({"name": "w", "nodes": [{"name": "way", "route": {"at_least": 0.5, "options": [{"name": "a"}]}}]})"),
      "workflow w: nodes[0].route.otherwise: got none, want the option that is taken where none reaches at_least");
  EXPECT_EQ(Wrong(R"({"name": "w", "input_schema": {"type": "string", "enum": ["a", "b"]}, "nodes": [
      {"name": "way", "route": {"by": "rule", "options": [{"name": "a"}]}}]})"),
            "workflow w: nodes[0].route.options: lack one for \"b\", which the text may be; or give `otherwise`");
  EXPECT_EQ(Wrong(R"({"name": "w", "nodes": [{"name": "x"}]})"),
            "workflow w: nodes[0]: got no kind, want one of ask, chat, loop, map, nodes, parallel, person, route, run, "
            "tool, value");
}

TEST(WorkflowCheck, WorkflowsInACircleAreNamed) {
  const std::vector<WorkflowConfig> workflows = {
      WorkflowOf(R"({"name": "a", "nodes": [{"name": "x", "run": {"agent": "b"}}]})").value(),
      WorkflowOf(R"({"name": "b", "nodes": [{"name": "x", "map": {"over": "{{ [1] }}",
          "nodes": [{"name": "y", "run": {"agent": "a"}}]}}]})")
          .value()};
  WorkflowSurroundings around;
  const auto checked = CheckWorkflows(workflows, around);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().Message(), "workflows[1]: got workflows that run each other in a circle: a -> b -> a");
}

TEST(WorkflowGraph, DrawsWaysWithTheirNamesAndLoopsBack) {
  const std::string dot = DotOf(WorkflowOf(R"({"name": "w", "nodes": [
      {"name": "way", "route": {"options": [{"name": "a", "nodes": [{"name": "x", "ask": {"prompt": "1"}}]},
                                            {"name": "b"}]}},
      {"name": "again", "loop": {"nodes": [{"name": "y", "ask": {"prompt": "2"}}]}}]})")
                                    .value());
  for (const char* line : {"\"input\" -> \"way\";", "\"way\" -> \"x\" [label=\"a\"];", "\"x\" -> \"again\";",
                           "\"way\" -> \"again\" [label=\"b\"];", "\"y\" -> \"again\" [label=\"again\", style=dashed];",
                           "\"y\" -> \"output\";"}) {
    EXPECT_NE(dot.find(line), std::string::npos) << line << "\n" << dot;
  }
}

}  // namespace
}  // namespace atelier
