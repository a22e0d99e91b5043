// From a generation request to the body that an OpenAI-compatible upstream reads.
//   [OpenAI API reference; vLLM's and llama-server's extensions of it]
#pragma once

#include <string>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"
#include "provider/parameters.h"

namespace atelier {

struct OpenAiCall {
  std::string path;  // "/chat/completions" or "/completions"
  Json body;
};
// `model` is the upstream's own name. Streams are asked for with their usage.
Result<OpenAiCall> OpenAiGeneration(const ProviderTraits& traits, const std::string& model,
                                    const GenerationRequest& request);

}  // namespace atelier
