#include "knowledge/retrieve/max_sim_scores.h"

#include <algorithm>
#include <cmath>

#include "knowledge/index/vector/max_sim.h"
#include "knowledge/retrieve/embedder_profile.h"

namespace atelier {
namespace {

// Each token's vector of length 1, those of the model's own marks ([CLS], [SEP]) left out.
std::vector<float> UnitTokens(const TokenVectors& tokens, size_t dimensions) {
  std::vector<float> unit;
  for (size_t t = 0; t < tokens.spans.size(); ++t) {
    if (tokens.spans[t].empty()) continue;
    const std::span<const float> values = std::span(tokens.values).subspan(t * dimensions, dimensions);
    double square = 0;
    for (const float value : values) square += static_cast<double>(value) * value;
    const float scale = square > 0 ? static_cast<float>(1 / std::sqrt(square)) : 0.0F;
    for (const float value : values) unit.push_back(value * scale);
  }
  return unit;
}

}  // namespace

Task<Result<std::vector<double>>> MaxSimScores(Call call, RankRequest request) {
  if (request.tools.embedder == nullptr || request.tools.embedding_model.empty()) {
    co_return Error::Unsupported("rerank", "got no embedder, want a corpus that has one");
  }
  const EmbedderProfile profile = ProfileOf(request.tools.embedding_model);
  EmbeddingRequest texts;
  texts.model = request.tools.embedding_model;
  texts.truncate = texts.token_vectors = true;
  texts.inputs.emplace_back(TextPrompt{profile.query_prefix + request.query});
  for (const Passage& passage : request.passages) {
    texts.inputs.emplace_back(TextPrompt{profile.passage_prefix + passage.text});
  }
  CO_TRY(const Embeddings embeddings, co_await request.tools.embedder->Embed(std::move(call), std::move(texts)));
  const size_t dimensions = embeddings.vectors[0].size();
  const std::vector<float> asked = UnitTokens(embeddings.tokens[0], dimensions);
  const MaxSim max_sim(asked, static_cast<int32_t>(dimensions));
  const double num_tokens = std::max(1.0, static_cast<double>(asked.size()) / static_cast<double>(dimensions));
  std::vector<double> scores;
  for (size_t i = 1; i < embeddings.tokens.size(); ++i) {
    scores.push_back(max_sim.Score(UnitTokens(embeddings.tokens[i], dimensions)) / num_tokens);
  }
  co_return scores;
}

}  // namespace atelier
