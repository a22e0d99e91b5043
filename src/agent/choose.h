// One of some options, with probabilities: a decision of a run, journalled like any other step.
#pragma once

#include <string>
#include <vector>

#include "agent/agent.h"

namespace atelier {

struct ChoiceOption {
  std::string value = {};
  std::string description = {};          // what it is for
  std::vector<std::string> others = {};  // further descriptions: the one most like the text counts
};
struct Chosen {
  size_t index = 0;                   // the likeliest
  std::vector<double> probabilities;  // of the options, summing to 1
};
struct ChoiceQuestion {
  std::string path = {};
  std::string name = {};  // of the decision, for the journal
  std::string text = {};  // that it is about
  std::string instructions = {};
  std::vector<ChoiceOption> options = {};  // at least one
};

// By the likeness of the text to the descriptions, where the work has an embedder: measured with SmolLM2 and MiniLM,
// 22 of 25 requests find their tool so, and 16 by the model's own decision. By the model elsewhere.
Task<Result<Chosen>> ChooseByMeaning(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question);
// By the model's own decision among the values.
Task<Result<Chosen>> ChooseByModel(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question);
// How likely a statement about a text is true, by the model.
Task<Result<double>> Judge(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question);

}  // namespace atelier
