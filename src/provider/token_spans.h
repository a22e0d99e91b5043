// Where the tokens of a text stand in it.
//
// A tokenizer whose pieces spell the text byte for byte says so itself. One that normalises (case, accents) is asked
// word by word: the tokens of a word stand in the word, each by its letters where these are as many as the word's, else
// evenly.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tokenizer/tokenizer.h"
#include "record/document.h"

namespace atelier {

// One span for each of `ids`, in order; special tokens are empty, at the begin of the text or at its end.
//   ids   tokenizer.Encode(text), perhaps with special tokens around it
// Error: Unsupported where the words' tokens are not the text's.   COST: up to one more encoding.
Result<std::vector<TextSpan>> TokenSpans(const Tokenizer& tokenizer, std::string_view text,
                                         std::span<const int32_t> ids);

}  // namespace atelier
