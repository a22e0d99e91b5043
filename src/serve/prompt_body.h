// Prompts and inputs as bodies give them: a text, texts, token ids, or arrays of token ids.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

// `name` stands in errors. At least one prompt, none of them empty; at most kMaxInputs.
// Texts become prompts like `as`.
Result<std::vector<Prompt>> ReadPrompts(const Json& value, std::string_view name, const TextPrompt& as);

}  // namespace atelier
