#include "provider/decision.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

Error OutOfRange(std::string where, int64_t got, int64_t low, int64_t high) {
  return Error::Invalid(std::move(where),
                        "got " + std::to_string(got) + ", want " + std::to_string(low) + " to " + std::to_string(high))
      .WithCode("invalid_value");
}

std::string_view OptionsKey(QuestionKind kind) { return kind == QuestionKind::kScore ? "levels" : "choices"; }

Result<void> CheckOptions(const DecisionQuestion& question) {
  const std::string key(OptionsKey(question.kind));
  const auto num = static_cast<int64_t>(question.options.size());
  const int64_t most = question.kind == QuestionKind::kScore ? kMaxScoreLevels : kMaxChoiceOptions;
  if (num < 2 || num > most) return OutOfRange(key, num, 2, most);
  std::set<std::pair<std::string_view, bool>> seen;
  for (size_t i = 0; i < question.options.size(); ++i) {
    const DecisionOption& option = question.options[i];
    const std::string_view field = question.kind == QuestionKind::kScore ? "label" : "value";
    const std::string where = key + "[" + std::to_string(i) + "]." + std::string(field);
    if (option.value.empty()) return Error::Invalid(where, "got no text, want some").WithCode("invalid_value");
    if (!seen.emplace(option.value, option.boolean).second) {
      return Error::Invalid(where, "got '" + option.value.substr(0, 100) + "' twice, want each once")
          .WithCode("invalid_value");
    }
  }
  return {};
}

int64_t BytesOf(const DecisionQuestion& question) {
  size_t num_bytes = question.instructions.size() + question.name.size();
  for (const DecisionOption& option : question.options) num_bytes += option.value.size() + option.description.size();
  return static_cast<int64_t>(num_bytes);
}

Result<void> CheckQuestion(const DecisionQuestion& question) {
  if (question.instructions.empty()) {
    return Error::Invalid("instructions", "got no text, want some").WithCode("invalid_value");
  }
  if (const int64_t num_bytes = BytesOf(question); num_bytes > kMaxQuestionBytes) {
    return Error::Invalid("", "got " + std::to_string(num_bytes) + " bytes of instructions and options, want at most " +
                                  std::to_string(kMaxQuestionBytes))
        .WithCode("invalid_value");
  }
  if (question.kind != QuestionKind::kPredicate) return CheckOptions(question);
  if (question.options.empty()) return {};
  return Error::Invalid("choices", "got some beside a predicate, want none").WithCode("invalid_value");
}

}  // namespace

std::string_view QuestionKindName(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::kPredicate: return "predicate";
    case QuestionKind::kChoice: return "choice";
    case QuestionKind::kScore: return "score";
  }
  return "";
}

DecisionRequest DecisionRequest::Of(std::string model, std::string text, std::vector<DecisionQuestion> questions) {
  DecisionRequest request;
  request.model = std::move(model);
  request.input.push_back({"user", std::move(text)});
  request.questions = std::move(questions);
  return request;
}

DecisionAnswer DecisionAnswer::Of(std::vector<double> probabilities) {
  CHECK(!probabilities.empty());
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  CHECK(sum > 0 && std::isfinite(sum));
  DecisionAnswer answer;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    double& probability = probabilities[i];
    CHECK(probability >= 0);
    probability /= sum;
    answer.score += static_cast<double>(i) * probability;
    if (probability <= answer.confidence) continue;
    answer.confidence = probability;
    answer.choice = i;
  }
  answer.probabilities = std::move(probabilities);
  return answer;
}

Result<void> CheckDecision(const DecisionRequest& request) {
  if (request.input.empty()) return Error::Invalid("input", "got nothing, want a text or messages");
  const auto num = static_cast<int64_t>(request.questions.size());
  if (num < 1 || num > kMaxQuestions) return OutOfRange("questions", num, 1, kMaxQuestions);
  if (request.orders < 0 || request.orders > kMaxChoiceOptions) {
    return OutOfRange("orders", request.orders, 0, kMaxChoiceOptions);
  }
  int64_t num_readings = 0;
  for (size_t i = 0; i < request.questions.size(); ++i) {
    const DecisionQuestion& question = request.questions[i];
    Result<void> checked = CheckQuestion(question);
    if (!checked.ok()) return std::move(checked).error().Under("questions[" + std::to_string(i) + "]");
    const auto num_options = static_cast<int64_t>(question.num_options());
    num_readings += num_options * std::clamp<int64_t>(request.orders, 1, num_options);
  }
  if (num_readings <= kMaxReadings) return {};
  return Error::Invalid("questions", "got " + std::to_string(num_readings) +
                                         " options over all questions and orders, want at most " +
                                         std::to_string(kMaxReadings))
      .WithCode("invalid_value");
}

Json OptionValue(const DecisionQuestion& question, size_t index) {
  if (question.kind == QuestionKind::kPredicate) return Json(index == 1);
  const DecisionOption& option = question.options.at(index);
  return option.boolean ? Json(option.value == "true") : Json(option.value);
}

Json QuestionBody(const DecisionQuestion& question) {
  Json body = Json::Object({{"type", std::string(QuestionKindName(question.kind))}});
  body.Set("instructions", question.instructions);
  if (question.kind == QuestionKind::kPredicate) return body;
  Json options = Json::Array();
  for (size_t i = 0; i < question.options.size(); ++i) {
    Json option = Json::Object();
    option.Set(question.kind == QuestionKind::kScore ? "label" : "value", OptionValue(question, i));
    const std::string& description = question.options[i].description;
    if (!description.empty()) option.Set("description", description);
    options.Push(std::move(option));
  }
  body.Set(std::string(OptionsKey(question.kind)), std::move(options));
  return body;
}

std::vector<double> Softmax(std::vector<double> scores) {
  CHECK(!scores.empty());
  const double top = *std::ranges::max_element(scores);
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - top);
  for (double& score : scores) score /= sum;
  return scores;
}

}  // namespace atelier
