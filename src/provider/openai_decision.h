// Decisions of an OpenAI-compatible upstream.                            [OpenAI API reference, "Decisions"; vLLM 0.33]
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/decision.h"
#include "provider/parameters.h"

namespace atelier {

// The body of POST /decisions. Errors name what the upstream cannot honour.
Result<Json> OpenAiDecisionBody(const ProviderTraits& traits, const DecisionRequest& request);
// What it answers. Errors say what is malformed.
Result<Decision> OpenAiDecisionOf(const Json& reply, const std::vector<DecisionQuestion>& questions);
// Whether an upstream answers so that has no decisions, or no such model.
bool HasNoDecisions(const Error& error);
// Such an error, as the caller's: Unsupported.
Error OfDecisions(Error error, const std::string& provider, const std::string& model);

}  // namespace atelier
