#include "provider/embed_truncated.h"

#include <utility>

namespace atelier {

Task<Result<Embeddings>> EmbedTruncated(Call call, Embedder& embedder, EmbeddingRequest request) {
  request.truncate = true;
  Result<Embeddings> cut = co_await embedder.Embed(call, request);
  const bool cannot = !cut.ok() && cut.error().kind == ErrorKind::kUnsupported && cut.error().where == "truncate";
  if (!cannot) co_return cut;
  request.truncate = false;
  co_return co_await embedder.Embed(std::move(call), std::move(request));
}

}  // namespace atelier
