// ClosingBudget keeps an output completable within the tokens that it has left. While there are enough, the model
// chooses freely; a token after which the output could no longer be completed is not taken, and the way to the end is.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/grammar/grammar.h"

namespace atelier {

class Tokenizer;

class ClosingBudget {
 public:
  // num_left: tokens that the output may still have, the one that ends it included. The others outlive the budget.
  ClosingBudget(Constraint* constraint, const Tokenizer* tokenizer, int64_t num_left)
      : constraint_(constraint), tokenizer_(tokenizer), num_left_(num_left) {}

  // Whether the output can be completed if `bytes`, of so many tokens, come next.
  bool Fits(std::string_view bytes, int64_t num_tokens) const;
  // The tokens that complete the output now. Empty: it may end, or no way is known.
  std::vector<int32_t> WayToEnd() const;
  void TookOne() { --num_left_; }

 private:
  size_t MaxBytes() const;
  std::vector<int32_t> TokensOf(std::string_view text) const;

  Constraint* constraint_;
  const Tokenizer* tokenizer_;
  int64_t num_left_;
};

}  // namespace atelier
