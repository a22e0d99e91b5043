#include "agent/tool_vectors.h"

#include <algorithm>
#include <utility>

#include "knowledge/retrieve/embedder_profile.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

constexpr size_t kBatch = 64;       // texts a request
constexpr size_t kMostKept = 8192;  // some 12 MB of 384 dimensions

std::string KeyOf(const std::string& model, const std::string& text) { return model + "\n" + text; }

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double product = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) product += static_cast<double>(a[i]) * b[i];
  return product;
}

Task<Result<std::vector<std::vector<float>>>> Embed(Call call, Embedder& embedder, std::string model,
                                                    std::vector<std::string> texts) {
  EmbeddingRequest request;
  request.model = model;
  const size_t wanted = texts.size();
  for (std::string& text : texts) request.inputs.emplace_back(TextPrompt{std::move(text)});
  CO_TRY(Embeddings embedded, co_await EmbedTruncated(std::move(call), embedder, std::move(request)));
  if (embedded.vectors.size() != wanted) {
    co_return Error::Unavailable(
        model, "got " + std::to_string(embedded.vectors.size()) + " vectors, want " + std::to_string(wanted));
  }
  co_return std::move(embedded.vectors);
}

}  // namespace

Task<Result<void>> ToolVectors::Learn(Call call, Embedder& embedder, std::string model,
                                      const std::vector<std::string>& tools) {
  if (known_.size() + tools.size() > kMostKept) known_.clear();
  std::vector<std::string> batch;
  for (size_t i = 0; i <= tools.size(); ++i) {
    const bool is_end = i == tools.size();
    if (!is_end && !known_.contains(KeyOf(model, tools[i]))) batch.push_back(tools[i]);
    if (batch.empty() || (!is_end && batch.size() < kBatch)) continue;
    std::vector<std::string> texts;
    for (const std::string& tool : batch) texts.push_back(ProfileOf(model).passage_prefix + tool);
    auto embedding = Embed(call, embedder, model, std::move(texts));
    CO_TRY(auto vectors, co_await embedding);
    for (size_t at = 0; at < batch.size(); ++at) known_[KeyOf(model, batch[at])] = std::move(vectors[at]);
    batch.clear();
  }
  co_return Result<void>();
}

Task<Result<std::vector<ToolQuery>>> ToolVectors::Compare(Call call, Embedder& embedder, std::string model,
                                                          std::vector<ToolQuery> queries,
                                                          const std::vector<std::string>& tools) {
  CO_TRY_VOID(co_await Learn(call, embedder, model, tools));
  std::vector<std::string> asked;
  for (const ToolQuery& query : queries) asked.push_back(ProfileOf(model).query_prefix + query.text);
  auto embedding = Embed(std::move(call), embedder, model, std::move(asked));
  CO_TRY(const auto vectors, co_await embedding);
  for (size_t i = 0; i < queries.size(); ++i) {
    queries[i].likeness.clear();
    for (const std::string& tool : tools) {
      queries[i].likeness.push_back(Cosine(vectors[i], known_[KeyOf(model, tool)]));
    }
  }
  co_return queries;
}

}  // namespace atelier
