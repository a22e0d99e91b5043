#include "serve/decision_body.h"

#include <algorithm>
#include <utility>

#include "base/text/describe_json.h"
#include "serve/decision_input.h"
#include "serve/generation_body.h"

namespace atelier {

Fields DecisionChoiceBody::Describe() {
  using C = DecisionChoiceBody;
  static constexpr Field fields[] = {
      Key<&C::value>("value", "a text, or true or false; what the answer says").Required(),
      Key<&C::description>("description", "what it stands for; the model sees it with orders above 0"),
  };
  return fields;
}

Fields DecisionLevelBody::Describe() {
  using L = DecisionLevelBody;
  static constexpr Field fields[] = {
      Key<&L::label>("label", "what the level is called").Required(),
      Key<&L::description>("description", "what it stands for; the model sees it with orders above 0"),
  };
  return fields;
}

Fields DecisionQuestionBody::Describe() {
  using Q = DecisionQuestionBody;
  static constexpr Field fields[] = {
      Key<&Q::type>("type", "whether a statement is true, which option fits, or which level")
          .Required()
          .OneOf("predicate|choice|score"),
      Key<&Q::instructions>("instructions", "the statement or the question: a text, or parts of text and JSON")
          .Required(),
      Key<&Q::name>("name", "told with the answer"),
      Key<&Q::choices>("choices", "of a choice: 2 to 255 different ones").AtMostItems(kMaxChoiceOptions),
      Key<&Q::levels>("levels", "of a score: 2 to 10, from the lowest up").AtMostItems(kMaxScoreLevels),
  };
  return fields;
}

Fields DecisionsBody::Describe() {
  using B = DecisionsBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of a chat model; without, the default one"),
      Key<&B::input>("input", "what the questions are about: a text, or messages, calls and their outputs").Required(),
      Key<&B::questions>("questions", "1 to 400; they share one reading of the input")
          .Required()
          .AtMostItems(kMaxQuestions),
      Key<&B::orders>("orders", "show the model the options, in so many orders, and average; 0: do not show them")
          .Between(0, kMaxChoiceOptions),
      Key<&B::content_free>("content_free", "take off what the model answers to an input without content"),
      Key<&B::calibrated>("calibrated", "apply the calibration that is stored for the model"),
      Key<&B::cache_salt>("cache_salt", "prefixes are shared under equal salts").AtMostBytes(1024),
      Key<&B::priority>("priority", "smaller is served sooner").Between(-1000, 1000),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded afterwards"),
      Ignored("prompt_cache_key", "prefixes are shared by content"),
      Ignored("prompt_cache_options", "prefixes are shared by content"),
      Ignored("safety_identifier", "accepted without effect"),
      Ignored("user", "accepted without effect"),
      Unsupported("joint", "several questions in one reading, as diffusion models can").UnlessIs("false"),
  };
  return fields;
}

Fields LabelledBody::Describe() {
  using B = LabelledBody;
  static constexpr Field fields[] = {
      Key<&B::input>("input", "as in a decision").Required(),
      Key<&B::questions>("questions", "as in a decision").Required().AtMostItems(kMaxQuestions),
      Key<&B::labels>("labels", "the right answer of each question").Required().AtMostItems(kMaxQuestions),
  };
  return fields;
}

