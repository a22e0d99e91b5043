// Control tokens that a grammar names, as llguidance has it: `<|name|>` by spelling, `<[7]>` by id, `<[7,9-12]>` by ids
// and ranges of them, `<[^7]>` all others, `<[*]>` any.
//
// A grammar here reads bytes, and a control token is bytes that no text has (ControlText in tokenizer.h). A token of
// text is the same as its text however it is spelled, so to name it is refused, with the text to write instead. Ids
// without a text, which no output has, are passed over in ranges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

// What tokens named so are in an output; at least one.
//   name    with its angle brackets
//   tokens  may be null: then no token has a name
Result<std::vector<std::string>> NamedTokens(std::string_view name, const TokenTrie* tokens);

}  // namespace atelier
