// Models behind an OpenAI-compatible endpoint: chats, completions, embeddings, and reranking as Jina and Cohere shape
// it. Streams pass through as they come; the end of a Call ends the exchange.
//
// What the upstream does not promise to keep of an output's description is not this class's to keep: KeptPromise
// (kept_promise.h) stands before it.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "provider/content_free.h"
#include "provider/language_model.h"
#include "provider/openai_request.h"
#include "provider/upstream.h"

namespace atelier {

struct OpenAiOptions {
  ProviderTraits traits;
  std::string rerank_path = "/rerank";
  // How it decides (docs/decisions.md): "decisions" by its own, "chats" by top_logprobs; empty: by its own, or by chats
  // where it has none.
  std::string decisions = {};
};

class OpenAiProvider final : public LanguageModel, public Embedder, public Reranker {
 public:
  OpenAiProvider(std::shared_ptr<Upstream> upstream, OpenAiOptions options)
      : upstream_(std::move(upstream)), options_(std::move(options)) {}

  // Models are named as the upstream names them.
  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override;
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override;
  // The API has no way to ask for these: Unsupported.
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  Task<Result<Decision>> AskDecisions(Call call, const DecisionRequest& request);

  std::shared_ptr<Upstream> upstream_;
  const OpenAiOptions options_;
  std::set<std::string> chat_only_;  // models that were found to have no decisions
  ContentFreeScores content_free_;
};

}  // namespace atelier
