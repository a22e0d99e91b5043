// How well a model's probabilities keep their word, and the correction that makes them.
//
//   reliability   of answers whose right ones are known: accuracy, mean -log p of the right option, and the expected
//                 calibration error: answers are put into bins by confidence (the probability of the likeliest option),
//                 and ECE = sum over bins of (share of answers) * |accuracy - mean confidence|. `ece` has 15 bins of
//                 equal width (Guo et al. 2017), `adaptive_ece` 15 of equal counts (Nguyen and O'Connor 2015).
//   temperature   p_i becomes p_i^(1/T) / sum_j p_j^(1/T), with T chosen to minimise the mean -log p of the right
//                 options (Guo et al. 2017). The order of options and so accuracy stay as they are.
//
// A ModelCalibration holds a T for each type of question and for each question that had enough labels of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "provider/decision.h"

namespace atelier {

struct LabelledAnswer {
  std::vector<double> probabilities;
  size_t label = 0;  // the right option
};

struct Reliability {
  struct Bin {
    double low = 0, high = 0;  // confidences in (low, high]
    int64_t num = 0;
    double mean_confidence = 0, accuracy = 0;  // 0 where num is
  };
  int64_t num = 0;
  double accuracy = 0;
  double nll = 0;  // natural logarithms
  double ece = 0, adaptive_ece = 0;
  std::vector<Bin> bins;  // of equal width
};
Reliability MeasureReliability(std::span<const LabelledAnswer> answers);

std::vector<double> Tempered(std::vector<double> probabilities, double temperature);
// Within kLowestTemperature and kHighestTemperature; 1 of no answers.
double FitTemperature(std::span<const LabelledAnswer> answers);
inline constexpr double kLowestTemperature = 0.05, kHighestTemperature = 20;

// Of a question, or of all questions of a type that have none of their own.
struct QuestionCalibration {
  Json question;  // QuestionBody, or the name of a type
  double temperature = 1;
  int64_t num_labels = 0;
  double ece_before = 0, ece_after = 0;  // on these labels
  static Fields Describe();
};
struct ModelCalibration {
  std::string model;
  std::vector<QuestionCalibration> questions;
  static Fields Describe();

  double TemperatureOf(const DecisionQuestion& question) const;
  // Answers as this makes them. Refusals stay.
  void Apply(const std::vector<DecisionQuestion>& questions, std::vector<DecisionAnswer>& answers) const;
};

struct LabelledDecision {
  DecisionQuestion question;
  LabelledAnswer answer;  // as the model gives it, uncalibrated
  int64_t input_index = 0;
};
inline constexpr int64_t kLabelsForType = 10;      // fewer say too little to fit one number
inline constexpr int64_t kLabelsForQuestion = 20;  // fewer do not beat the type's
ModelCalibration FitCalibration(std::string model, std::span<const LabelledDecision> decisions);
// Each answer as a calibration makes it that was fitted without its input's fold, one of `num_folds`: what can be
// expected of inputs that come later.
std::vector<LabelledAnswer> HeldOut(std::span<const LabelledDecision> decisions, int64_t num_folds);

}  // namespace atelier
