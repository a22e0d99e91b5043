#include "provider/calibration.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

constexpr size_t kNumBins = 15;
constexpr double kLeastProbability = 1e-12;  // what a right option that was given none costs

// An answer's confidence, and whether it is right.
struct Verdict {
  double confidence = 0;
  bool right = false;
};

Verdict VerdictOf(const LabelledAnswer& answer) {
  const auto top = std::ranges::max_element(answer.probabilities);
  return {*top, static_cast<size_t>(top - answer.probabilities.begin()) == answer.label};
}

double MeanNll(std::span<const LabelledAnswer> answers, double temperature) {
  double sum = 0;
  for (const LabelledAnswer& answer : answers) {
    const std::vector<double> tempered = Tempered(answer.probabilities, temperature);
    sum -= std::log(std::max(tempered.at(answer.label), kLeastProbability));
  }
  return sum / static_cast<double>(answers.size());
}

// The mean of |accuracy - mean confidence| over runs of `verdicts`, weighed by their sizes.
double GapOf(std::span<const Verdict> verdicts) {
  double confidence = 0;
  double right = 0;
  for (const Verdict& verdict : verdicts) confidence += verdict.confidence, right += verdict.right ? 1 : 0;
  return std::abs(right - confidence);  // of sums: the share of the run is in it
}

double AdaptiveEce(std::vector<Verdict> verdicts) {
  std::ranges::stable_sort(verdicts, {}, &Verdict::confidence);
  const size_t num = verdicts.size();
  const size_t num_bins = std::min(kNumBins, num);
  double sum = 0;
  for (size_t b = 0; b < num_bins; ++b) {
    const size_t begin = b * num / num_bins;
    sum += GapOf(std::span(verdicts).subspan(begin, (b + 1) * num / num_bins - begin));
  }
  return sum / static_cast<double>(num);
}

std::vector<Reliability::Bin> BinsOf(std::span<const Verdict> verdicts) {
  std::vector<Reliability::Bin> bins(kNumBins);
  for (size_t b = 0; b < kNumBins; ++b) {
    bins[b].low = static_cast<double>(b) / kNumBins;
    bins[b].high = static_cast<double>(b + 1) / kNumBins;
  }
  for (const Verdict& verdict : verdicts) {
    const double place = std::ceil(verdict.confidence * kNumBins) - 1;
    Reliability::Bin& bin = bins[static_cast<size_t>(std::clamp(place, 0.0, kNumBins - 1.0))];
    ++bin.num;
    bin.mean_confidence += verdict.confidence;
    bin.accuracy += verdict.right ? 1 : 0;
  }
  for (Reliability::Bin& bin : bins) {
    if (bin.num == 0) continue;
    bin.mean_confidence /= static_cast<double>(bin.num);
    bin.accuracy /= static_cast<double>(bin.num);
  }
  return bins;
}

QuestionCalibration CalibrationOf(Json question, std::vector<LabelledAnswer> answers) {
  QuestionCalibration calibration;
  calibration.question = std::move(question);
  calibration.num_labels = std::ssize(answers);
  calibration.temperature = FitTemperature(answers);
  calibration.ece_before = MeasureReliability(answers).ece;
  for (LabelledAnswer& answer : answers) {
    answer.probabilities = Tempered(std::move(answer.probabilities), calibration.temperature);
  }
  calibration.ece_after = MeasureReliability(answers).ece;
  return calibration;
}

}  // namespace

Reliability MeasureReliability(std::span<const LabelledAnswer> answers) {
  Reliability result;
  result.num = std::ssize(answers);
  result.bins = BinsOf({});
  if (answers.empty()) return result;
  std::vector<Verdict> verdicts;
  for (const LabelledAnswer& answer : answers) verdicts.push_back(VerdictOf(answer));
  const auto num = static_cast<double>(answers.size());
  result.accuracy = static_cast<double>(std::ranges::count(verdicts, true, &Verdict::right)) / num;
  result.nll = MeanNll(answers, 1);
  result.bins = BinsOf(verdicts);
  for (const Reliability::Bin& bin : result.bins) {
    result.ece += static_cast<double>(bin.num) / num * std::abs(bin.accuracy - bin.mean_confidence);
  }
  result.adaptive_ece = AdaptiveEce(std::move(verdicts));
  return result;
}

std::vector<double> Tempered(std::vector<double> probabilities, double temperature) {
  CHECK(temperature > 0);
  if (temperature == 1) return probabilities;
  for (double& probability : probabilities) {
    probability = std::log(std::max(probability, 1e-300)) / temperature;  // the logarithm of 0 is no number to divide
  }
  return Softmax(std::move(probabilities));
}

