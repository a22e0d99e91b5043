#include "eval/routing_eval.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

// Options: 0, 1, and 2, which is `otherwise`.
RoutingCase Case(size_t wanted, std::vector<RouteJudgement> judged) {
  RoutingCase one;
  one.wanted = wanted, one.judged = std::move(judged);
  return one;
}
RouteJudgement Says(double first, double second, double third, double cost = 1) {
  return {.probabilities = {first, second, third}, .cost = cost};
}

TEST(RoutingEval, BelowTheThresholdOtherwiseIsTaken) {
  const std::vector<RoutingCase> cases = {Case(0, {Says(0.9, 0.1, 0)}), Case(1, {Says(0.6, 0.4, 0)}),
                                          Case(2, {Says(0.5, 0.3, 0.2)})};
  const RoutingFigures all = RouteAll(cases, {0}, 2, 0);
  EXPECT_EQ(all.sent, 3);
  EXPECT_EQ(all.sent_right, 1);
  EXPECT_EQ(all.strangers_kept, 0);
  const RoutingFigures some = RouteAll(cases, {0}, 2, 0.7);
  EXPECT_EQ(some.sent, 1);
  EXPECT_EQ(some.accuracy(), 1);
  EXPECT_EQ(some.right, 2);
  EXPECT_EQ(some.strangers_kept, 1);
  EXPECT_DOUBLE_EQ(FitThreshold(cases, {0}, 2, 1.0), 0.61);
}

TEST(RoutingEval, TheDearJudgeIsAskedOnlyWhereTheCheapOneIsNotSure) {
  const std::vector<RoutingCase> cases = {Case(0, {Says(0.9, 0.1, 0, 1), Says(1, 0, 0, 10)}),
                                          Case(1, {Says(0.5, 0.4, 0.1, 1), Says(0.1, 0.9, 0, 10)})};
  const RoutingFigures figures = RouteAll(cases, {0, 1}, 2, 0.8);
  EXPECT_EQ(figures.right, 2);
  EXPECT_EQ(figures.asked, (std::vector<int64_t>{2, 1}));
  EXPECT_DOUBLE_EQ(figures.mean_cost(), 6);
}

TEST(RoutingEval, CalibrationOfWhoIsAlwaysSureAndRightHalfTheTime) {
  const std::vector<RoutingCase> cases = {Case(0, {Says(1, 0, 0)}), Case(1, {Says(1, 0, 0)})};
  const RouteCalibration calibration = CalibrationOf(cases, 0);
  EXPECT_DOUBLE_EQ(calibration.ece, 0.5);
  EXPECT_DOUBLE_EQ(calibration.brier, 1);
  EXPECT_DOUBLE_EQ(calibration.accuracy, 0.5);
  EXPECT_EQ(calibration.bins.back().num, 2);
  EXPECT_DOUBLE_EQ(calibration.bins.back().accuracy, 0.5);
}

TEST(RoutingEval, WhoSaysWhatHappensIsCalibrated) {
  std::vector<RoutingCase> cases;
  for (int i = 0; i < 4; ++i) cases.push_back(Case(i < 3 ? 0 : 1, {Says(0.75, 0.25, 0)}));
  EXPECT_NEAR(CalibrationOf(cases, 0).ece, 0, 1e-12);
}

}  // namespace
}  // namespace atelier
