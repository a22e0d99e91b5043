// The local engine as a LanguageModel, an Embedder and a Reranker.
//
// A request's trip: the host loads or finds the model, its template and tokenizer make ids of the prompt (long texts on
// the pool, so that the loop goes on), the engine takes it, and its sink puts events into the channel that the caller
// reads. The lease that keeps the model loaded lives in the sink until the engine has said its last word.
// Lives on one Loop; the engine's thread reaches it through channels alone.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/task/loop.h"
#include "base/task/pool.h"
#include "engine/grammar/grammar_cache.h"
#include "engine/local_model.h"
#include "engine/model_host.h"
#include "provider/language_model.h"
#include "provider/local_decision.h"
#include "provider/local_prompt.h"

namespace atelier {

class LocalProvider final : public LanguageModel, public Embedder, public Reranker {
 public:
  // All must outlive the provider and its generations.
  LocalProvider(ModelHost& host, Loop& loop, Pool& pool, const Clock& clock)
      : host_(host), loop_(loop), pool_(pool), clock_(clock) {}

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override;
  Task<Result<EmbedderDetails>> DescribeEmbedder(Call call, std::string model) override;
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override;

  // The model `name`, loaded. For what reads its tokenizer or its figures.
  Task<Result<ModelLease>> Lease(std::string name, std::optional<std::chrono::milliseconds> keep_alive = {});

 private:
  // The prompt, prepared where it takes long on the pool.
  Task<Result<PreparedPrompt>> PrepareOn(ModelLease lease, Prompt prompt);
  Task<Result<Reranking>> RerankByVectors(Call call, ModelLease lease, RerankingRequest request);
  Task<Result<Reranking>> RerankByPairs(Call call, ModelLease lease, RerankingRequest request);

  ModelHost& host_;
  Loop& loop_;
  Pool& pool_;
  const Clock& clock_;
  GrammarCache grammars_;
  ContentFreeScores content_free_;
};

}  // namespace atelier
