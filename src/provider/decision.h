// Typed decisions: what a model makes of a text, as probabilities instead of words.
//
//   predicate   how likely a statement about the text is true
//   choice      which of some options fits
//   score       which of some ordered levels fits
//
// Nothing is generated: every option is a way the model could answer, and its probability is the model's own for that
// answer, corrected for what the model would say without the text (docs/decisions.md). Ask through
// LanguageModel::Decide; all questions of a request read its input once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/events.h"

namespace atelier {

enum class QuestionKind : uint8_t { kPredicate, kChoice, kScore };
// "predicate", "choice", "score".
std::string_view QuestionKindName(QuestionKind kind);

struct DecisionOption {
  std::string value;             // of a choice; the label of a level
  std::string description = {};  // shown with the option (DecisionRequest::orders)
  bool boolean = false;          // the value is JSON's true or false, spelt so
};

struct DecisionQuestion {
  QuestionKind kind = QuestionKind::kPredicate;
  std::string instructions;  // of a predicate the statement, else the question
  // Of choices in any order, of scores from the lowest level up; of predicates none: theirs are false and true.
  std::vector<DecisionOption> options = {};
  std::string name = {};  // told to remote providers, else only the caller's

  static DecisionQuestion Predicate(std::string statement) { return {QuestionKind::kPredicate, std::move(statement)}; }
  size_t num_options() const { return kind == QuestionKind::kPredicate ? 2 : options.size(); }
};

// One part of what is judged: a message of a conversation, a call of a tool, what it gave.
struct DecisionPart {
  std::string role;  // "user", "assistant", "system", "developer", "call", "output"
  std::string text;
  // What a provider elsewhere is sent in its place, an input item of OpenAI's shape; null: made of role and text.
  Json item = {};
};

struct DecisionRequest {
  std::string model;
  std::vector<DecisionPart> input;
  std::vector<DecisionQuestion> questions;

  // 0: the model is not shown the options, so their places cannot matter. Else it is, in so many cyclic orders (at most
  // as many as there are options), which are averaged.
  int32_t orders = 0;
  // What the model answers to an input without content is taken off.
  bool content_free = true;
  // The model's stored calibration is applied.
  bool calibrated = true;

  std::string cache_salt = {};
  int32_t priority = 0;
  std::optional<std::chrono::milliseconds> keep_alive = {};

  static DecisionRequest Of(std::string model, std::string text, std::vector<DecisionQuestion> questions);
};

struct DecisionAnswer {
  bool refused = false;               // by a provider elsewhere; nothing below says anything then
  std::vector<double> probabilities;  // of the options in their order, summing to 1; of predicates {false, true}
  size_t choice = 0;                  // the likeliest; of equal ones the first
  double confidence = 0;              // its probability
  double score = 0;                   // the expected level, counted from 0
  // At most so much of the probability may belong to options that count 0 here as a provider elsewhere did not tell
  // theirs (chat_decision.h).
  double unseen = 0;

  // REQUIRES: non-negative, not all 0; they are scaled to sum to 1.
  static DecisionAnswer Of(std::vector<double> probabilities);
  // Of predicates.
  double probability() const { return probabilities.at(1); }
};

struct Decision {
  std::vector<DecisionAnswer> answers;  // of the questions in their order
  // Prompt tokens: input and questions, each place that several readings share counted once; nothing is completed.
  Usage usage;
  RequestTimes times;
};

inline constexpr int64_t kMaxQuestions = 400;           // the OpenAI API's bound
inline constexpr int64_t kMaxChoiceOptions = 255;       // the OpenAI API's bound
inline constexpr int64_t kMaxScoreLevels = 10;          // vLLM 0.33's bound
inline constexpr int64_t kMaxQuestionBytes = 64 << 10;  // instructions and options of one; the context bounds the rest
inline constexpr int64_t kMaxReadings = 1 << 14;        // options of all questions in all orders; some minutes' work

// Whether a request can be asked at all. Errors name its field in the API's words.
Result<void> CheckDecision(const DecisionRequest& request);

// The question in the API's shape, without its name. Equal questions give equal bytes.
Json QuestionBody(const DecisionQuestion& question);
// The value of option `index` as the API words it: true, false, or a text.
Json OptionValue(const DecisionQuestion& question, size_t index);

// The softmax of log scores.
std::vector<double> Softmax(std::vector<double> scores);

}  // namespace atelier
