// From a generation request to the body that an OpenAI-compatible upstream reads.
//
// Nothing is dropped in silence: a parameter that would change the answer and that the upstream's dialect does not know
// is an Unsupported error that names it.   [OpenAI API reference; vLLM's and llama-server's extensions of it]
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

enum class OpenAiDialect : uint8_t {
  kCompatible,   // the parameters that every server of that API knows
  kOpenAi,       // max_completion_tokens; defaults are left out, as reasoning models refuse them
  kVllm,         // samplers, token lists, structured_outputs
  kLlamaServer,  // samplers, grammars
  kAtelier,      // all of it
};
Result<OpenAiDialect> ParseDialect(std::string_view name);

// What of an output's description goes to the upstream.
enum class Constrains : uint8_t { kAll, kJsonSchema, kJsonObject, kNone };
// "" is what the dialect promises: all for vllm and atelier, json_schema for openai and llama_server, else none.
Result<Constrains> ParseConstrains(std::string_view name, OpenAiDialect dialect);

struct OpenAiTraits {
  std::string provider;
  OpenAiDialect dialect = OpenAiDialect::kCompatible;
  Constrains constrains = Constrains::kNone;
  std::set<std::string> parameters;  // honoured beside the dialect's
};

struct OpenAiCall {
  std::string path;  // "/chat/completions" or "/completions"
  Json body;
};
// `model` is the upstream's own name. Streams are asked for with their usage.
Result<OpenAiCall> OpenAiGeneration(const OpenAiTraits& traits, const std::string& model,
                                    const GenerationRequest& request);

// Whether the upstream is given `grammar` in a form that it promises to keep.
bool Keeps(const OpenAiTraits& traits, const GrammarSpec& grammar);

}  // namespace atelier
