// The application: everything that atelier.yaml declares, built and wired once, for the server and the commands.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/clock.h"
#include "base/net/io_loop.h"
#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

class A2aHost;
class Access;
class Activity;
class AgentLibrary;
class McpHost;
class ApiKeys;
class BatchStore;
class CalibrationStore;
class CompletionStore;
class CorpusLibrary;
class Database;
class FileStore;
class LiveResponses;
class MetricRegistry;
class ModelHost;
class ModelLibrary;
class OwnMetrics;
class Pool;
class ResponseStore;
class Spending;
class TokenDoor;
class Tracer;
class TraceStore;
class UploadStore;
class VectorStoreCorpora;
class VectorStores;

// A model that can be asked, loaded or not.
struct ModelListing {
  std::string id;
  std::string kind;    // "chat", "embedding", "rerank"
  std::string format;  // that holds most of its weights: "Q4_1"
  std::string arch;
  std::string path;
  int64_t context_length = 0;
  int64_t vector_size = 0;
  int64_t created_unix = 0;
  int64_t num_parameters = 0;
  int64_t size_bytes = 0;  // of its files
  std::string digest;      // hex; changes when a file does
  bool loaded = false;
  std::string provider;  // empty: this machine
};

class App {
 public:
  // `loop` is where everything asynchronous of the application runs; it must outlive the App.
  static Result<std::unique_ptr<App>> Create(Config config, IoLoop& loop, const Clock& clock);
  ~App();

  const Config& config() const;
  const Clock& clock() const;
  Loop& loop();
  IoLoop& io_loop();
  LanguageModel& language_model();
  Embedder& embedder();
  Reranker& reranker();
  Spending& spending();
  // Where what models and clients steer may connect to. Thread-safe.
  const std::shared_ptr<const EgressPolicy>& egress() const;
  AgentLibrary& agents();
  McpHost& mcp();
  A2aHost& a2a();
  Tracer& tracer();
  TraceStore& traces();
  MetricRegistry& metrics();
  OwnMetrics& own_metrics();
  ModelHost& models();
  ModelLibrary& library();
  ApiKeys& keys();
  // Of /mcp, where atelier.yaml names an authorization server; else null.
  TokenDoor* token_door();
  Pool& pool();
  Database& database();  // atelier.db
  ResponseStore& responses();
  CompletionStore& completions();
  LiveResponses& live_responses();
  Activity& activity();
  FileStore& files();
  UploadStore& uploads();
  BatchStore& batches();
  CalibrationStore& calibrations();
  VectorStores& vector_stores();
  VectorStoreCorpora& vector_store_corpora();
  // As it is now; thread-safe.
  std::shared_ptr<const Access> access() const;
  // Where the file of the configuration has changed, its keys and rules of access hold from now on; all else waits for
  // a start. What cannot be followed is logged, and nothing changes. Loop thread.   COST: a stat.
  void FollowConfig();
  CorpusLibrary& corpora();

  // Brings all gauges up to date, before they are read out: those of models, and what OnRefresh was given.
  void RefreshGauges();
  void OnRefresh(std::function<void()> refresh);

  // All models under $ATELIER_HOME by id, then those of providers that the configuration lists.
  std::vector<ModelListing> ListModels() const;
  // The listing of `id`; where empty, of the configured or only model of that kind. NotFound names the nearest.
  Result<ModelListing> FindModel(std::string_view id, std::string_view kind) const;

  // The configured provider that answers for a model's name; empty: this machine, or what a route picks.
  std::string_view ProviderOf(std::string_view id) const;

  // A text that changes when the program or a model does; the same seed promises the same text under it.
  std::string Fingerprint(const ModelListing& model) const;

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace atelier
