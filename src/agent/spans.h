// Parts of a text that could be an argument: what a small model copies instead of writing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

inline constexpr size_t kMaxSpanWords = 16;
inline constexpr size_t kMaxSpans = 4000;  // of a text of some 250 words

// Runs of words, without punctuation around them, that keep `schema` (of a string or a number, read from the text).
// Where the schema says what a text looks like (a pattern, a format, a number), only spans that are no part of a longer
// one: of "17% of 2340" neither "17%" nor "2340". No text twice; in the order of the words. Errors: those of the
// schema.
Result<std::vector<std::string>> SpansFor(std::string_view text, const Json& schema);

}  // namespace atelier
