#include <gtest/gtest.h>

#include "app/calibration_store.h"
#include "observe/trace_store.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

constexpr const char* kPath = "/v1/decisions";

class Decisions : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (IsInstalled(kChatModel)) server = new ServedApp();
  }
  static void TearDownTestSuite() { delete server, server = nullptr; }
  void SetUp() override { REQUIRE_INSTALLED(kChatModel); }

  static Answer Ask(const std::string& questions, const std::string& more = "",
                    const std::string& input = R"("The parcel is nine days late. Where is it?")") {
    return server->PostText(kPath, R"({"model": "smollm2-135m-instruct", "input": )" + input + R"(, "questions": [)" +
                                       questions + "]" + more + "}");
  }
  static ServedApp* server;
};
ServedApp* Decisions::server = nullptr;

const std::string kPredicate = R"({"type": "predicate", "instructions": "The writer is angry.", "name": "angry"})";
const std::string kChoice = R"({"type": "choice", "instructions": "What is it about?",
    "choices": [{"value": "billing"}, {"value": "delivery", "description": "parcels"}, {"value": true}]})";
const std::string kScore = R"({"type": "score", "instructions": "How urgent is it?",
    "levels": [{"label": "low"}, {"label": "middle"}, {"label": "high"}]})";

double Sum(const Json& probabilities) {
  double sum = 0;
  for (const Json& entry : probabilities.items()) sum += entry["probability"].AsDouble();
  return sum;
}

TEST_F(Decisions, EachTypeOfQuestionIsAnsweredInItsShape) {
  const Answer answer = Ask(kPredicate + "," + kChoice + "," + kScore);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json& answers = answer.json["answers"];
  ASSERT_EQ(answers.size(), 3);
  EXPECT_EQ(answers[0]["type"].AsString(), "predicate");
  EXPECT_EQ(answers[0]["name"].AsString(), "angry");
  EXPECT_GT(answers[0]["probability"].AsDouble(), 0);
  EXPECT_LT(answers[0]["probability"].AsDouble(), 1);

  EXPECT_TRUE(answers[1]["name"].is_null());
  ASSERT_EQ(answers[1]["probabilities"].size(), 3);
  EXPECT_NEAR(Sum(answers[1]["probabilities"]), 1, 1e-9);
  EXPECT_EQ(answers[1]["probabilities"][2]["value"], Json(true));
  double best = 0;
  for (const Json& entry : answers[1]["probabilities"].items()) {
    if (entry["value"] == answers[1]["choice"]) best = entry["probability"].AsDouble();
  }
  EXPECT_EQ(answers[1]["confidence"].AsDouble(), best);

  EXPECT_NEAR(Sum(answers[2]["probabilities"]), 1, 1e-9);
  const double expected = answers[2]["probabilities"][1]["probability"].AsDouble() +
                          2 * answers[2]["probabilities"][2]["probability"].AsDouble();
  EXPECT_NEAR(answers[2]["score"].AsDouble(), expected, 1e-9);
  EXPECT_EQ(answers[2]["probabilities"][2]["label"].AsString(), "high");
  const Json& usage = answer.json["usage"];
  EXPECT_GT(usage["input_tokens"].AsInt64().value(), 20);
  EXPECT_EQ(usage["output_tokens"].AsInt64().value(), 0);
}

TEST_F(Decisions, TheSameBitsAloneOrAmongOthersAndWhateverTheCacheHolds) {
  for (const std::string more : {"", R"(, "orders": 2)", R"(, "content_free": false)"}) {
    const Answer together = Ask(kScore + "," + kPredicate + "," + kChoice, more);
    ASSERT_EQ(together.status, 200) << together.body;
    const Answer alone = Ask(kChoice, more + R"(, "cache_salt": "apart )" + std::to_string(more.size()) + "\"");
    ASSERT_EQ(alone.status, 200) << alone.body;
    EXPECT_EQ(alone.json["answers"][0].Dump(), together.json["answers"][2].Dump());
    EXPECT_EQ(alone.json["usage"]["input_tokens_details"]["cached_tokens"].AsInt64().value(), 0);
  }
}

TEST_F(Decisions, QuestionsShareOneReadingOfTheInput) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "The parcel is nine days late. ";
  const std::string input = Json(text).Dump();
  const Answer one = Ask(kPredicate, "", input);
  const Answer three = Ask(kPredicate + "," + kChoice + "," + kScore, "", input);
  ASSERT_EQ(three.status, 200) << three.body;
  const int64_t read = one.json["usage"]["input_tokens"].AsInt64().value();
  EXPECT_GT(read, 1000);
  EXPECT_LT(three.json["usage"]["input_tokens"].AsInt64().value(), read + 200);
  EXPECT_GT(three.json["usage"]["input_tokens_details"]["cached_tokens"].AsInt64().value(), 1000);
}

