#include "provider/openai_decision.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace atelier {
namespace {

Json ItemOf(const DecisionPart& part) {
  if (!part.item.is_null()) return part.item;
  return Json::Object({{"type", "message"}, {"role", part.role}, {"content", part.text}});
}

Json InputOf(const std::vector<DecisionPart>& input) {
  if (input.size() == 1 && input[0].role == "user" && input[0].item.is_null()) return Json(input[0].text);
  Json items = Json::Array();
  for (const DecisionPart& part : input) items.Push(ItemOf(part));
  return items;
}

int64_t IntOf(const Json& json) { return json.is_number() ? json.AsInt64().value_or(0) : 0; }

// A probability, or less than 0.
double ProbabilityOf(const Json& json) {
  const double value = json.is_number() ? json.AsDouble() : -1;
  return std::isfinite(value) && value >= 0 && value <= 1 ? value : -1;
}

Error Malformed(std::string what) { return Error::Invalid("", std::move(what)); }

// Which option an entry of "probabilities" speaks of.
bool IsOf(const Json& entry, const DecisionQuestion& question, size_t index) {
  if (question.kind == QuestionKind::kChoice) return entry["value"] == OptionValue(question, index);
  return entry["label"].is_string() && entry["label"].AsString() == question.options[index].value;
}

Result<std::vector<double>> ProbabilitiesOf(const Json& answer, const DecisionQuestion& question) {
  const Json& entries = answer["probabilities"];
  if (!entries.is_array() || entries.size() != std::ssize(question.options)) {
    return Malformed("got an answer without a probability for each option");
  }
  std::vector<double> probabilities(question.options.size(), -1);
  for (const Json& entry : entries.items()) {
    for (size_t i = 0; i < probabilities.size(); ++i) {
      if (IsOf(entry, question, i)) probabilities[i] = ProbabilityOf(entry["probability"]);
    }
  }
  const bool all = std::ranges::all_of(probabilities, [](double probability) { return probability >= 0; });
  const bool any = std::ranges::any_of(probabilities, [](double probability) { return probability > 0; });
  if (!all || !any) return Malformed("got an answer with an option without a probability");
  return probabilities;
}

Result<DecisionAnswer> AnswerOf(const Json& answer, const DecisionQuestion& question) {
  DecisionAnswer made;
  const Json& type = answer["type"];
  if (type.is_string() && type.AsString() == "refusal") {
    made.refused = true;
    return made;
  }
  if (!type.is_string() || type.AsString() != QuestionKindName(question.kind)) {
    return Malformed("got an answer of another type than its question's");
  }
  if (question.kind == QuestionKind::kPredicate) {
    const double probability = ProbabilityOf(answer["probability"]);
    if (probability < 0) return Malformed("got a predicate without a probability");
    made = DecisionAnswer::Of({1 - probability, probability});
  } else {
    TRY(std::vector<double> probabilities, ProbabilitiesOf(answer, question));
    made = DecisionAnswer::Of(std::move(probabilities));
  }
  made.unseen = std::max(0.0, ProbabilityOf(answer["unseen"]));  // another Atelier's
  return made;
}

}  // namespace

Result<Json> OpenAiDecisionBody(const ProviderTraits& traits, const DecisionRequest& request) {
  Json body = Json::Object({{"model", request.model}});
  body.Set("input", InputOf(request.input));
  Json questions = Json::Array();
  for (const DecisionQuestion& question : request.questions) {
    Json asked = QuestionBody(question);
    if (!question.name.empty()) asked.Set("name", question.name);
    questions.Push(std::move(asked));
  }
  body.Set("questions", std::move(questions));
  BodyBuilder builder(traits, std::move(body));
  builder.Add("orders", request.orders != 0, request.orders, kOurs);
  builder.Add("content_free", !request.content_free, false, kOurs);
  if (traits.dialect == Dialect::kAtelier && !request.calibrated) builder.Set("calibrated", false);
  builder.Add("cache_salt", !request.cache_salt.empty(), request.cache_salt, kVllms);
  builder.Add("priority", request.priority != 0, request.priority, kOurs);
  return builder.Finish();
}

Result<Decision> OpenAiDecisionOf(const Json& reply, const std::vector<DecisionQuestion>& questions) {
  const Json& answers = reply["answers"];
  if (!answers.is_array() || answers.size() != std::ssize(questions)) {
    return Malformed("got answers that are not one for each of " + std::to_string(questions.size()) + " questions");
  }
  Decision decision;
  for (size_t i = 0; i < questions.size(); ++i) {
    TRY(DecisionAnswer answer, AnswerOf(answers.items()[i], questions[i]));
    decision.answers.push_back(std::move(answer));
  }
  const Json& usage = reply["usage"];
  decision.usage.prompt_tokens = IntOf(usage["input_tokens"]);
  decision.usage.cached_tokens = IntOf(usage["input_tokens_details"]["cached_tokens"]);
  decision.usage.completion_tokens = IntOf(usage["output_tokens"]);
  return decision;
}

bool HasNoDecisions(const Error& error) {
  const bool ours = error.code.starts_with("unsupported_");  // refused before the upstream was asked
  return error.kind == ErrorKind::kNotFound || (error.kind == ErrorKind::kUnsupported && !ours);
}

Error OfDecisions(Error error, const std::string& provider, const std::string& model) {
  return Error::Unsupported("model", "got " + model + " of provider " + provider +
                                         ", which has no such model or no decisions, want one that has (" + error.what +
                                         ")")
      .WithCode("unsupported_model");
}

}  // namespace atelier
