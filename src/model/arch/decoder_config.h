// What the decoder architectures share in their files: configuration keys, names of tensors, and what is made of them.
// An architecture sets what it does otherwise and hands the rest to these.
#pragma once

#include <string>
#include <string_view>

#include "model/arch/arch_entry.h"
#include "model/layer/decoder.h"

namespace atelier {

// What a file need not say.
struct DecoderDefaults {
  int64_t head_dim = 0;  // 0: E / H
  double norm_eps = 1e-6;
};

// A decoder's configuration, and the length of its context.
struct DecoderFile {
  DecoderConfig decoder;
  int64_t context_length = 0;
};

// Faults go to the reader; without them every size is above 0 and H is a multiple of G.
DecoderFile ReadDecoder(const ArchInput& input, const DecoderDefaults& defaults);

// Checks the reader and records the graph.
Result<ArchOutput> BuildDecoder(const ArchInput& input, DecoderFile file, const LayerFunction& layer);

// "model.layers.3.self_attn.q_proj.weight" -> "blk.3.attn_q.weight". Tied checkpoints' copies of the output are left
// out.
std::string RenameDecoder(std::string_view checkpoint_name, const ConfigReader& config);

}  // namespace atelier
