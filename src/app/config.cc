#include "app/config.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "app/agent_library.h"
#include "app/agent_models.h"
#include "app/foreign_mcp.h"
#include "base/text/describe_json.h"
#include "base/yaml/yaml.h"

namespace atelier {

Fields KeyConfig::Describe() {
  using C = KeyConfig;
  static constexpr Field fields[] = {
      Key<&C::key>("key", "the secret, or env:NAME").Required(),
      Key<&C::name>("name", "who it belongs to, for traces and quotas").Required(),
      Key<&C::user>("user", "whose it is, for access; that of its name if empty"),
      Key<&C::groups>("groups", "that this user is in, for access"),
      Key<&C::requests_per_minute>("requests_per_minute", "0: no bound").AtLeast(0),
      Key<&C::tokens_per_minute>("tokens_per_minute", "0: no bound").AtLeast(0),
      Key<&C::tokens_per_day>("tokens_per_day", "0: no bound").AtLeast(0),
  };
  return fields;
}

Fields ServerConfig::Describe() {
  using C = ServerConfig;
  static constexpr Field fields[] = {
      Key<&C::host>("host", "address to listen on"),
      Key<&C::port>("port", "0: any free one").Between(0, 65535),
      Key<&C::keys>("keys", "API keys; none: everyone on this machine may call"),
      Key<&C::allow_open>("allow_open", "listen beyond this machine without a key"),
      Key<&C::certificate>("certificate", "PEM file of the certificate chain: speak TLS"),
      Key<&C::private_key>("private_key", "PEM file of its key"),
      Key<&C::cors_origins>("cors_origins", "origins of pages that may call; \"*\" is any"),
      Key<&C::max_connections>("max_connections", "more are answered 503").Between(1, 1'000'000),
      Key<&C::max_head_bytes>("max_head_bytes", "longer request heads are answered 431").Between(1024, 1 << 20),
      Key<&C::max_body_bytes>("max_body_bytes", "longer bodies are answered 413").Between(1024, 1 << 30),
      Key<&C::head_seconds>("head_seconds", "time that a request's head may take to come").Between(0.1, 3600),
      Key<&C::body_seconds>("body_seconds", "time that its body may take").Between(0.1, 3600),
      Key<&C::idle_seconds>("idle_seconds", "time that a connection may stay silent between requests")
          .Between(0.1, 3600),
      Key<&C::write_seconds>("write_seconds", "a client that reads nothing for so long is cut off").Between(0.1, 3600),
      Key<&C::request_seconds>("request_seconds", "time that a request may run; 0: no bound").Between(0, 86400),
      Key<&C::drain_seconds>("drain_seconds", "time that requests have to finish after SIGTERM").Between(0, 3600),
      Key<&C::warn_unknown_parameters>("warn_unknown_parameters", "a warning header instead of a 400"),
  };
  return fields;
}

Fields EngineConfig::Describe() {
  using C = EngineConfig;
  static constexpr Field fields[] = {
      Key<&C::threads>("threads", "0: one for each core").Between(0, 1024),
      Key<&C::isa>("isa", "instruction set to force; the best of this machine if empty").OneOf("|plain|avx2|avx512"),
      Key<&C::kv_cache>("kv_cache", "type of cached keys and values").OneOf("f16|q8_0"),
      Key<&C::kv_cache_mib>("kv_cache_mib", "cache of each model; 0: by the memory there is").AtLeast(0),
      Key<&C::context>("context", "most tokens of a sequence; 0: the model's").AtLeast(0),
      Key<&C::max_running>("max_running", "sequences that run at once").Between(1, 65536),
      Key<&C::max_waiting>("max_waiting", "requests that wait; more are answered 429").Between(1, 1'000'000),
      Key<&C::max_step_tokens>("max_step_tokens", "tokens of one step: longer prompts come in slices")
          .Between(16, 65536),
      Key<&C::memory_mib>("memory_mib", "of all loaded models; 0: three quarters of the memory").AtLeast(0),
      Key<&C::keep_alive>("keep_alive", "how long a model stays loaded after its last use; negative: for ever"),
      Key<&C::prefix_cache>("prefix_cache", "reuse the cache of equal prompt beginnings"),
      Key<&C::prefer_closing>("prefer_closing",
                              "structured outputs are completed within max_tokens, where requests do not say"),
  };
  return fields;
}

Fields TraceConfig::Describe() {
  using C = TraceConfig;
  static constexpr Field fields[] = {
      Key<&C::record>("record", "keep a trace of every call"),
      Key<&C::record_content>("record_content", "with prompts and answers"),
      Key<&C::max_traces>("max_traces", "older ones go").AtLeast(1),
      Key<&C::max_mib>("max_mib", "older ones go").AtLeast(1),
      Key<&C::max_days>("max_days", "older ones go").AtLeast(1),
      Key<&C::otlp_endpoint>("otlp_endpoint", "collector to export to, as http://127.0.0.1:4318"),
      Key<&C::otlp_headers>("otlp_headers", "headers of the export, for keys"),
  };
  return fields;
}

Fields RunsConfig::Describe() {
  using C = RunsConfig;
  static constexpr Field fields[] = {
      Key<&C::max_runs>("max_runs", "that have ended; older ones go; 0: none does").AtLeast(0),
      Key<&C::max_days>("max_days", "since they ended; older ones go; 0: none does").Between(0, 36'500),
  };
  return fields;
}

Fields FilesConfig::Describe() {
  using C = FilesConfig;
  static constexpr Field fields[] = {
      Key<&C::max_file_mib>("max_file_mib", "longer files are answered 413").Between(1, 1 << 20),
      Key<&C::max_total_mib>("max_total_mib", "of all files; beyond it uploads are answered 429").AtLeast(1),
  };
  return fields;
}

Fields A2aExtensionConfig::Describe() {
  using C = A2aExtensionConfig;
  static constexpr Field fields[] = {
      Key<&C::uri>("uri", "its name").Required(),
      Key<&C::description>("description", "what for"),
      Key<&C::agents>("agents", "globs of the agents' names; of none, all"),
      Key<&C::required>("required", "requests that do not name it in A2A-Extensions are refused"),
  };
  return fields;
}

Fields A2aConfig::Describe() {
  using C = A2aConfig;
  static constexpr Field fields[] = {
      Key<&C::url>("url", "that clients know this server by (https://agents.example.org); empty: as they ask"),
      Key<&C::sign>("sign", "cards are signed with a key of this installation"),
      Key<&C::webhooks>("webhooks", "where updates of tasks may be told"),
      Key<&C::versions>("versions", "of the protocol that are spoken: 1.0, 0.3"),
      Key<&C::extensions>("extensions", "of the protocol that agents know or require"),
  };
  return fields;
}

Fields BatchesConfig::Describe() {
  using C = BatchesConfig;
  static constexpr Field fields[] = {
      Key<&C::max_running>("max_running", "lines of all batches under way at once").Between(1, 1024),
      Key<&C::max_requests>("max_requests", "of one batch; files with more lines fail").Between(1, 10'000'000),
  };
  return fields;
}

Fields ModelConfig::Describe() {
  static constexpr Field fields[] = {
      Key<&ModelConfig::id>("id", "as requests name it").Required(),
      Key<&ModelConfig::path>("path", "a GGUF file, a Hugging Face folder or an ONNX file").Required(),
  };
  return fields;
}

Fields Config::Describe() {
  static constexpr Field fields[] = {
      Key<&Config::home>("home", "where data lies; $ATELIER_HOME or ~/.atelier if empty"),
      Key<&Config::hub>("hub", "model hub or mirror to pull from; $ATELIER_HUB or the public one if empty"),
      Key<&Config::default_model>("default_model", "for requests that name none"),
      Key<&Config::models>("models", "models beside those under home"),
      Key<&Config::providers>("providers", "services whose models requests name provider/model"),
      Key<&Config::routes>("routes", "names that stand for several models: fallback, split, mirror, cache"),
      Key<&Config::mixtures>("mixtures", "names under which several models answer as one"),
      Key<&Config::prices>("prices", "what models cost, for budgets"),
      Key<&Config::budgets>("budgets", "what API keys may spend"),
      Key<&Config::corpora>("corpora", "collections of documents that are searched and quoted"),
      Key<&Config::tools>("tools", "what agents may be given to call"),
      Key<&Config::mcp>("mcp", "this application as an MCP server"),
      Key<&Config::prompts>("prompts", "folder of prompt files, which MCP clients are offered"),
      Key<&Config::mcp_servers>("mcpServers", "foreign MCP servers, as editors write them, by name"),
      Key<&Config::mcp_files>("mcp_files", "files in which editors keep such; paths from this file's folder on"),
      Key<&Config::agents>("agents", "models with instructions, tools and limits"),
      Key<&Config::workflows>("workflows", "programs of nodes that run as agents do"),
      Key<&Config::egress>("egress", "where tools may connect to that have no such setting, and clients' MCP servers"),
      Key<&Config::access>("access", "who may see which documents; without, every key sees everything"),
      Key<&Config::server>("server", "the HTTP server"),
      Key<&Config::engine>("engine", "the inference engine"),
      Key<&Config::traces>("traces", "what is recorded of calls"),
      Key<&Config::files>("files", "what clients upload"),
      Key<&Config::batches>("batches", "files of requests, answered beside all others"),
      Key<&Config::a2a>("a2a", "agents as Agent2Agent servers"),
      Key<&Config::runs>("runs", "how many runs of agents the server keeps"),
  };
  return fields;
}

namespace {

Result<void> CheckEgress(const EgressConfig& config) {
  auto policy = EgressPolicy::Create(config);
  return policy.ok() ? Result<void>() : std::move(policy).error().Under("egress");
}

// This application as servers of MCP and A2A.
Result<void> CheckProtocols(const Config& config) {
  if (config.mcp.authorization) {
    const Result<AccessTokenRules> rules = config.mcp.authorization->Rules();
    if (!rules.ok()) return Error(rules.error()).Under("mcp.authorization");
  }
  bool has_current = false;
  for (const std::string& version : config.a2a.versions) {
    if (version != "1.0" && version != "0.3") {
      return Error::Invalid("a2a.versions", "got '" + version + "', want 1.0 or 0.3");
    }
    has_current |= version == "1.0";
  }
  if (!has_current) return Error::Invalid("a2a.versions", "want 1.0 among them");
  return {};
}

}  // namespace

Result<Config> ParseConfig(std::string_view yaml, const std::string& name) {
  Result<YamlDocument> document = ParseYaml(yaml);
  if (!document.ok()) return std::move(document).error().Under(name);
  if (document->json.is_null()) return Config{};
  Result<Config> config = ReadJson<Config>(document->json);
  if (config.ok()) {
    Result<void> checked = CheckCorpora(config->corpora, config->providers);
    if (checked.ok()) checked = CheckAgents(config->agents, config->tools, config->workflows);
    for (size_t i = 0; checked.ok() && i < config->providers.size(); ++i) {
      if (config->providers[i].name != kAgentModels) continue;
      checked = Error::Invalid("providers[" + std::to_string(i) + "].name",
                               "got 'agent', want another: agent/NAME is an agent as a model");
    }
    if (checked.ok()) checked = CheckMcpServers(config->mcp_servers);
    if (checked.ok()) checked = CheckEgress(config->egress);
    if (checked.ok()) checked = CheckProtocols(*config);
    if (!checked.ok()) config = std::move(checked).error();
  }
  if (config.ok()) return config;
  // The key's line, or that of the nearest part of its path.
  Error error = std::move(config).error();
  std::string path = error.where;
  while (!path.empty() && !document->lines.contains(path)) {
    const size_t cut = path.find_last_of(".[");
    path = cut == std::string::npos ? "" : path.substr(0, cut);
  }
  const int line = path.empty() ? 1 : document->lines.at(path);
  return std::move(error).Under(name + ":" + std::to_string(line));
}

Result<Config> LoadConfig(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error::NotFound(path, "got no readable file, want a configuration (atelier.yaml)");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  TRY(Config config, ParseConfig(text, path));
  config.path = path;
  return config;
}

std::string HomeDirectory(const Config& config) {
  if (!config.home.empty()) return config.home;
  if (const char* home = std::getenv("ATELIER_HOME"); home != nullptr && *home != '\0') return home;
  const char* user_home = std::getenv("HOME");
  return std::string(user_home != nullptr ? user_home : ".") + "/.atelier";
}

}  // namespace atelier
