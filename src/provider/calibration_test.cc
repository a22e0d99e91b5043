#include "provider/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "base/text/describe_json.h"

namespace atelier {
namespace {

DecisionQuestion Urgent() { return DecisionQuestion::Predicate("It is urgent."); }

// Answers that are right as often as they say, made `sharper` times too sure.
std::vector<LabelledDecision> Sure(size_t num, double sharper) {
  Random random(3, 1);
  std::vector<LabelledDecision> decisions;
  for (size_t i = 0; i < num; ++i) {
    const double truth = random.Uniform();
    LabelledDecision decision{.question = Urgent(), .answer = {}, .input_index = static_cast<int64_t>(i)};
    decision.answer.label = random.Uniform() < truth ? 1 : 0;
    decision.answer.probabilities = Tempered({1 - truth, truth}, 1 / sharper);
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

std::vector<LabelledAnswer> AnswersOf(const std::vector<LabelledDecision>& decisions) {
  std::vector<LabelledAnswer> answers;
  for (const LabelledDecision& decision : decisions) answers.push_back(decision.answer);
  return answers;
}

TEST(Calibration, ErrorIsTheWeighedGapBetweenConfidenceAndAccuracy) {
  // Two answers in (0.8, 0.867], one right; one at 1, right.
  const std::vector<LabelledAnswer> answers = {{{0.15, 0.85}, 1}, {{0.85, 0.15}, 1}, {{1, 0}, 0}};
  const Reliability result = MeasureReliability(answers);
  EXPECT_NEAR(result.accuracy, 2.0 / 3, 1e-12);
  EXPECT_NEAR(result.ece, 2.0 / 3 * std::abs(0.5 - 0.85), 1e-12);
  EXPECT_EQ(result.bins[12].num, 2);
  EXPECT_EQ(result.bins[14].num, 1);
  EXPECT_NEAR(result.adaptive_ece, (0.15 + 0.85 + 0) / 3, 1e-12);
  EXPECT_NEAR(result.nll, -(std::log(0.85) + std::log(0.15)) / 3, 1e-12);
  EXPECT_EQ(MeasureReliability({}).num, 0);
}

TEST(Calibration, TheTemperatureThatWasTakenIsFound) {
  for (const double sharper : {0.5, 1.0, 3.0}) {
    const auto decisions = Sure(4000, sharper);
    EXPECT_NEAR(FitTemperature(AnswersOf(decisions)) / sharper, 1, 0.15);
    const double before = MeasureReliability(AnswersOf(decisions)).ece;
    const Reliability after = MeasureReliability(HeldOut(decisions, 5));
    EXPECT_LT(after.ece, 0.03);
    if (sharper != 1) {
      EXPECT_LT(after.ece, before);
    }
    EXPECT_EQ(after.accuracy, MeasureReliability(AnswersOf(decisions)).accuracy);
  }
  EXPECT_EQ(FitTemperature({}), 1);
}

TEST(Calibration, AQuestionsOwnTemperatureGoesBeforeItsTypes) {
  ModelCalibration fitted = FitCalibration("m", Sure(100, 3));
  ASSERT_EQ(fitted.questions.size(), 2U);  // the type, and this question
  fitted.questions[0].temperature = 5;
  EXPECT_EQ(fitted.TemperatureOf(Urgent()), fitted.questions[1].temperature);
  EXPECT_EQ(fitted.TemperatureOf(DecisionQuestion::Predicate("Another.")), 5);
  DecisionQuestion score;
  score.kind = QuestionKind::kScore;
  EXPECT_EQ(fitted.TemperatureOf(score), 1);

  std::vector<DecisionAnswer> answers = {DecisionAnswer::Of({0.1, 0.9})};
  fitted.Apply({Urgent()}, answers);
  EXPECT_LT(answers[0].confidence, 0.9);
  EXPECT_EQ(answers[0].choice, 1U);
}

TEST(Calibration, TooFewLabelsFitNothing) { EXPECT_TRUE(FitCalibration("m", Sure(9, 3)).questions.empty()); }

TEST(Calibration, IsWrittenAndReadAsItIs) {
  const ModelCalibration fitted = FitCalibration("m", Sure(50, 2));
  const auto read = ReadJson<ModelCalibration>(WriteJson(fitted));
  ASSERT_TRUE(read.ok()) << read.error().Message();
  EXPECT_EQ(read->TemperatureOf(Urgent()), fitted.TemperatureOf(Urgent()));
}

}  // namespace
}  // namespace atelier
