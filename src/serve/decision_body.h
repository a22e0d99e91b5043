// The body of /v1/decisions.                                          [OpenAI API reference, "Decisions"; vLLM 0.33]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "provider/decision.h"

namespace atelier {

struct DecisionChoiceBody {
  Json value;  // a text, or true or false
  std::string description;
  static Fields Describe();
};
struct DecisionLevelBody {
  std::string label, description;
  static Fields Describe();
};
struct DecisionQuestionBody {
  std::string type;
  Json instructions;  // a text or parts
  std::string name;
  std::vector<DecisionChoiceBody> choices;
  std::vector<DecisionLevelBody> levels;
  static Fields Describe();
};

struct DecisionsBody {
  std::optional<std::string> model;
  Json input;
  std::vector<DecisionQuestionBody> questions;
  int64_t orders = 0;
  bool content_free = true, calibrated = true;
  std::string cache_salt;
  std::optional<int64_t> priority;
  std::optional<Json> keep_alive;
  static Fields Describe();

  // All but the model. Errors name the parameter.
  Result<DecisionRequest> Request() const;
};

// A line of a labelled file: input and questions as the body has them, and the right answers: true or false of a
// predicate, the value of a choice, the label or the number (from 0) of a level.
struct LabelledBody {
  Json input;
  std::vector<DecisionQuestionBody> questions;
  std::vector<Json> labels;
  static Fields Describe();

  Result<DecisionRequest> Request() const;
  // The right option of each question. REQUIRES: Request() was ok.
  Result<std::vector<size_t>> Labels(const DecisionRequest& request) const;
};

// {"answers": […], "model": …, "usage": …}
Json DecisionReply(const DecisionRequest& request, const Decision& decision, const std::string& model);

}  // namespace atelier
