// Every model by the name that requests give it: a route's or a mixture's name stands for several models,
// "provider/model" is a configured provider's, anything else a model on this machine. One LanguageModel, Embedder and
// Reranker before all of them; here budgets are looked at and what is used is charged. Lives on one Loop.
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
#include "provider/calibration.h"
#include "provider/language_model.h"
#include "provider/mixture.h"
#include "provider/provider_config.h"
#include "provider/route.h"
#include "provider/spending.h"

namespace atelier {

// All must outlive who holds it.
struct ProviderSurroundings {
  IoLoop& loop;
  Pool& pool;
  const Clock& clock;
  uint64_t seed = 0;                                         // of what routes draw
  std::function<void(const RouteAttempt&)> on_attempt = {};  // may be empty
  // The stored calibration of a model's decisions; null: none. May be empty.
  std::function<std::shared_ptr<const ModelCalibration>(const std::string& model)> calibration_of = {};
};

struct ProviderSettings {
  std::vector<ProviderConfig> providers = {};
  std::vector<RouteConfig> routes = {};
  std::vector<MixtureConfig> mixtures = {};
  std::vector<PriceConfig> prices = {};
  std::vector<BudgetConfig> budgets = {};
};

class ProviderSet final : public LanguageModel, public Embedder, public Reranker {
 public:
  // `local` answers for every name that no provider claims. Errors name the key of the configuration.
  static Result<std::unique_ptr<ProviderSet>> Create(const ProviderSettings& settings, ModelFaces local,
                                                     ProviderSurroundings around);
  ~ProviderSet() override;

  // From now on `model`, which asks others through this set, answers for "PREFIX/NAME"; it is asked for NAME. What it
  // uses is charged where it is used. Must outlive this.   REQUIRES: no provider has the name.
  void Mount(std::string prefix, LanguageModel& model);

  const std::vector<RouteConfig>& routes() const { return routes_configured_; }
  // In the order of their names.
  const std::map<std::string, std::unique_ptr<Mixture>, std::less<>>& mixtures() const { return mixtures_; }
  Spending& spending() { return *spending_; }

  // What a provider's model is listed as; `wanted_kind` where the configuration does not say. Nothing where no provider
  // claims the name; NotFound where one does and lists its models without this one.
  Result<std::optional<ProviderModelConfig>> Listing(std::string_view name, std::string_view wanted_kind) const;
  // The configured provider that claims the name; empty: none, it is a route's or a model's of this machine.
  std::string_view ProviderOf(std::string_view name) const;
  // Those that the configuration names, as "provider/model".
  std::vector<ProviderModelConfig> Listings() const;

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;
  Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) override;
  Task<Result<EmbedderDetails>> DescribeEmbedder(Call call, std::string model) override;
  Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) override;

 private:
  struct Provider;
  struct Target {
    ModelFaces faces;
    std::string model;         // as the faces know it
    bool asks_others = false;  // a route or a mixture: those whom it asks are charged
  };
  ProviderSet(ModelFaces local, Loop& loop);
  Result<void> AddProvider(const ProviderConfig& config, const ProviderSurroundings& around);
  Result<void> AddRoute(const RouteConfig& config, const ProviderSurroundings& around);
  Result<void> AddMixture(const MixtureConfig& config, const ProviderSurroundings& around);
  Result<Target> Find(std::string_view name) const;
  template <class T, class Face, class Request>
  Task<Result<T>> Whole(Call call, Request request, Face* ModelFaces::* side, std::string_view does,
                        Task<Result<T>> (Face::*ask)(Call, Request));
  // The provider that claims the name, and the rest of it.
  std::pair<const Provider*, std::string> Claimed(std::string_view name) const;

  const ModelFaces local_;
  Loop& loop_;
  std::function<std::shared_ptr<const ModelCalibration>(const std::string& model)> calibration_of_;
  std::unique_ptr<Spending> spending_;
  std::vector<RouteConfig> routes_configured_;
  std::map<std::string, std::unique_ptr<Provider>, std::less<>> providers_;
  std::map<std::string, std::unique_ptr<Route>, std::less<>> routes_;      // they ask this
  std::map<std::string, std::unique_ptr<Mixture>, std::less<>> mixtures_;  // so do they
  std::map<std::string, LanguageModel*, std::less<>> mounted_;             // and they
};

}  // namespace atelier
