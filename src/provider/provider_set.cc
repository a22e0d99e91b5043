#include "provider/provider_set.h"

#include <algorithm>
#include <utility>

#include "provider/anthropic_provider.h"
#include "provider/kept_promise.h"
#include "provider/openai_provider.h"
#include "provider/relay.h"
#include "provider/upstream_config.h"

namespace atelier {

struct ProviderSet::Provider {
  ProviderConfig config;
  std::unique_ptr<OpenAiProvider> openai;  // of the two one
  std::unique_ptr<AnthropicProvider> anthropic;
  std::unique_ptr<KeptPromise> kept;
  ModelFaces faces;
};

namespace {

constexpr std::string_view kGeneratesText = "generates text";  // what a language model does, in errors
constexpr std::string_view kMakesEmbeddings = "makes embeddings";

Result<ProviderTraits> TraitsOf(const ProviderConfig& config) {
  ProviderTraits traits;
  traits.provider = config.name;
  if (config.api == "anthropic") {
    if (!config.dialect.empty()) return Error::Invalid("dialect", "got one for anthropic, want none: it has one alone");
    traits.dialect = Dialect::kAnthropic;
  } else {
    TRY(traits.dialect, ParseDialect(config.dialect));
  }
  TRY(traits.constrains, ParseConstrains(config.constrains, traits.dialect));
  traits.parameters.insert(config.parameters.begin(), config.parameters.end());
  return traits;
}

PromiseOptions PromiseOf(const ProviderConfig& config, const ProviderTraits& traits) {
  PromiseOptions options;
  options.provider = config.name;
  options.repairs = config.repairs;
  // llama-server takes every schema and breaks some of their keywords (multipleOf, not, contains) without a word.
  options.hold_back = config.hold_back.value_or(traits.dialect == Dialect::kLlamaServer);
  options.keeps = [traits](const GrammarSpec& grammar) { return Keeps(traits, grammar); };
  options.keeps_tools = traits.constrains == Constrains::kAll || traits.constrains == Constrains::kJsonSchema;
  return options;
}

Error WrongKind(const std::string& name, std::string_view want) {
  return Error::Invalid("model", "got '" + name + "', want a model that " + std::string(want))
      .WithCode("wrong_model_kind");
}

}  // namespace

ProviderSet::ProviderSet(ModelFaces local, Loop& loop) : local_(local), loop_(loop) {}
ProviderSet::~ProviderSet() = default;

Result<std::unique_ptr<ProviderSet>> ProviderSet::Create(const ProviderSettings& settings, ModelFaces local,
                                                         ProviderSurroundings around) {
  std::unique_ptr<ProviderSet> set(new ProviderSet(local, around.loop));
  set->calibration_of_ = around.calibration_of;
  TRY(set->spending_, Spending::Create(settings.prices, settings.budgets, around.clock));
  for (size_t i = 0; i < settings.providers.size(); ++i) {
    Result<void> added = set->AddProvider(settings.providers[i], around);
    if (!added.ok()) return std::move(added).error().Under("providers[" + std::to_string(i) + "]");
  }
  for (size_t i = 0; i < settings.routes.size(); ++i) {
    ++around.seed;
    Result<void> added = set->AddRoute(settings.routes[i], around);
    if (!added.ok()) return std::move(added).error().Under("routes[" + std::to_string(i) + "]");
  }
  set->routes_configured_ = settings.routes;
  for (size_t i = 0; i < settings.mixtures.size(); ++i) {
    Result<void> added = set->AddMixture(settings.mixtures[i], around);
    if (!added.ok()) return std::move(added).error().Under("mixtures[" + std::to_string(i) + "]");
  }
  return set;
}

Result<void> ProviderSet::AddProvider(const ProviderConfig& config, const ProviderSurroundings& around) {
  if (config.name.empty() || config.name.find_first_of("/ :") != std::string::npos) {
    return Error::Invalid("name", "got '" + config.name + "', want a name without '/', ':' and spaces");
  }
  if (providers_.contains(config.name)) return Error::Invalid("name", "got '" + config.name + "' twice");
  TRY(UpstreamOptions options, UpstreamOf(config));
  auto upstream = Upstream::Create(around.loop, around.clock, std::move(options));
  if (!upstream.ok()) return std::move(upstream).error().Under("base_url");
  TRY(ProviderTraits traits, TraitsOf(config));
  auto provider = std::make_unique<Provider>();
  provider->config = config;
  const PromiseOptions promise = PromiseOf(config, traits);
  LanguageModel* model = nullptr;
  if (traits.dialect == Dialect::kAnthropic) {
    AnthropicOptions anthropic{std::move(traits), config.default_max_tokens};
    provider->anthropic = std::make_unique<AnthropicProvider>(std::move(*upstream), std::move(anthropic));
    model = provider->anthropic.get();
  } else {
    OpenAiOptions openai{std::move(traits), config.rerank_path, config.decisions};
    provider->openai = std::make_unique<OpenAiProvider>(std::move(*upstream), std::move(openai));
    model = provider->openai.get();
  }
  provider->kept = std::make_unique<KeptPromise>(*model, around.loop, around.pool, promise);
  provider->faces = {provider->kept.get(), provider->openai.get(), provider->openai.get()};
  providers_.emplace(config.name, std::move(provider));
  return {};
}

Result<void> ProviderSet::AddRoute(const RouteConfig& config, const ProviderSurroundings& around) {
  if (config.name.empty() || config.name.find('/') != std::string::npos) {
    return Error::Invalid("name", "got '" + config.name + "', want a name without '/'");
  }
  if (routes_.contains(config.name)) return Error::Invalid("name", "got '" + config.name + "' twice");
  if (config.targets.empty()) return Error::Invalid("targets", "got none, want at least one model");
  std::vector<std::string> models = config.mirror;
  for (const RouteTargetConfig& target : config.targets) models.push_back(target.model);
  for (const std::string& model : models) {
    if (model == config.name || routes_.contains(model)) {
      return Error::Invalid("targets", "got '" + model + "', which is a route, want models");
    }
    const auto listing = Listing(model, "");
    if (!listing.ok()) return listing.error();
  }
  RouteSurroundings surroundings{around.loop, {this, this, this}, around.seed, around.on_attempt};
  routes_.emplace(config.name, std::make_unique<Route>(config, std::move(surroundings)));
  return {};
}

Result<void> ProviderSet::AddMixture(const MixtureConfig& config, const ProviderSurroundings& around) {
  TRY_VOID(CheckMixture(config));
  if (routes_.contains(config.name) || mixtures_.contains(config.name)) {
    return Error::Invalid("name", "got '" + config.name + "' twice");
  }
  for (const RouteConfig& route : routes_configured_) {
    for (const RouteTargetConfig& target : route.targets) {
      if (target.model != config.name) continue;
      return Error::Invalid(
          "name", "got '" + config.name + "', which route " + route.name + " asks, want routes that ask models");
    }
  }
  MixtureSurroundings surroundings{around.loop, *this, around.on_attempt};
  auto mixture = std::make_unique<Mixture>(config, std::move(surroundings));
  for (const std::string& model : mixture->Models()) {
    if (model == config.name || mixtures_.contains(model)) {
      return Error::Invalid("layers", "got '" + model + "', which is a mixture, want models or routes");
    }
    const auto listing = Listing(model, "");
    if (!listing.ok()) return listing.error();
  }
  mixtures_.emplace(config.name, std::move(mixture));
  return {};
}

void ProviderSet::Mount(std::string prefix, LanguageModel& model) {
  CHECK(!providers_.contains(prefix));
  mounted_[std::move(prefix)] = &model;
}

std::pair<const ProviderSet::Provider*, std::string> ProviderSet::Claimed(std::string_view name) const {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {nullptr, ""};
  const auto found = providers_.find(name.substr(0, slash));
  if (found == providers_.end()) return {nullptr, ""};
  return {found->second.get(), std::string(name.substr(slash + 1))};
}

std::string_view ProviderSet::ProviderOf(std::string_view name) const {
  const Provider* provider = Claimed(name).first;
  return provider == nullptr ? std::string_view() : std::string_view(provider->config.name);
}

Result<std::optional<ProviderModelConfig>> ProviderSet::Listing(std::string_view name,
                                                                std::string_view wanted_kind) const {
  const auto [provider, model] = Claimed(name);
  if (provider == nullptr) return std::optional<ProviderModelConfig>();
  for (ProviderModelConfig listed : provider->config.models) {
    if (listed.id != model) continue;
    listed.id = name;
    return std::optional(std::move(listed));
  }
  if (!provider->config.models.empty() || model.empty()) {
    std::vector<std::string_view> ids;
    for (const ProviderModelConfig& listed : provider->config.models) ids.push_back(listed.id);
    const std::string_view near = Nearest(model, ids);
    return Error::NotFound(
               "model",
               "got '" + std::string(name.substr(0, 200)) + "', which provider " + provider->config.name +
                   " does not list" +
                   (near.empty() ? "" : "; did you mean '" + provider->config.name + "/" + std::string(near) + "'?"))
        .WithCode("model_not_found");
  }
  ProviderModelConfig any;
  any.id = name;
  if (!wanted_kind.empty()) any.kind = wanted_kind;
  return std::optional(std::move(any));
}

std::vector<ProviderModelConfig> ProviderSet::Listings() const {
  std::vector<ProviderModelConfig> all;
  for (const auto& [name, provider] : providers_) {
    for (ProviderModelConfig listed : provider->config.models) {
      listed.id = name + "/" + listed.id;
      all.push_back(std::move(listed));
    }
  }
  return all;
}

Result<ProviderSet::Target> ProviderSet::Find(std::string_view name) const {
  Target target{local_, std::string(name), false};
  if (const auto route = routes_.find(name); route != routes_.end()) {
    Route* of = route->second.get();
    target.faces = {of, of, of};
    target.asks_others = true;
    return target;
  }
  if (const auto mixture = mixtures_.find(name); mixture != mixtures_.end()) {
    target.faces = {mixture->second.get(), nullptr, nullptr};
    target.asks_others = true;
    return target;
  }
  const size_t slash = std::min(name.find('/'), name.size());
  if (const auto mounted = mounted_.find(name.substr(0, slash)); mounted != mounted_.end() && slash < name.size()) {
    target.faces = {mounted->second, nullptr, nullptr};
    target.model = name.substr(slash + 1);
    target.asks_others = true;
    return target;
  }
  const auto [provider, model] = Claimed(name);
  if (provider == nullptr) return target;
  const auto listing = Listing(name, "");
  if (!listing.ok()) return listing.error();
  target.faces = provider->faces;
  target.model = model;
  return target;
}

Task<Result<Generation>> ProviderSet::Generate(Call call, GenerationRequest request) {
  CO_TRY_VOID(spending_->Admit(call.principal));
  CO_TRY(Target target, Find(request.model));
  if (target.faces.language == nullptr) co_return WrongKind(request.model, kGeneratesText);
  const std::string name = std::exchange(request.model, target.model);
  const std::string principal = call.principal;
  CO_TRY(Generation generation, co_await target.faces.language->Generate(std::move(call), std::move(request)));
  if (target.asks_others || !spending_->any()) co_return generation;
  auto charge = [this, principal, name](GenerationEvent& event) {
    if (const auto* end = std::get_if<GenerationEnd>(&event)) spending_->Charge(principal, name, end->usage);
  };
  co_return Relay(loop_, std::move(generation), {}, std::move(charge));
}

// What is answered whole, by the side of models that `ask` belongs to. `does` says what those do that have it.
template <class T, class Face, class Request>
Task<Result<T>> ProviderSet::Whole(Call call, Request request, Face* ModelFaces::* side, std::string_view does,
                                   Task<Result<T>> (Face::*ask)(Call, Request)) {
  CO_TRY_VOID(spending_->Admit(call.principal));
  CO_TRY(const Target target, Find(request.model));
  Face* const face = target.faces.*side;
  if (face == nullptr) co_return WrongKind(request.model, does);
  const std::string name = std::exchange(request.model, target.model);
  const std::string principal = call.principal;
  CO_TRY(T answer, co_await (face->*ask)(std::move(call), std::move(request)));
  if (!target.asks_others) spending_->Charge(principal, name, answer.usage);
  co_return answer;
}

Task<Result<Decision>> ProviderSet::Decide(Call call, DecisionRequest request) {
  CO_TRY_VOID(CheckDecision(request));
  const std::vector<DecisionQuestion> questions = request.questions;
  const auto calibration = request.calibrated && calibration_of_ ? calibration_of_(request.model) : nullptr;
  CO_TRY(Decision decision, co_await Whole(std::move(call), std::move(request), &ModelFaces::language, kGeneratesText,
                                           &LanguageModel::Decide));
  if (calibration != nullptr) calibration->Apply(questions, decision.answers);
  co_return decision;
}

Task<Result<Embeddings>> ProviderSet::Embed(Call call, EmbeddingRequest request) {
  return Whole(std::move(call), std::move(request), &ModelFaces::embedder, kMakesEmbeddings, &Embedder::Embed);
}

Task<Result<Reranking>> ProviderSet::Rerank(Call call, RerankingRequest request) {
  return Whole(std::move(call), std::move(request), &ModelFaces::reranker, "reranks", &Reranker::Rerank);
}

Task<Result<Generation>> ProviderSet::Prepare(Call call, GenerationRequest request) {
  CO_TRY(Target target, Find(request.model));
  if (target.faces.language == nullptr) co_return WrongKind(request.model, kGeneratesText);
  request.model = target.model;
  co_return co_await target.faces.language->Prepare(std::move(call), std::move(request));
}

Task<Result<ModelDetails>> ProviderSet::Describe(Call call, std::string model) {
  CO_TRY(Target target, Find(model));
  if (target.faces.language == nullptr) co_return WrongKind(model, kGeneratesText);
  CO_TRY(ModelDetails details, co_await target.faces.language->Describe(std::move(call), target.model));
  if (auto listing = Listing(model, ""); listing.ok() && *listing) details.context_length = (*listing)->context_length;
  co_return details;
}

Task<Result<EmbedderDetails>> ProviderSet::DescribeEmbedder(Call call, std::string model) {
  CO_TRY(Target target, Find(model));
  if (target.faces.embedder == nullptr) co_return WrongKind(model, kMakesEmbeddings);
  co_return co_await target.faces.embedder->DescribeEmbedder(std::move(call), target.model);
}

Task<Result<std::vector<TokenText>>> ProviderSet::Spell(Call call, std::string model, std::vector<int32_t> tokens) {
  CO_TRY(Target target, Find(model));
  if (target.faces.language == nullptr) co_return WrongKind(model, kGeneratesText);
  co_return co_await target.faces.language->Spell(std::move(call), target.model, std::move(tokens));
}

}  // namespace atelier
