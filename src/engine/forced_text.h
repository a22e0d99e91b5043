// Jump-ahead: where a grammar leaves one way on, its bytes are written without asking the model.
//
// Forced text has one canonical tokenisation, that of the tokenizer, and no other may spell it; so the tokens are the
// same whether they are jumped over or chosen one by one. The last token of forced text is left to the model where a
// longer token may take its place, which begins in the forced text and goes on behind it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/grammar/grammar.h"

namespace atelier {

class Tokenizer;

struct ForcedText {
  std::vector<int32_t> tokens = {};  // that come next
  // Or, where tokens is empty: tokens that `text` begins with may not come, but for this one; longer ones may.
  std::string text = {};
  int32_t only = -1;
};

// Whether these are tokens of text, which joined are `text`.
bool Spells(const Tokenizer& tokenizer, const std::vector<int32_t>& tokens, std::string_view text);

// What is forced now, spelled as what goes on from other text: vocabularies that put a blank before a text put none
// here. Nothing where the tokenizer cannot spell the text byte by byte, such as one that makes one blank of two.
ForcedText FindForcedText(Constraint& constraint, const Tokenizer& tokenizer);

}  // namespace atelier
