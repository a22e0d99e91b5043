#include "provider/language_model.h"

namespace atelier {

Task<Result<EmbedderDetails>> Embedder::DescribeEmbedder(Call /*call*/, std::string /*model*/) {
  co_return EmbedderDetails();
}

}  // namespace atelier
