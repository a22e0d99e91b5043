#include "engine/closing_budget.h"

#include <algorithm>

#include "engine/forced_text.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {

// A token of the way spells some letters; few spell more than this.
size_t ClosingBudget::MaxBytes() const { return static_cast<size_t>(std::clamp<int64_t>(num_left_, 0, 1 << 14)) * 32; }

bool ClosingBudget::Fits(std::string_view bytes, int64_t num_tokens) const {
  const auto way = constraint_->Closing(bytes, MaxBytes());
  if (!way) return false;
  const int64_t room = num_left_ - num_tokens - 1;  // one ends the output
  if (static_cast<int64_t>(way->size()) <= room) return true;
  return static_cast<int64_t>(TokensOf(*way).size()) <= room;
}

std::vector<int32_t> ClosingBudget::WayToEnd() const {
  const auto way = constraint_->Closing({}, MaxBytes());
  return way ? TokensOf(*way) : std::vector<int32_t>();
}

// As the tokenizer spells it, or else by the longest token each time.
std::vector<int32_t> ClosingBudget::TokensOf(std::string_view text) const {
  std::vector<int32_t> tokens = tokenizer_->Encode(text, {.add_special = false, .continues = true});
  if (Spells(*tokenizer_, tokens, text)) return tokens;
  tokens.clear();
  while (!text.empty()) {
    const int32_t token = constraint_->LongestToken(text);
    if (token < 0) break;
    tokens.push_back(token);
    text.remove_prefix(constraint_->Piece(token).size());
  }
  return tokens;
}

}  // namespace atelier
