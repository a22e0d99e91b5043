#include "provider/decision.h"

#include <gtest/gtest.h>

#include "provider/decision_prompt.h"
#include "provider/provider_testing.h"

namespace atelier {
namespace {

using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;

DecisionQuestion Topic() {
  DecisionQuestion question;
  question.kind = QuestionKind::kChoice;
  question.instructions = "What is it about?";
  question.options = {{"billing"}, {"true", "yes", true}, {"true"}};
  return question;
}

TEST(DecisionPrompt, EachOptionStandsAtEachPlaceOnce) {
  const auto orders = CyclicOrders(5, 100);
  ASSERT_EQ(orders.size(), 5U);
  for (size_t place = 0; place < 5; ++place) {
    std::vector<bool> seen(5);
    for (const auto& order : orders) seen[order[place]] = true;
    EXPECT_EQ(std::ranges::count(seen, true), 5);
  }
  EXPECT_EQ(CyclicOrders(4, 2), (std::vector<std::vector<size_t>>{{0, 1, 2, 3}, {2, 3, 0, 1}}));
  EXPECT_EQ(CyclicOrders(4, 0), (std::vector<std::vector<size_t>>{{}}));
}

TEST(DecisionPrompt, TheInputComesFirstSoThatQuestionsShareIt) {
  const std::vector<size_t> order = {1, 0, 2};
  EXPECT_EQ(QuestionTurn("A text.", Topic(), {}), "A text.\n\nWhat is it about?");
  EXPECT_EQ(QuestionTurn("A text.", Topic(), order),
            "A text.\n\nQuestion: What is it about?\nOptions:\n- true: yes\n- billing\n- true\n"
            "Answer with one of the options only.");
  EXPECT_EQ(QuestionTurn("A text.", DecisionQuestion::Predicate("It is late."), {}),
            "A text.\n\nIs this statement about the text true? It is late.");
  EXPECT_EQ(InputText({{"user", "a"}}), "a");
  EXPECT_EQ(InputText({{"user", "a"}, {"assistant", "b"}}), "user: a\n\nassistant: b");
}

TEST(Decision, AnAnswerIsItsProbabilities) {
  const DecisionAnswer answer = DecisionAnswer::Of({1, 2, 1});
  EXPECT_EQ(answer.choice, 1U);
  EXPECT_EQ(answer.confidence, 0.5);
  EXPECT_EQ(answer.score, 1);
  EXPECT_EQ(answer.probabilities, (std::vector<double>{0.25, 0.5, 0.25}));
}

TEST(Decision, ValuesAreTyped) {
  EXPECT_TRUE(CheckDecision(DecisionRequest::Of("m", "x", {Topic()})).ok());
  DecisionQuestion twice = Topic();
  twice.options.push_back({"true", "", true});
  const auto refused = CheckDecision(DecisionRequest::Of("m", "x", {Topic(), twice}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().Message(), "questions[1].choices[3].value: got 'true' twice, want each once");
}

TEST(Decision, AnUpstreamIsAskedInTheApisShape) {
  std::string reply;
  Request asked;
  ProviderBench bench([&](const Request& request) {
    asked = request;
    return Answer{HttpAnswer(200, "application/json", reply)};
  });
  ProviderSet& set = bench.Open();
  const auto decide = [&](std::string answers) {
    reply = R"({"model":"m","answers":)" + answers + R"(,"usage":{"input_tokens":9,"input_tokens_details":
        {"cached_tokens":4,"cache_write_tokens":0},"output_tokens":0}})";
    return bench.loop().RunTask(
        set.Decide({}, DecisionRequest::Of("up/m", "A text.", {DecisionQuestion::Predicate("Late."), Topic()})));
  };
  const std::string choice = R"({"type":"choice","name":null,"choice":true,"confidence":0.5,"probabilities":[
      {"value":"true","probability":0.2},{"value":true,"probability":0.5},{"value":"billing","probability":0.3}]})";
  const auto decision = decide(R"([{"type":"predicate","name":null,"probability":0.75},)" + choice + "]");
  ASSERT_TRUE(decision.ok()) << decision.error().Message();
  EXPECT_TRUE(asked.head.starts_with("POST /v1/decisions HTTP/1.1\r\n"));
  EXPECT_EQ(ParsedJson(asked.body), ParsedJson(R"({"model":"m","input":"A text.","questions":[
      {"type":"predicate","instructions":"Late."},
      {"type":"choice","instructions":"What is it about?","choices":[{"value":"billing"},
       {"value":true,"description":"yes"},{"value":"true"}]}]})"));
  EXPECT_EQ(decision->answers[0].probability(), 0.75);
  EXPECT_EQ(decision->answers[1].probabilities, (std::vector<double>{0.3, 0.5, 0.2}));
  EXPECT_EQ(decision->usage.prompt_tokens, 9);
  EXPECT_EQ(decision->usage.cached_tokens, 4);

  const auto refusal = decide(R"([{"type":"refusal","name":null},)" + choice + "]");
  ASSERT_TRUE(refusal.ok()) << refusal.error().Message();
  EXPECT_TRUE(refusal->answers[0].refused);
  for (const std::string bad : {R"([])", R"([{"type":"score"},{}])", R"([{"type":"predicate","probability":2},{}])",
                                R"([{"type":"predicate","probability":0.5},{"type":"choice","probabilities":[]}])"}) {
    const auto wrong = decide(bad);
    ASSERT_FALSE(wrong.ok()) << bad;
    EXPECT_EQ(wrong.error().code, "upstream_malformed") << bad;
  }
}

TEST(Decision, AnUpstreamWithoutDecisionsIsACapabilityThatIsMissing) {
  for (const int status : {404, 405, 501}) {
    ProviderBench bench([&](const Request&) { return Answer{HttpAnswer(status, "application/json", "{}")}; });
    const auto refused = bench.loop().RunTask(bench.Open().Decide({}, DecisionRequest::Of("up/m", "x", {Topic()})));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported) << status;
    EXPECT_EQ(refused.error().code, "unsupported_model");
    EXPECT_EQ(refused.error().where, "model");
  }
}

}  // namespace
}  // namespace atelier
