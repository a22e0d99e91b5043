// Every model by the name that requests give it: "provider/model" is a configured provider's, anything else a model on
// this machine. One LanguageModel, Embedder and Reranker before all of them. Lives on one Loop.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/net/io_loop.h"
#include "base/task/pool.h"
#include "provider/language_model.h"
#include "provider/provider_config.h"

namespace atelier {

// What one model can be asked through; null where it cannot.
struct ModelFaces {
  LanguageModel* language = nullptr;
  Embedder* embedder = nullptr;
  Reranker* reranker = nullptr;
};

// All must outlive who holds it.
struct ProviderSurroundings {
  IoLoop& loop;
  Pool& pool;
  const Clock& clock;
};

class ProviderSet final : public LanguageModel, public Embedder, public Reranker {
 public:
  // `local` answers for every name that no provider claims. Errors name the key of the configuration.
  static Result<std::unique_ptr<ProviderSet>> Create(const std::vector<ProviderConfig>& configs, ModelFaces local,
                                                     ProviderSurroundings surroundings);
  ~ProviderSet() override;

  // What a provider's model is listed as; `wanted_kind` where the configuration does not say. Nothing where no provider
  // claims the name; NotFound where one does and lists its models without this one.
  Result<std::optional<ProviderModelConfig>> Listing(std::string_view name, std::string_view wanted_kind) const;
  // Those that the configuration names, as "provider/model".
  std::vector<ProviderModelConfig> Listings() const;

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override;
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override;

 private:
  struct Provider;
  struct Target {
    ModelFaces faces;
    std::string model;     // as the faces know it
    std::string provider;  // empty: this machine
  };
  explicit ProviderSet(ModelFaces local);
  Result<Target> Find(std::string_view name) const;
  // The provider that claims the name, and the rest of it.
  std::pair<const Provider*, std::string> Claimed(std::string_view name) const;

  const ModelFaces local_;
  std::map<std::string, std::unique_ptr<Provider>, std::less<>> providers_;
};

}  // namespace atelier
