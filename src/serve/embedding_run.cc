#include "serve/embedding_run.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/text/base64.h"
#include "observe/gen_ai.h"
#include "serve/call_trace.h"

namespace atelier {
namespace {

void CutTo(std::vector<float>& vector, size_t dimensions) {
  vector.resize(dimensions);
  double sum = 0;
  for (const float x : vector) sum += static_cast<double>(x) * static_cast<double>(x);
  const double scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
  for (float& x : vector) x = static_cast<float>(static_cast<double>(x) * scale);
}

// The shortest text that reads back as the same float: half of what the digits of a double would take.
Json FloatBody(float value) {
  if (!std::isfinite(value)) return {};
  char text[24];
  const auto [end, fault] = std::to_chars(text, text + sizeof text, value);
  CHECK(fault == std::errc());
  return Json::NumberOf(std::string(text, end));
}

Result<void> CheckDimensions(const EmbeddingCall& call) {
  const int64_t most = call.model.vector_size;
  if (!call.dimensions || most == 0 || *call.dimensions <= most) return {};
  return Error::Invalid("dimensions",
                        "got " + std::to_string(*call.dimensions) + ", want at most " + std::to_string(most))
      .WithCode("invalid_value");
}

}  // namespace

Task<Result<Embeddings>> RunEmbedding(App& app, HttpRequest http, EmbeddingCall call) {
  CallTrace trace(app, http, gen_ai::kEmbeddings, call.model.id);
  trace.Set(gen_ai::kEmbeddingsDimensionCount, call.dimensions.value_or(call.model.vector_size));
  trace.Set(gen_ai::kRequestEncodingFormats, std::vector<std::string>{call.encoding});
  const Result<void> checked = CheckDimensions(call);
  if (!checked.ok()) {
    trace.End({}, checked.error());
    co_return checked.error();
  }
  http.call.span = trace.context();
  call.request.model = call.model.id;
  Result<Embeddings> embeddings = co_await app.embedder().Embed(http.call, std::move(call.request));
  if (!embeddings.ok()) {
    trace.End({}, embeddings.error());
    co_return embeddings;
  }
  trace.AddTimes(embeddings->times, embeddings->usage, false);
  trace.End(embeddings->usage, {});
  if (call.dimensions) {
    for (std::vector<float>& vector : embeddings->vectors) CutTo(vector, static_cast<size_t>(*call.dimensions));
  }
  co_return embeddings;
}

Json VectorBody(const std::vector<float>& vector, bool as_base64) {
  static_assert(std::endian::native == std::endian::little);
  if (as_base64) {
    std::string bytes(vector.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), vector.data(), bytes.size());
    return Base64Encode(bytes);
  }
  Json numbers = Json::Array();
  for (const float x : vector) numbers.Push(FloatBody(x));
  return numbers;
}

}  // namespace atelier
