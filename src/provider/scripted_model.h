// A LanguageModel, Embedder and Reranker that says what it is told to: for tests of what stands before models.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/task/loop.h"
#include "provider/gathered.h"
#include "provider/language_model.h"

namespace atelier {

class ScriptedModel final : public LanguageModel, public Embedder, public Reranker {
 public:
  struct Line {
    std::optional<Error> refusal = {};     // instead of anything
    std::chrono::milliseconds delay{0};    // before the first delta
    std::vector<std::string> deltas = {};  // text
    std::optional<Error> end_error = {};
    Usage usage = {};
  };
  // Asked with the request; what it gives is said. Loop thread.
  using Script = std::function<Line(const std::string& model)>;

  ScriptedModel(Loop& loop, Script script) : loop_(loop), script_(std::move(script)) {}

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override;
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  static Task<void> Say(Loop& loop, Call call, Line line, std::shared_ptr<Channel<GenerationEvent>> events);
  Loop& loop_;
  Script script_;
};

}  // namespace atelier
