// The "options" of Ollama's requests: how to choose tokens and when to stop.        [Ollama's docs/modelfile.md]
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/text/describe.h"
#include "provider/language_model.h"

namespace atelier {

// What absent ones stand for is Ollama's: a temperature of 0.8, top_k 40, top_p 0.9, a penalty of 1.1 over 64 tokens.
struct OllamaOptions {
  OneOrMany<std::string> stop;
  std::optional<int64_t> num_predict, seed, top_k, repeat_last_n, mirostat;
  std::optional<double> temperature, top_p, min_p, typical_p;
  std::optional<double> repeat_penalty, presence_penalty, frequency_penalty, mirostat_tau, mirostat_eta;
  static Fields Describe();

  // Errors name the option.
  Result<GenerationOptions> Read() const;
};

}  // namespace atelier
