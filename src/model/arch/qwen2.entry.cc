// Qwen2, Qwen2.5: as Llama, with biases on queries, keys and values.   [arXiv:2407.10671]
#include "model/arch/decoder_config.h"

namespace atelier {
namespace {

Result<ArchOutput> Build(const ArchInput& input) {
  DecoderFile file = ReadDecoder(input, {});
  file.decoder.attention.qkv_bias = BiasRule::kRequired;
  return BuildDecoder(input, std::move(file), PreNormLayer);
}

constexpr std::string_view kModelTypes[] = {"qwen2"};

}  // namespace

extern const ArchEntry arch_qwen2{"qwen2", kModelTypes, Build, RenameDecoder};

}  // namespace atelier
