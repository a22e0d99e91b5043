// From a generation request to the body of Anthropic's messages.   [Anthropic API reference, "Create a Message"]
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"
#include "provider/parameters.h"

namespace atelier {

// `model` is the upstream's own name; `default_max_tokens` stands where the request says none, since the API wants one.
// Conversations only. System messages, wherever they stand, become the one that the API has, in their order; results of
// tools that follow each other become one message; reasoning of earlier answers is left out, as the API takes it back
// under its own signature alone.
Result<Json> AnthropicBody(const ProviderTraits& traits, const std::string& model, int64_t default_max_tokens,
                           const GenerationRequest& request);

}  // namespace atelier
