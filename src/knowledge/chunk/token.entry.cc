// Token-counted: as many of the embedder's tokens as the limit says, never cutting a word that fits.
#include "knowledge/chunk/finish.h"
#include "knowledge/chunk/windows.h"

namespace atelier {
namespace {

Result<Chunking> SplitTokens(const ChunkInput& input) {
  if (input.limits.unit != ChunkUnit::kTokens) {
    return Error::Unsupported("method", "got token, want a limit in tokens: no tokenizer of an embedder is here");
  }
  const Measure measure(input.document.text, input.limits.unit, input.tools.counter.get());
  return ChunksOf(input, Windows(measure, input.limits, WindowBorders::kWords));
}

}  // namespace

extern const ChunkerEntry chunker_token{
    "token", "as many tokens as the limit says, at borders of words", {}, 0.1, SplitTokens};

}  // namespace atelier
