// Late chunking [arXiv:2409.04701]: the document is embedded as a whole, token by token, and each chunk's vector is the
// mean of its tokens', so that "it" and "the city" carry what they stand for. `base` cuts; EmbedChunks pools.
#include "knowledge/chunk/finish.h"

namespace atelier {
namespace {

Task<Result<Chunking>> SplitLate(Call call, ChunkInput input) {
  if (input.tools.embedder == nullptr) {
    co_return Error::Unsupported("method", "got late, want an embedder: none is configured");
  }
  CO_TRY(const EmbedderDetails details,
         co_await input.tools.embedder->DescribeEmbedder(std::move(call), input.tools.embedding_model));
  const std::string model = "'" + input.tools.embedding_model + "'";
  if (!details.token_vectors) {
    co_return Error::Unsupported(
        "method", "got late with " + model + ", want an embedder of this machine: it has no vectors of tokens");
  }
  if (!details.pools_by_mean) {
    co_return Error::Unsupported(
        "method", "got late with " + model + ", want an embedder whose vectors are means of its tokens'");
  }
  CO_TRY(Chunking chunking, SplitPlainly(input.document, BaseOptions(input, "sentence"), input.tools));
  chunking.late = true;
  co_return chunking;
}

constexpr std::string_view kKeys[] = {"base", "overlap_sentences", "separators"};

}  // namespace

extern const ChunkerEntry chunker_late{
    "late", "vectors of chunks are pooled from the whole document's tokens", kKeys, 0, nullptr, SplitLate};

}  // namespace atelier
