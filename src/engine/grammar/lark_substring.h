// `%regex {…}` of a Lark grammar, as llguidance has it: a run of some chunks, none included.
//
//   {"substring_chunks": ["a", …]}   {"substring_words": "text"}: words, blanks and what is between them, each a chunk
//   {"substring_chars": "text"}: each character
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "engine/grammar/language.h"

namespace atelier {

// Errors: Invalid for another object, TooLarge over 20,000 chunks.
Result<std::vector<std::string>> ReadSubstringChunks(const Json& regex);

// Texts that are chunks[n] … chunks[m - 1] for some n <= m.   COST: states as of a suffix automaton, made as they are
// met.
LanguageId SubstringsOf(const std::vector<std::string>& chunks, Languages& languages);

}  // namespace atelier