TEST_F(Decisions, ConversationsAreReadAndOutputsNeedTheirCalls) {
  const std::string call = R"({"type": "function_call", "call_id": "c1", "name": "track", "arguments": "{}"})";
  const std::string input = R"([{"role": "user", "content": [{"type": "input_text", "text": "Where is it?"},
      {"type": "input_json", "data": {"order": 5}}]}, )" +
                            call + R"(, {"type": "function_call_output", "call_id": "c1", "output": "in transit"}])";
  EXPECT_EQ(Ask(kPredicate, "", input).status, 200);
  const Answer orphan = Ask(kPredicate, "", R"([{"type": "function_call_output", "call_id": "x", "output": "y"}])");
  EXPECT_EQ(orphan.status, 400);
  EXPECT_EQ(orphan.param(), "input[0].call_id");
  const Answer image = Ask(kPredicate, "", R"([{"role": "user", "content": [{"type": "input_image"}]}])");
  EXPECT_EQ(image.param(), "input[0].content[0].type");
}

TEST_F(Decisions, WhatCannotBeAskedIsRefusedByName) {
  const auto param = [](const std::string& questions, const std::string& more = "") {
    const Answer answer = Ask(questions, more);
    EXPECT_EQ(answer.status, 400) << answer.body;
    return answer.param();
  };
  EXPECT_EQ(param(""), "questions");
  EXPECT_EQ(param(R"({"type": "guess", "instructions": "x"})"), "questions[0].type");
  EXPECT_EQ(param(R"({"type": "predicate", "instructions": ""})"), "questions[0].instructions");
  EXPECT_EQ(param(R"({"type": "choice", "instructions": "x", "choices": [{"value": "a"}]})"), "questions[0].choices");
  EXPECT_EQ(
      param(kPredicate + R"(,{"type": "choice", "instructions": "x", "choices": [{"value": "a"}, {"value": "a"}]})"),
      "questions[1].choices[1].value");
  EXPECT_EQ(param(R"({"type": "choice", "instructions": "x", "choices": [{"value": 1}, {"value": "a"}]})"),
            "questions[0].choices[0].value");
  EXPECT_EQ(param(R"({"type": "score", "instructions": "x", "choices": [{"value": "a"}, {"value": "b"}]})"),
            "questions[0].choices");
  EXPECT_EQ(param(kPredicate, R"(, "orders": 256)"), "orders");
  EXPECT_EQ(param(kPredicate, R"(, "joint": true)"), "joint");
  std::string text;
  for (int i = 0; i < 9000; ++i) text += "word ";
  const Answer long_input = Ask(kPredicate, "", Json(text).Dump());
  EXPECT_EQ(long_input.code(), "context_length_exceeded");
  EXPECT_EQ(long_input.param(), "input");
  EXPECT_EQ(server->PostText(kPath, R"({"model": "all-minilm-l6-v2", "input": "x", "questions": [)" + kPredicate + "]}")
                .status,
            400);
}

TEST_F(Decisions, ADecisionLeavesATrace) {
  ASSERT_EQ(Ask(kPredicate).status, 200);
  ASSERT_TRUE(server->app().traces().Flush().ok());
  const auto roots = server->app().traces().List({});
  ASSERT_TRUE(roots.ok());
  EXPECT_EQ(roots->front().name, "decision smollm2-135m-instruct");
}

TEST_F(Decisions, AStoredCalibrationIsUsedAtOnceAndOnRequestNot) {
  ModelCalibration calibration;
  calibration.model = kChatModel;
  calibration.questions.push_back({.question = Json("predicate"), .temperature = 20});
  const std::string raw = Ask(kPredicate).json["answers"].Dump();
  server->OnLoop([&] { ASSERT_TRUE(server->app().calibrations().Keep(calibration).ok()); });
  const Answer tempered = Ask(kPredicate);
  EXPECT_NEAR(tempered.json["answers"][0]["probability"].AsDouble(), 0.5, 0.2);
  EXPECT_NE(tempered.json["answers"].Dump(), raw);
  EXPECT_EQ(Ask(kPredicate, R"(, "calibrated": false)").json["answers"].Dump(), raw);
  calibration.questions.clear();
  server->OnLoop([&] { ASSERT_TRUE(server->app().calibrations().Keep(calibration).ok()); });
  EXPECT_EQ(Ask(kPredicate).json["answers"].Dump(), raw);
}

}  // namespace
}  // namespace atelier
