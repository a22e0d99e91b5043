#include "engine/forced_text.h"

#include <string_view>

#include "base/text/utf8.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr size_t kMaxForcedBytes = 256;  // looked for at once; what goes on is found behind them

// The longest beginning that is whole characters. Bytes that are none, such as those of control tokens, end it.
std::string_view WholeCharacters(std::string_view text) {
  text.remove_suffix(IncompleteUtf8Tail(text));
  while (!text.empty() && !IsValidUtf8(text)) text.remove_suffix(1);
  return text;
}

}  // namespace

bool Spells(const Tokenizer& tokenizer, const std::vector<int32_t>& tokens, std::string_view text) {
  for (const int32_t token : tokens) {
    const std::string_view piece = tokenizer.Piece(token);
    if (piece.empty() || tokenizer.IsSpecial(token) || !text.starts_with(piece)) return false;
    text.remove_prefix(piece.size());
  }
  return text.empty();
}

ForcedText FindForcedText(Constraint& constraint, const Tokenizer& tokenizer) {
  const std::string forced = constraint.Forced(kMaxForcedBytes);
  const std::string_view text = WholeCharacters(forced);
  if (text.empty()) return {};
  ForcedText found;
  found.tokens = tokenizer.Encode(text, {.add_special = false, .continues = true});
  if (!Spells(tokenizer, found.tokens, text)) return {};
  const int32_t last = found.tokens.back();
  if (forced.size() == kMaxForcedBytes && found.tokens.size() > 1) {
    found.tokens.pop_back();  // it may be the beginning of a word
  } else if (constraint.MayGoOn(text, tokenizer.Piece(last))) {
    found.tokens.pop_back();
    if (!found.tokens.empty()) return found;
    found.text = text;
    found.only = last;
  }
  return found;
}

}  // namespace atelier