namespace {

Result<DecisionOption> OptionOf(const DecisionChoiceBody& body) {
  DecisionOption option{.value = {}, .description = body.description};
  if (body.value.is_string()) {
    option.value = body.value.AsString();
  } else if (body.value.is_bool()) {
    option.value = body.value.AsBool() ? "true" : "false";
    option.boolean = true;
  } else {
    return Error::Invalid("value", "got " + std::string(body.value.TypeName()) + ", want a string or a boolean")
        .WithCode("invalid_type");
  }
  return option;
}

Result<DecisionQuestion> QuestionOf(const DecisionQuestionBody& body) {
  DecisionQuestion question;
  question.name = body.name;
  question.kind = body.type == "predicate" ? QuestionKind::kPredicate
                  : body.type == "choice"  ? QuestionKind::kChoice
                                           : QuestionKind::kScore;
  TRY(question.instructions, DecisionText(body.instructions, "instructions"));
  const auto stray = [&](std::string_view key, const char* of) {
    return Error::Invalid(std::string(key),
                          "got it beside type \"" + body.type + "\", want it with type \"" + of + "\"")
        .WithCode("invalid_value");
  };
  if (!body.choices.empty() && question.kind != QuestionKind::kChoice) return stray("choices", "choice");
  if (!body.levels.empty() && question.kind != QuestionKind::kScore) return stray("levels", "score");
  for (size_t i = 0; i < body.choices.size(); ++i) {
    Result<DecisionOption> option = OptionOf(body.choices[i]);
    if (!option.ok()) return std::move(option).error().Under("choices[" + std::to_string(i) + "]");
    question.options.push_back(std::move(*option));
  }
  for (const DecisionLevelBody& level : body.levels) question.options.push_back({level.label, level.description});
  return question;
}

Result<DecisionRequest> RequestOf(const Json& input, const std::vector<DecisionQuestionBody>& questions) {
  DecisionRequest request;
  TRY(request.input, DecisionInput(input));
  for (size_t i = 0; i < questions.size(); ++i) {
    Result<DecisionQuestion> question = QuestionOf(questions[i]);
    if (!question.ok()) return std::move(question).error().Under("questions[" + std::to_string(i) + "]");
    request.questions.push_back(std::move(*question));
  }
  return request;
}

Json AnswerBody(const DecisionQuestion& question, const DecisionAnswer& answer) {
  Json body = Json::Object({{"type", answer.refused ? "refusal" : std::string(QuestionKindName(question.kind))}});
  body.Set("name", question.name.empty() ? Json() : Json(question.name));
  if (answer.refused) return body;
  if (answer.unseen > 0) body.Set("unseen", answer.unseen);
  if (question.kind == QuestionKind::kPredicate) {
    body.Set("probability", answer.probability());
    return body;
  }
  const bool is_score = question.kind == QuestionKind::kScore;
  if (is_score) {
    body.Set("score", answer.score);
  } else {
    body.Set("choice", OptionValue(question, answer.choice));
  }
  body.Set("confidence", answer.confidence);
  Json probabilities = Json::Array();
  for (size_t i = 0; i < answer.probabilities.size(); ++i) {
    Json entry = Json::Object();
    entry.Set("value", is_score ? Json(static_cast<int64_t>(i)) : OptionValue(question, i));
    if (is_score) entry.Set("label", question.options[i].value);
    entry.Set("probability", answer.probabilities[i]);
    probabilities.Push(std::move(entry));
  }
  body.Set("probabilities", std::move(probabilities));
  return body;
}

Json UsageBody(const Usage& usage) {
  Json body = Json::Object({{"input_tokens", usage.prompt_tokens}});
  body.Set("input_tokens_details",
           Json::Object({{"cached_tokens", usage.cached_tokens},
                         {"cache_write_tokens", std::max<int64_t>(0, usage.prompt_tokens - usage.cached_tokens)}}));
  body.Set("output_tokens", usage.completion_tokens);
  body.Set("output_tokens_details", Json::Object({{"reasoning_tokens", 0}}));
  body.Set("total_tokens", usage.prompt_tokens + usage.completion_tokens);
  return body;
}

}  // namespace

Result<DecisionRequest> DecisionsBody::Request() const {
  TRY(DecisionRequest request, RequestOf(input, questions));
  request.orders = static_cast<int32_t>(orders);
  request.content_free = content_free;
  request.calibrated = calibrated;
  request.cache_salt = cache_salt;
  request.priority = static_cast<int32_t>(priority.value_or(0));
  if (keep_alive) {
    TRY(request.keep_alive, ParseKeepAlive(*keep_alive));
  }
  return request;
}

Result<DecisionRequest> LabelledBody::Request() const {
  if (labels.size() != questions.size()) {
    return Error::Invalid("labels", "got " + std::to_string(labels.size()) + ", want " +
                                        std::to_string(questions.size()) + ", one for each question");
  }
  return RequestOf(input, questions);
}

Result<std::vector<size_t>> LabelledBody::Labels(const DecisionRequest& request) const {
  std::vector<size_t> right;
  for (size_t i = 0; i < labels.size(); ++i) {
    const DecisionQuestion& question = request.questions[i];
    size_t option = 0;
    const auto is_right = [&](size_t index) {
      const bool by_number = question.kind == QuestionKind::kScore && labels[i].is_number();
      return by_number ? labels[i].AsInt64() == static_cast<int64_t>(index) : labels[i] == OptionValue(question, index);
    };
    while (option < question.num_options() && !is_right(option)) ++option;
    if (option == question.num_options()) {
      return Error::Invalid("labels[" + std::to_string(i) + "]",
                            "got " + labels[i].Dump().substr(0, 100) + ", want an option of its question");
    }
    right.push_back(option);
  }
  return right;
}

Json DecisionReply(const DecisionRequest& request, const Decision& decision, const std::string& model) {
  Json answers = Json::Array();
  for (size_t i = 0; i < decision.answers.size(); ++i) {
    answers.Push(AnswerBody(request.questions[i], decision.answers[i]));
  }
  Json reply = Json::Object({{"model", model}});
  reply.Set("answers", std::move(answers));
  reply.Set("usage", UsageBody(decision.usage));
  return reply;
}

}  // namespace atelier
