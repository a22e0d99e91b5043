#include "app/app.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "app/a2a_host.h"
#include "app/access.h"
#include "app/activity.h"
#include "app/agent_library.h"
#include "app/agent_models.h"
#include "app/api_keys.h"
#include "app/batch_store.h"
#include "app/calibration_store.h"
#include "app/completion_store.h"
#include "app/config_watch.h"
#include "app/corpus_library.h"
#include "app/file_store.h"
#include "app/keep_alive.h"
#include "app/live_responses.h"
#include "app/mcp_host.h"
#include "app/model_directory.h"
#include "app/model_library.h"
#include "app/model_metrics.h"
#include "app/response_store.h"
#include "app/route_trace.h"
#include "app/spend_store.h"
#include "app/token_door.h"
#include "app/upload_store.h"
#include "app/vector_store_corpora.h"
#include "app/vector_stores.h"
#include "base/store/database.h"
#include "base/task/pool.h"
#include "compute/kernel/isa.h"
#include "engine/local_model.h"
#include "engine/model_host.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "observe/otlp.h"
#include "observe/own_metrics.h"
#include "observe/trace.h"
#include "observe/trace_store.h"
#include "provider/local_provider.h"
#include "provider/provider_set.h"

namespace atelier {
namespace {

constexpr int kPoolThreads = 2;  // files and long texts; the engine's threads go first
constexpr int64_t kMiB = 1 << 20;

Result<Isa> ChosenIsa(const EngineConfig& config) {
  std::string name = config.isa;
  if (const char* forced = std::getenv("ATELIER_ISA"); forced != nullptr && name.empty()) name = forced;
  if (name.empty()) return BestIsa();
  const std::optional<Isa> isa = ParseIsa(name);
  if (!isa) return Error::Invalid("engine.isa", "got '" + name + "', want plain, avx2 or avx512");
  if (!Supports(*isa)) return Error::Unsupported("engine.isa", "got " + name + ", which this processor does not have");
  return *isa;
}

int64_t PhysicalMemory() { return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE); }

int NumThreads(const EngineConfig& config) {
  return config.threads > 0 ? config.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Result<ModelHostOptions> HostOptions(const EngineConfig& config) {
  ModelHostOptions options;
  options.memory_budget_bytes = config.memory_mib > 0 ? config.memory_mib * kMiB : PhysicalMemory() / 4 * 3;
  options.num_threads = NumThreads(config);
  auto keep_alive = ParseKeepAlive(config.keep_alive);
  if (!keep_alive.ok()) return std::move(keep_alive).error().Under("engine");
  options.keep_alive = *keep_alive;
  return options;
}

EngineOptions OptionsOfEngines(const EngineConfig& config) {
  EngineOptions options;
  options.max_running = config.max_running;
  options.max_waiting = config.max_waiting;
  options.max_step_tokens = config.max_step_tokens;
  options.max_context = config.context;
  options.prefix_cache = config.prefix_cache;
  options.prefer_closing = config.prefer_closing;
  options.cache_bytes = config.kv_cache_mib * kMiB;
  return options;
}

TraceStoreOptions TraceOptions(const TraceConfig& config) {
  TraceStoreOptions options;
  options.max_traces = config.max_traces;
  options.max_bytes = config.max_mib * kMiB;
  options.max_age = std::chrono::hours(24 * config.max_days);
  return options;
}

}  // namespace

// In order of construction: what comes later uses what comes before.
struct App::Parts {
  Config config;
  IoLoop& loop;
  const Clock& clock;
  MetricRegistry metrics;
  ModelDirectory directory;
  ConfigWatch watch;
  std::optional<ApiKeys> keys;
  std::shared_ptr<TokenGroups> token_groups;  // null: no tokens are accepted
  std::atomic<std::shared_ptr<const Access>> access;
  std::shared_ptr<const EgressPolicy> egress;
  std::unique_ptr<TokenDoor> token_door;
  std::unique_ptr<TraceStore> traces;
  std::unique_ptr<OtlpExporter> exporter;
  std::unique_ptr<Tracer> tracer;
  std::unique_ptr<Database> database;
  std::unique_ptr<ResponseStore> responses;
  std::unique_ptr<CompletionStore> completions;
  LiveResponses live_responses;
  std::unique_ptr<FileStore> files;
  std::unique_ptr<UploadStore> uploads;
  std::unique_ptr<BatchStore> batches;
  std::unique_ptr<CalibrationStore> calibrations;
  std::unique_ptr<CorpusLibrary> corpora;
  std::unique_ptr<VectorStores> vector_stores;
  std::unique_ptr<VectorStoreCorpora> vector_store_corpora;
  std::unique_ptr<Pool> pool;
  OwnMetrics own_metrics;
  std::vector<std::function<void()>> refreshers;
  Activity activity;
  std::unique_ptr<ModelMetrics> model_metrics;
  std::unique_ptr<ModelHost> host;
  std::unique_ptr<LocalProvider> local;
  std::unique_ptr<ProviderSet> providers;
  std::unique_ptr<ModelLibrary> library;
  std::unique_ptr<AgentLibrary> agents;
  std::unique_ptr<AgentModels> agent_models;
  std::unique_ptr<McpHost> mcp;
  std::unique_ptr<A2aHost> a2a;

