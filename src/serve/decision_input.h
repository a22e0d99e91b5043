// What a decision is about, as bodies give it: a text, or messages, calls of tools and their outputs, in parts of text
// and JSON. Images are refused by name: no model here sees.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/decision.h"

namespace atelier {

// Errors: `where` is "input[i]…".
Result<std::vector<DecisionPart>> DecisionInput(const Json& input);
// A text, or parts joined by line ends. Errors: `where` begins with the one given.
Result<std::string> DecisionText(const Json& content, const std::string& where);

inline constexpr int64_t kMaxInputItems = 1 << 14;        // vLLM: 131,072 messages; the context ends long before
inline constexpr int64_t kMaxInputJsonBytes = 256 << 10;  // the OpenAI API's bound, of compact text
inline constexpr int64_t kMaxInputJsonLevels = 32;        // the OpenAI API's bound

}  // namespace atelier
