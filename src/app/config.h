// atelier.yaml: what an application is made of. Every key has a default; an unknown one is an error that names the
// nearest known one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent_config.h"
#include "agent/protocol/mcp_config.h"
#include "agent/tools/tool_entry.h"
#include "agent/workflow/workflow_config.h"
#include "app/access_rule.h"
#include "app/corpus_config.h"
#include "app/mcp_host_config.h"
#include "base/net/egress_policy.h"
#include "base/result.h"
#include "base/text/describe.h"
#include "provider/mixture_config.h"
#include "provider/provider_config.h"
#include "provider/route_config.h"

namespace atelier {

// What one API key may use. 0: no bound.
struct KeyConfig {
  std::string key;  // the secret itself, or "env:NAME"
  std::string name;
  std::string user;                 // whose it is; empty: that of its name
  std::vector<std::string> groups;  // that this user is in
  int64_t requests_per_minute = 0;
  int64_t tokens_per_minute = 0;
  int64_t tokens_per_day = 0;
  static Fields Describe();
};

inline constexpr char kCommandLineKey[] = "command-line";  // name of the key that `atelier serve` was given

struct ServerConfig {
  std::string host = "127.0.0.1";
  int32_t port = 8910;
  std::vector<KeyConfig> keys;
  bool allow_open = false;  // listen beyond loopback without a key
  std::string certificate, private_key;
  std::vector<std::string> cors_origins;
  int32_t max_connections = 8192;
  int64_t max_head_bytes = 32 << 10;
  int64_t max_body_bytes = 32 << 20;
  double head_seconds = 10;  // a sender slower than these is answered 408
  double body_seconds = 60;
  double idle_seconds = 75;
  double write_seconds = 30;
  double request_seconds = 0;
  double drain_seconds = 30;
  bool warn_unknown_parameters = false;  // a header instead of a 400
  static Fields Describe();
};

struct EngineConfig {
  int32_t threads = 0;
  std::string isa;  // empty: the best of this machine
  std::string kv_cache = "f16";
  int64_t kv_cache_mib = 0;  // of each model; 0: by the memory there is
  int32_t context = 0;       // 0: the model's
  int32_t max_running = 256;
  int32_t max_waiting = 4096;
  int32_t max_step_tokens = 512;
  int64_t memory_mib = 0;  // of all loaded models; 0: three quarters of the memory
  std::string keep_alive = "5m";
  bool prefix_cache = true;
  bool prefer_closing = false;
  static Fields Describe();
};

struct TraceConfig {
  bool record = true;
  bool record_content = false;  // prompts and answers too
  int64_t max_traces = 100000;
  int64_t max_mib = 512;
  int64_t max_days = 30;
  std::string otlp_endpoint;  // "http://127.0.0.1:4318"
  std::map<std::string, std::string> otlp_headers;
  static Fields Describe();
};

struct FilesConfig {
  int64_t max_file_mib = 512;
  int64_t max_total_mib = 20 << 10;
  static Fields Describe();
};

// Of agents' runs that have ended. 0: no bound.
struct RunsConfig {
  int64_t max_runs = 10'000;
  int64_t max_days = 0;
  static Fields Describe();
};

struct BatchesConfig {
  int32_t max_running = 16;
  int64_t max_requests = 50'000;
  static Fields Describe();
};

// That agents know, or want their clients to know.
struct A2aExtensionConfig {
  std::string uri;
  std::string description;
  std::vector<std::string> agents;  // globs of their names; of none, all
  bool required = false;            // requests that do not name it are refused
  static Fields Describe();
};

// This application as an Agent2Agent server.
struct A2aConfig {
  std::string url;                                  // that clients know this server by, in cards; empty: as they ask
  bool sign = true;                                 // cards, with a key of this installation
  EgressConfig webhooks;                            // that may be told of updates of tasks
  std::vector<std::string> versions{"1.0", "0.3"};  // that are spoken
  std::vector<A2aExtensionConfig> extensions;
  static Fields Describe();
};

struct ModelConfig {
  std::string id;    // as requests name it
  std::string path;  // GGUF, folder or ONNX; empty: $ATELIER_HOME/models/<id>
  static Fields Describe();
};

struct Config {
  std::string path;  // that it was read from; empty: none
  std::string home;  // empty: $ATELIER_HOME or ~/.atelier
  std::string hub;   // empty: ATELIER_HUB or the public one
  std::string default_model;
  std::vector<ModelConfig> models;        // beside those under home
  std::vector<ProviderConfig> providers;  // models elsewhere
  std::vector<RouteConfig> routes;        // names that stand for several models
  std::vector<MixtureConfig> mixtures;    // names under which several models answer as one
  std::vector<PriceConfig> prices;
  std::vector<BudgetConfig> budgets;
  std::vector<CorpusConfig> corpora;
  std::vector<ToolConfig> tools;       // that agents may be given
  McpHostConfig mcp;                   // this application as one
  std::string prompts;                 // folder of prompt files, for MCP clients; empty: none
  McpServerConfigs mcp_servers;        // whose tools agents may be given too
  std::vector<std::string> mcp_files;  // of editors, with more of them
  std::vector<AgentConfig> agents;
  std::vector<WorkflowConfig> workflows;
  EgressConfig egress;             // of what models and clients steer
  std::vector<AccessRule> access;  // of none, every key sees everything
  ServerConfig server;
  EngineConfig engine;
  TraceConfig traces;
  FilesConfig files;
  BatchesConfig batches;
  A2aConfig a2a;
  RunsConfig runs;
  static Fields Describe();
};

// Errors name file, line and key.
Result<Config> LoadConfig(const std::string& path);
// Text of a configuration file; `name` stands in errors.
Result<Config> ParseConfig(std::string_view yaml, const std::string& name);
// $ATELIER_HOME, or ~/.atelier.
std::string HomeDirectory(const Config& config);

}  // namespace atelier
