// Llama 1 to 3, Mistral, SmolLM2: pre-norm decoder, rotary grouped-query attention, SwiGLU.   [arXiv:2407.21783]
//
// GGUF files hold the rows of attn_q and attn_k so that the numbers that turn together stand side by side; Hugging Face
// checkpoints keep them half a head apart. The graph turns whichever pairs its file has.
#include "model/arch/decoder_config.h"

namespace atelier {
namespace {

Result<ArchOutput> Build(const ArchInput& input) {
  DecoderFile file = ReadDecoder(input, {});
  file.decoder.attention.rope_style = input.config.is_gguf() ? RopeStyle::kAdjacent : RopeStyle::kHalves;
  return BuildDecoder(input, std::move(file), PreNormLayer);
}

constexpr std::string_view kModelTypes[] = {"llama", "mistral"};

}  // namespace

extern const ArchEntry arch_llama{"llama", kModelTypes, Build, RenameDecoder};

}  // namespace atelier
