// What a model reads of a body that came over HTTP: the readable text of HTML, text and JSON as they are.
#pragma once

#include <string>

#include "base/net/fetch.h"
#include "base/result.h"

namespace atelier {

struct ReadableText {
  std::string media_type;
  std::string title;  // of a page; empty: it has none
  std::string text;   // UTF-8
};

// Blocks for as long as parsing takes, 5 s at most. Errors: kUnsupported (a type that is no text, or a body that came
// compressed, by name), kInvalid (bytes that are no text), kTooLarge, kTimeout.
Result<ReadableText> ReadableTextOf(const Fetched& fetched);

}  // namespace atelier
