// Decisions of a model elsewhere that only chats, and tells the likeliest first tokens of what it says (top_logprobs).
//
//   reading   a chat of one token: the input or an input without content, the question, its options with a letter each
//             in some order, and that the letter alone is wanted; of a predicate Yes or No
//   seen      of an option in a reading: the probability of the tokens told that spell its label, blanks around it
//   aside hidden    of an option whose label is not among them: what it can have at most, which is the least likely of
//   these,
//             and what is left of 1
//   answer    the mean of what is seen over the orders, divided by the same mean over inputs without content (where
//             hidden options count with their bound) and scaled to sum to 1
//   unseen    the share that hidden options could have of it
//
// A letter follows the order of the options as much as the text, so each option stands at each place once unless the
// request says how many orders. Several chats are under way at a time.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/content_free.h"
#include "provider/language_model.h"

namespace atelier {

struct ChatDecisionSurroundings {
  LanguageModel& model;  // chats
  ContentFreeScores& content_free;
  const Clock& clock;
  std::string provider;           // for errors
  bool told_not_to_think = true;  // the model's template is, where the upstream has a way to say so
};

// REQUIRES: CheckDecision was ok. Errors: Unsupported where an answer has no probabilities, none of a question's labels
// among them, or a question more options than tokens are told; the chats' own.
Task<Result<Decision>> DecideByChats(ChatDecisionSurroundings around, Call call, DecisionRequest request);

// What the likeliest first tokens say of labels.
struct LabelOdds {
  std::vector<double> seen, hidden;  // of each label; one of the two is 0

  bool any() const;
};
LabelOdds LabelOddsOf(const TokenChoice& first, const std::vector<std::string>& labels);

inline constexpr int32_t kMaxTopLogprobs = 20;       // the OpenAI API's bound
inline constexpr int64_t kMaxDecisionChats = 4'096;  // some minutes' work

}  // namespace atelier