// The mean is convex in 1/T, so that it has one valley: a golden-section search over log T finds its floor.
double FitTemperature(std::span<const LabelledAnswer> answers) {
  if (answers.empty()) return 1;
  constexpr double kGolden = 0.6180339887498949;
  double low = std::log(kLowestTemperature);
  double high = std::log(kHighestTemperature);
  const auto at = [&](double log_temperature) { return MeanNll(answers, std::exp(log_temperature)); };
  double left = high - kGolden * (high - low);
  double right = low + kGolden * (high - low);
  double at_left = at(left);
  double at_right = at(right);
  while (high - low > 1e-6) {
    if (at_left <= at_right) {
      high = right, right = left, at_right = at_left;
      left = high - kGolden * (high - low);
      at_left = at(left);
    } else {
      low = left, left = right, at_left = at_right;
      right = low + kGolden * (high - low);
      at_right = at(right);
    }
  }
  return std::exp((low + high) / 2);
}

Fields QuestionCalibration::Describe() {
  using C = QuestionCalibration;
  static constexpr Field fields[] = {
      Key<&C::question>("question", "a question as the API words it, or a type: of all without their own").Required(),
      Key<&C::temperature>("temperature", "p becomes p^(1/T)").Between(kLowestTemperature, kHighestTemperature),
      Key<&C::num_labels>("num_labels", "that it was fitted on"),
      Key<&C::ece_before>("ece_before", "expected calibration error on these labels"),
      Key<&C::ece_after>("ece_after", "the same with this temperature"),
  };
  return fields;
}

Fields ModelCalibration::Describe() {
  using C = ModelCalibration;
  static constexpr Field fields[] = {
      Key<&C::model>("model", "whose answers these are").Required(),
      Key<&C::questions>("questions", "one temperature each").Required(),
  };
  return fields;
}

double ModelCalibration::TemperatureOf(const DecisionQuestion& question) const {
  const Json own = QuestionBody(question);
  const Json type(std::string(QuestionKindName(question.kind)));
  double temperature = 1;
  for (const QuestionCalibration& known : questions) {
    if (known.question == own) return known.temperature;
    if (known.question == type) temperature = known.temperature;
  }
  return temperature;
}

void ModelCalibration::Apply(const std::vector<DecisionQuestion>& asked, std::vector<DecisionAnswer>& answers) const {
  CHECK(asked.size() == answers.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    if (answers[i].refused) continue;
    const double unseen = answers[i].unseen;
    answers[i] = DecisionAnswer::Of(Tempered(std::move(answers[i].probabilities), TemperatureOf(asked[i])));
    answers[i].unseen = unseen;
  }
}

ModelCalibration FitCalibration(std::string model, std::span<const LabelledDecision> decisions) {
  std::map<std::string, std::vector<LabelledAnswer>> by_type;
  std::map<std::string, std::vector<LabelledAnswer>> by_question;
  for (const LabelledDecision& decision : decisions) {
    by_type[std::string(QuestionKindName(decision.question.kind))].push_back(decision.answer);
    by_question[QuestionBody(decision.question).Dump()].push_back(decision.answer);
  }
  ModelCalibration calibration;
  calibration.model = std::move(model);
  for (auto& [type, answers] : by_type) {
    if (std::ssize(answers) < kLabelsForType) continue;
    calibration.questions.push_back(CalibrationOf(Json(type), std::move(answers)));
  }
  for (auto& [question, answers] : by_question) {
    if (std::ssize(answers) < kLabelsForQuestion) continue;
    calibration.questions.push_back(CalibrationOf(Json::Parse(question).value(), std::move(answers)));
  }
  return calibration;
}

std::vector<LabelledAnswer> HeldOut(std::span<const LabelledDecision> decisions, int64_t num_folds) {
  CHECK(num_folds > 1);
  std::vector<LabelledAnswer> answers(decisions.size());
  for (int64_t fold = 0; fold < num_folds; ++fold) {
    std::vector<LabelledDecision> others;
    for (const LabelledDecision& decision : decisions) {
      if (decision.input_index % num_folds != fold) others.push_back(decision);
    }
    const ModelCalibration calibration = FitCalibration("", others);
    for (size_t i = 0; i < decisions.size(); ++i) {
      if (decisions[i].input_index % num_folds != fold) continue;
      answers[i] = decisions[i].answer;
      const double temperature = calibration.TemperatureOf(decisions[i].question);
      answers[i].probabilities = Tempered(std::move(answers[i].probabilities), temperature);
    }
  }
  return answers;
}

}  // namespace atelier
