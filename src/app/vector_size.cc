#include "app/vector_size.h"

#include <utility>

#include "provider/language_model.h"

namespace atelier {

Task<Result<int32_t>> VectorSizeOf(Call call, App& app, std::optional<ModelListing> model) {
  if (!model) co_return 0;
  if (model->vector_size > 0) co_return static_cast<int32_t>(model->vector_size);
  EmbeddingRequest request;
  request.model = model->id;
  request.inputs.emplace_back(TextPrompt{"size"});
  CO_TRY(const Embeddings embeddings, co_await app.embedder().Embed(std::move(call), std::move(request)));
  if (embeddings.vectors.size() != 1 || embeddings.vectors[0].empty()) {
    co_return Error::Unavailable(model->id, "got no vector for a text, want one");
  }
  co_return static_cast<int32_t>(embeddings.vectors[0].size());
}

}  // namespace atelier
