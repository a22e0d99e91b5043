// One call for vectors, as a resource runs it: a trace, what the key pays, the cut to fewer dimensions. The resource
// only words the vectors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/app.h"
#include "base/net/http.h"
#include "provider/language_model.h"

namespace atelier {

struct EmbeddingCall {
  ModelListing model;
  EmbeddingRequest request;
  std::optional<int64_t> dimensions;  // the first so many, of unit length again   [arXiv:2205.13147]
  std::string encoding = "float";     // for the trace
};

// Errors name the parameter and have left their trace.
Task<Result<Embeddings>> RunEmbedding(App& app, HttpRequest http, EmbeddingCall call);

// Numbers, or their bytes (little-endian float32) in Base64.
Json VectorBody(const std::vector<float>& vector, bool as_base64 = false);

}  // namespace atelier
