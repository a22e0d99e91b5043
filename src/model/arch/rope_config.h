// Reads how a model turns its queries and keys: base, dimensions and scaling, in GGUF's and Hugging Face's words.
//
// Scalings: none, linear, llama3, yarn. Others (dynamic, longrope) are refused by name. In GGUF llama3's scaling
// stands ready made in the tensor rope_freqs.weight, in config.json as numbers.
#pragma once

#include "model/arch/config_reader.h"
#include "model/layer/attention.h"

namespace atelier {

struct RopeConfig {
  RopeFrequencySet frequencies;
  int64_t scaled_context = 0;  // how far the scaling reaches, where the file says; otherwise 0
};

// Faults go to the reader. `head_dim` is what turns where the file does not say otherwise.
RopeConfig ReadRope(ConfigReader& config, const Weights& w, int64_t head_dim, int64_t context_length);

}  // namespace atelier
