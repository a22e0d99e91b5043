// Qwen3: as Llama, but each head of queries and keys is normed before it turns.   [arXiv:2505.09388]
#include "model/arch/decoder_config.h"

namespace atelier {
namespace {

Result<ArchOutput> Build(const ArchInput& input) {
  DecoderFile file = ReadDecoder(input, {.head_dim = 128});
  file.decoder.attention.head_norm_eps = file.decoder.norm_eps;
  return BuildDecoder(input, std::move(file), PreNormLayer);
}

constexpr std::string_view kModelTypes[] = {"qwen3"};

}  // namespace

extern const ArchEntry arch_qwen3{"qwen3", kModelTypes, Build, RenameDecoder};

}  // namespace atelier