  Parts(Config configuration, IoLoop& the_loop, const Clock& the_clock)
      : config(std::move(configuration)),
        loop(the_loop),
        clock(the_clock),
        directory(config),
        watch(Files::Real(), config.path),
        own_metrics(metrics) {}
};

namespace {

Result<void> SetAccess(const Config& config, const Clock& clock, std::optional<ApiKeys>& keys,
                       const std::shared_ptr<TokenGroups>& groups, std::atomic<std::shared_ptr<const Access>>& access) {
  TRY(ApiKeys new_keys, ApiKeys::Create(config.server.keys, clock));
  TRY(Access rules, Access::Create(config.server.keys, config.access, groups));
  if (keys) new_keys.TakeUsageFrom(*keys);
  keys = std::move(new_keys);
  access = std::make_shared<const Access>(std::move(rules));
  return {};
}

Result<void> OpenFiles(const std::string& home, const FilesConfig& config, const Clock& clock, Database& database,
                       std::unique_ptr<FileStore>& files, std::unique_ptr<UploadStore>& uploads) {
  const FileLimits limits{.max_file_bytes = config.max_file_mib * kMiB, .max_total_bytes = config.max_total_mib * kMiB};
  TRY(files, FileStore::Open(Files::Real(), home + "/files", database, clock, limits));
  TRY(uploads, UploadStore::Open(database, *files));
  return {};
}

// How ModelHost turns a name into a model.
Result<ModelHost::Loader> MakeLoader(const Config& config, const ModelDirectory& directory, ModelMetrics& metrics) {
  LocalModelOptions base;
  TRY(base.isa, ChosenIsa(config.engine));
  base.engine = OptionsOfEngines(config.engine);
  base.cache_type = config.engine.kv_cache == "q8_0" ? CacheType::kQ8_0 : CacheType::kF16;
  const std::string panels = HomeDirectory(config) + "/panels";
  return ModelHost::Loader(
      [=, &directory, &metrics](const std::string& name,
                                const ModelSurroundings& given) -> Result<std::unique_ptr<LocalModel>> {
        LocalModelOptions options = base;
        options.name = name;
        TRY(options.path, directory.PathOf(name));
        std::error_code ignored;  // a folder that cannot be made costs the next start its time
        std::filesystem::create_directories(panels, ignored);
        options.panel_path = panels + "/" + name + ".panels";
        ModelSurroundings surroundings = given;
        int64_t context_length = 0;
        for (const ModelListing& listing : directory.List()) {
          if (listing.id == name) context_length = listing.context_length;
        }
        surroundings.listener = metrics.ListenerOf(name, context_length);
        TRY(std::unique_ptr<LocalModel> model, LoadLocalModel(options, surroundings));
        metrics.Loaded(name);
        return model;
      });
}

}  // namespace

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::Create(Config config, IoLoop& loop, const Clock& clock) {
  auto parts = std::make_unique<Parts>(std::move(config), loop, clock);
  Parts& p = *parts;
  if (p.config.mcp.authorization) p.token_groups = std::make_shared<TokenGroups>();
  TRY_VOID(SetAccess(p.config, clock, p.keys, p.token_groups, p.access));
  TRY(p.egress, EgressPolicy::Create(p.config.egress));
  if (p.config.mcp.authorization) {
    TokenDoor::Parts door{.loop = loop, .clock = clock, .egress = p.egress, .groups = p.token_groups};
    TRY(p.token_door, TokenDoor::Create(std::move(door), *p.config.mcp.authorization));
  }
  const std::string home = HomeDirectory(p.config);
  std::error_code fault;
  std::filesystem::create_directories(home, fault);
  if (fault) return Error::Unavailable(home, "cannot make this folder: " + fault.message());
  TRY(p.database, Database::Open(home + "/atelier.db"));
  TRY(p.responses, ResponseStore::Open(*p.database));
  TRY(p.completions, CompletionStore::Open(*p.database));
  TRY_VOID(OpenFiles(home, p.config.files, clock, *p.database, p.files, p.uploads));
  TRY(p.batches, BatchStore::Open(*p.database, clock));
  p.calibrations = std::make_unique<CalibrationStore>(Files::Real(), home + "/calibrations");
  p.corpora = OpenCorpora(p.config);
  TRY(p.vector_stores, VectorStores::Open(*p.database, clock));
  p.vector_store_corpora = std::make_unique<VectorStoreCorpora>(*p.vector_stores, *p.corpora);
  std::vector<TraceSink*> sinks;
  TRY(p.traces, TraceStore::Open(home + "/traces.db", clock, TraceOptions(p.config.traces)));
  if (p.config.traces.record) sinks.push_back(p.traces.get());
  if (!p.config.traces.otlp_endpoint.empty()) {
    OtlpOptions otlp;
    otlp.endpoint = p.config.traces.otlp_endpoint;
    for (const auto& [name, value] : p.config.traces.otlp_headers) otlp.headers.Add(name, value);
    TRY(p.exporter, OtlpExporter::Create(std::move(otlp)));
    sinks.push_back(p.exporter.get());
  }
  p.tracer = std::make_unique<Tracer>(clock, std::move(sinks));
  p.pool = std::make_unique<Pool>(loop, kPoolThreads);
  p.model_metrics = std::make_unique<ModelMetrics>(p.metrics, p.config.engine.max_waiting);
  TRY(ModelHostOptions options, HostOptions(p.config.engine));
  options.on_unload = [metrics = p.model_metrics.get()](const std::string& name, const EngineStats& last) {
    metrics->Unloaded(name, last);
  };
  TRY(ModelHost::Loader loader, MakeLoader(p.config, p.directory, *p.model_metrics));
  p.host = std::make_unique<ModelHost>(options, std::move(loader), &clock);
  p.library = std::make_unique<ModelLibrary>(p.config, *p.host, loop);
  p.local = std::make_unique<LocalProvider>(*p.host, loop, *p.pool, clock);
  const ModelFaces local{p.local.get(), p.local.get(), p.local.get()};
  ProviderSurroundings around{loop, *p.pool, clock, std::random_device{}()};
  around.on_attempt = [tracer = p.tracer.get()](const RouteAttempt& attempt) { RecordAttempt(*tracer, attempt); };
  around.calibration_of = [store = p.calibrations.get()](const std::string& model) { return store->Find(model); };
  TRY(p.providers,
      ProviderSet::Create({p.config.providers, p.config.routes, p.config.mixtures, p.config.prices, p.config.budgets},
                          local, std::move(around)));
  TRY_VOID(KeepSpending(*p.database, p.providers->spending()));
  std::unique_ptr<App> app(new App(std::move(parts)));
  TRY(app->parts_->agents, AgentLibrary::Create(*app));
  app->parts_->agent_models = std::make_unique<AgentModels>(*app);
  app->parts_->providers->Mount(std::string(kAgentModels), *app->parts_->agent_models);
  app->parts_->mcp = std::make_unique<McpHost>(*app);
  TRY(app->parts_->a2a, A2aHost::Create(*app));
  return app;
}

const Config& App::config() const { return parts_->config; }
const Clock& App::clock() const { return parts_->clock; }
Loop& App::loop() { return parts_->loop; }
IoLoop& App::io_loop() { return parts_->loop; }
LanguageModel& App::language_model() { return *parts_->providers; }
Embedder& App::embedder() { return *parts_->providers; }
Reranker& App::reranker() { return *parts_->providers; }
Spending& App::spending() { return parts_->providers->spending(); }
const std::shared_ptr<const EgressPolicy>& App::egress() const { return parts_->egress; }
AgentLibrary& App::agents() { return *parts_->agents; }
McpHost& App::mcp() { return *parts_->mcp; }
A2aHost& App::a2a() { return *parts_->a2a; }
Tracer& App::tracer() { return *parts_->tracer; }
TraceStore& App::traces() { return *parts_->traces; }
MetricRegistry& App::metrics() { return parts_->metrics; }
ModelHost& App::models() { return *parts_->host; }
ModelLibrary& App::library() { return *parts_->library; }
ApiKeys& App::keys() { return *parts_->keys; }
TokenDoor* App::token_door() { return parts_->token_door.get(); }
std::shared_ptr<const Access> App::access() const { return parts_->access.load(); }
Pool& App::pool() { return *parts_->pool; }
Database& App::database() { return *parts_->database; }
ResponseStore& App::responses() { return *parts_->responses; }
CompletionStore& App::completions() { return *parts_->completions; }
LiveResponses& App::live_responses() { return parts_->live_responses; }

FileStore& App::files() { return *parts_->files; }
BatchStore& App::batches() { return *parts_->batches; }
CalibrationStore& App::calibrations() { return *parts_->calibrations; }
CorpusLibrary& App::corpora() { return *parts_->corpora; }
VectorStores& App::vector_stores() { return *parts_->vector_stores; }
VectorStoreCorpora& App::vector_store_corpora() { return *parts_->vector_store_corpora; }
UploadStore& App::uploads() { return *parts_->uploads; }
Activity& App::activity() { return parts_->activity; }
OwnMetrics& App::own_metrics() { return parts_->own_metrics; }

void App::FollowConfig() {
  Parts& p = *parts_;
  if (!p.watch.HasChanged()) return;
  const auto follow = [&]() -> Result<void> {
    TRY(Config config, LoadConfig(p.config.path));
    // A file that is half written may lack its end.
    if (p.keys->required() && config.server.keys.empty()) return Error::Invalid("server.keys", "got none, had some");
    if (p.access.load()->restricted() && config.access.empty()) return Error::Invalid("access", "got none, had some");
    for (const KeyConfig& key : p.config.server.keys) {
      if (key.name == kCommandLineKey) config.server.keys.push_back(key);
    }
    return SetAccess(config, p.clock, p.keys, p.token_groups, p.access);
  };
  const Result<void> followed = follow();
  if (followed.ok()) LogInfo(p.config.path + ": keys and access are now as it says");
  if (!followed.ok()) LogError(p.config.path + " has changed, and is not followed: " + followed.error().Message());
}

void App::RefreshGauges() {
  parts_->model_metrics->Refresh(parts_->host->models());
  int64_t num_dropped = parts_->traces->num_dropped();
  if (parts_->exporter != nullptr) num_dropped += parts_->exporter->stats().num_dropped;
  parts_->own_metrics.server().spans_dropped.SetTotal(static_cast<double>(num_dropped));
  for (const auto& refresh : parts_->refreshers) refresh();
}

void App::OnRefresh(std::function<void()> refresh) { parts_->refreshers.push_back(std::move(refresh)); }

namespace {

ModelListing ListingOf(const ProviderModelConfig& model) {
  ModelListing listing;
  listing.id = model.id;
  listing.kind = model.kind;
  listing.context_length = model.context_length;
  listing.vector_size = model.vector_size;
  listing.provider = model.id.substr(0, model.id.find('/'));
  return listing;
}

// As the model that it asks first is listed; a name that stands for others hides what it is called like.
ModelListing OfOthers(const std::string& name, const std::string& first, const char* provider,
                      const std::vector<ModelListing>& known) {
  ModelListing listing;
  listing.kind = "chat";
  for (const ModelListing& model : known) {
    if (model.id == first) listing = model;
  }
  listing.id = name;
  listing.provider = provider;
  return listing;
}

// The names that stand for several models.
std::vector<ModelListing> Combined(const ProviderSet& providers, const std::vector<ModelListing>& known) {
  std::vector<ModelListing> listings;
  for (const RouteConfig& route : providers.routes()) {
    listings.push_back(OfOthers(route.name, route.targets.front().model, "route", known));
  }
  for (const auto& [name, mixture] : providers.mixtures()) {
    listings.push_back(OfOthers(name, mixture->Heard(), "mixture", known));
  }
  return listings;
}

// Of a kind of its own: where a model is looked for that none has named, no agent is meant.
ModelListing OfAgent(const AgentConfig& agent) {
  ModelListing listing;
  listing.id = std::string(kAgentModels) + "/" + agent.name;
  listing.kind = listing.provider = kAgentModels;
  return listing;
}

}  // namespace

std::vector<ModelListing> App::ListModels() const {
  std::vector<ModelListing> listings = parts_->directory.List();
  const std::vector<HostedModel> hosted = parts_->host->models();
  const int64_t bound = parts_->config.engine.context;
  for (ModelListing& listing : listings) {
    if (bound > 0) listing.context_length = std::min(listing.context_length, bound);
    for (const HostedModel& model : hosted) {
      if (model.name != listing.id || !model.loaded) continue;
      listing.loaded = true;
      listing.context_length = model.max_context;  // the cache may hold fewer
    }
  }
  for (const ProviderModelConfig& model : parts_->providers->Listings()) listings.push_back(ListingOf(model));
  for (ModelListing& listing : Combined(*parts_->providers, listings)) listings.push_back(std::move(listing));
  if (!parts_->agents) return listings;  // not made yet
  for (const AgentConfig& agent : parts_->agents->configs()) listings.push_back(OfAgent(agent));
  return listings;
}

Result<ModelListing> App::FindModel(std::string_view id, std::string_view kind) const {
  const std::vector<ModelListing> listings = ListModels();
  std::string wanted(id);
  if (wanted.empty() && kind == "chat") wanted = parts_->config.default_model;
  for (ModelListing& listing : Combined(*parts_->providers, listings)) {
    if (listing.id == wanted) return std::move(listing);
  }
  TRY(const auto of_provider, parts_->providers->Listing(wanted, kind));
  if (of_provider) return ListingOf(*of_provider);
  for (const ModelListing& listing : listings) {
    if (wanted.empty() ? listing.kind == kind : listing.id == wanted) return listing;
  }
  for (const ModelListing& listing : listings) {
    // By its plain name, where no model has it.
    if (listing.kind == kAgentModels && listing.id == std::string(kAgentModels) + "/" + wanted) return listing;
  }
  if (wanted.empty()) {
    return Error::NotFound("model", "got none, and there is no " + std::string(kind) +
                                        " model here: `atelier models pull` brings one")
        .WithCode("model_not_found");
  }
  TRY(const std::string path, parts_->directory.PathOf(wanted));
  return Error::Corrupt("model", "got '" + wanted + "', whose file cannot be read: `atelier models verify " + wanted +
                                     "` says why (" + path + ")");
}

std::string_view App::ProviderOf(std::string_view id) const { return parts_->providers->ProviderOf(id); }

std::string App::Fingerprint(const ModelListing& model) const {
  if (!model.provider.empty()) return "atelier-" ATELIER_VERSION "-" + model.provider;
  return "atelier-" ATELIER_VERSION "-" + model.format + "-" + parts_->config.engine.kv_cache + "-" +
         std::to_string(model.created_unix);
}

}  // namespace atelier
