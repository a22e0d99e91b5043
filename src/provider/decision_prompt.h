// How a question about a text is put to a language model, and what its answers would be.
//
// One user's turn: the input, then the question with its options in some order. The input comes first, so that all
// questions share its place in the prefix cache.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "provider/decision.h"

namespace atelier {

// What is judged, as one text: a lone message as it stands, several with who said them.
std::string InputText(const std::vector<DecisionPart>& input);
// Inputs without content: what a model answers to them is its bias towards options.   [arXiv:2102.09690]
std::span<const std::string_view> ContentFreeInputs();

// `order[i]`: the option that stands at place i; empty: they are not shown.
std::string QuestionTurn(std::string_view input, const DecisionQuestion& question, std::span<const size_t> order);
// The same for a model whose first token alone is seen: options have letters, and of a predicate Yes and No are asked
// for.   REQUIRES: `order` has all options, at most 26.
std::string LabelledTurn(std::string_view input, const DecisionQuestion& question, std::span<const size_t> order);
// What such a model says for the option at `place` of `order`.
std::string OptionLabel(const DecisionQuestion& question, std::span<const size_t> order, size_t place);
// What the model would say for option `index`.
std::string OptionReply(const DecisionQuestion& question, size_t index);

// `num` cyclic orders of a question's options, at most all, as far apart as can be: with as many orders as options,
// each option stands at each place once. Of 0 one that shows none.
std::vector<std::vector<size_t>> CyclicOrders(size_t num_options, int64_t num);

}  // namespace atelier
