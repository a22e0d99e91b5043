// Makes of an OpenAPI 3 document one tool for each operation.
//
// GET and HEAD are read-only, PUT and DELETE idempotent, and so is what takes an Idempotency-Key, which is then filled
// in; all but GET and HEAD are sensitive. The server that the settings name, or that is the document's own origin, may
// be anywhere; one that only the document names goes under the egress policy. An operation that needs a key which the
// settings do not give is left out.
#include <algorithm>
#include <set>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/openapi_request.h"
#include "agent/tools/readable_text.h"
#include "agent/tools/tool_net.h"
#include "base/io/files.h"
#include "base/io/sha256.h"
#include "base/text/glob.h"
#include "base/text/unicode.h"
#include "provider/provider_config.h"

namespace atelier {
namespace {

constexpr int64_t kMaxDocumentBytes = 32 << 20;  // the largest known, GitHub's and Stripe's, have 12 MB and less
constexpr int64_t kMaxDescriptionBytes = 1'000;
constexpr size_t kMaxNameBytes = 64;

struct OpenApiOptions {
  std::string document;
  std::string server;
  std::vector<std::string> operations{"**"};
  std::vector<std::string> except;
  std::map<std::string, std::string> security;
  EgressConfig egress;
  int64_t max_bytes = 4 << 20;
  int64_t max_text = 20'000;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&OpenApiOptions::document>("document", "path or URL of an OpenAPI 3.0 or 3.1 document, JSON or YAML")
            .Required(),
        Key<&OpenApiOptions::server>("server", "base URL in place of the document's servers"),
        Key<&OpenApiOptions::operations>("operations",
                                         "globs over operationId or \"GET /path\": those that become tools"),
        Key<&OpenApiOptions::except>("except", "globs over the same: those that do not"),
        Key<&OpenApiOptions::security>("security",
                                       "key of each security scheme, as env:NAME or file:PATH; of HTTP basic "
                                       "user:password"),
        Inline<&OpenApiOptions::egress>(),
        Key<&OpenApiOptions::max_bytes>("max_bytes", "read of an answer").Between(1'000, 64 << 20),
        Key<&OpenApiOptions::max_text>("max_text", "bytes of an answer that are given").Between(200, 1'000'000)};
    return fields;
  }
};

// What the tools of one document share.
struct Api {
  ApiDocument document;
  OpenApiOptions options;
  std::map<std::string, std::string> secrets;  // by scheme
};

Result<std::string> ReadDocument(const std::string& where) {
  if (where.find("://") == std::string::npos) return ReadWholeFile(Files::Real(), where, kMaxDocumentBytes);
  HttpClient client;
  ClientRequest request;
  request.url = where;
  request.max_redirects = 0;  // who wrote the settings named this address
  request.max_body_bytes = kMaxDocumentBytes;
  request.read_timeout = std::chrono::seconds(30);
  TRY(ClientResponse response, client.Send(request));
  if (response.status != 200) return Error::Unavailable("", "got " + StatusText(response.status));
  return std::move(response.body);
}

bool Matches(const std::vector<std::string>& globs, const ApiOperation& operation) {
  const std::string line = operation.method + " " + operation.path;
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return GlobMatches(glob, line) || (!operation.id.empty() && GlobMatches(glob, operation.id));
  });
}

// A name for the tool: the operationId, or the method and the path's parts; unique, and with room for what MakeTools
// puts before it.
std::string NameOf(const ApiOperation& operation, size_t most, std::set<std::string>& taken) {
  const std::string source = operation.id.empty() ? LowerCase(operation.method) + operation.path : operation.id;
  std::string name;
  for (const char c : source) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (name.ends_with('_')) name.pop_back();
  if (name.empty()) name = "operation";
  if (name.size() > most) name = name.substr(0, most - 9) + "_" + Sha256Hex(source).substr(0, 8);
  const std::string stem = name.substr(0, most - 5);
  for (int i = 2; !taken.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  return name;
}

ToolSpec SpecOf(const ApiOperation& operation, std::string name, Json parameters) {
  const bool reads = operation.method == "GET" || operation.method == "HEAD";
  std::string description = operation.summary;
  if (!operation.description.empty() && operation.description != operation.summary) {
    description += (description.empty() ? "" : "\n") + operation.description;
  }
  description = Shortened(description, kMaxDescriptionBytes) + (description.empty() ? "" : "\n") + operation.method +
                " " + Shortened(operation.path, 200) + " of an HTTP API";
  ToolSpec spec{.name = std::move(name), .title = Shortened(operation.summary, 100), .description = description};
  spec.parameters = std::move(parameters);
  spec.read_only = reads;
  spec.idempotent =
      reads || operation.method == "PUT" || operation.method == "DELETE" || IdempotencyParameter(operation) != nullptr;
  spec.sensitive = !reads;
  return spec;
}

class ApiTool final : public AgentTool {
 public:
  ApiTool(std::shared_ptr<const Api> api, const ApiOperation& operation, ToolNet net, ApiTarget target, ToolSpec spec,
          ApiArguments names)
      : api_(std::move(api)),
        operation_(operation),
        net_(std::move(net)),
        target_(std::move(target)),
        spec_(std::move(spec)),
        names_(std::move(names)) {}
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    ApiTarget target = target_;
    target.idempotency_key = info.idempotency_key;
    Result<AsyncRequest> request = BuildApiRequest(operation_, names_, target, arguments);
    if (!request) co_return ToolFailure(request.error());
    request->headers.Add("Accept", "application/json, text/*;q=0.8, */*;q=0.1");
    request->egress = net_.egress;
    FetchLimits limits;
    limits.body_bytes = api_->options.max_bytes;
    limits.cut_body = true;
    limits.time = spec_.timeout;
    CO_TRY(const Fetched fetched, co_await Fetch(*net_.http, call, *std::move(request), limits));
    auto tell = [&] { return Tell(fetched); };
    auto telling = OnPool(*net_.pool, tell);
    ToolOutput output = co_await telling;
    co_return output;
  }

 private:
  ToolOutput Tell(const Fetched& fetched) const {
    ToolOutput output;
    output.is_error = fetched.status >= 400;
    output.structured = Json::Object({{"status", fetched.status}});
    output.text = StatusText(fetched.status);
    if (fetched.body.empty()) return output;
    const std::string size = std::to_string(fetched.body.size()) + " bytes" + (fetched.cut ? " and more" : "");
    const Result<ReadableText> readable = ReadableTextOf(fetched);
    if (!readable) {
      output.text += "\n\n[" + size + " that are not shown: " + readable.error().Message() + "]";
      return output;
    }
    output.text += "\n\n" + Shortened(readable->text, api_->options.max_text);
    if (fetched.cut) output.text += "\n[the answer is longer than what is read of one]";
    if (!IsJsonMediaType(readable->media_type)) return output;
    if (static_cast<int64_t>(readable->text.size()) > api_->options.max_text) return output;
    if (Result<Json> json = Json::Parse(readable->text)) output.structured.Set("body", *std::move(json));
    return output;
  }

  const std::shared_ptr<const Api> api_;
  const ApiOperation& operation_;  // of api_
  const ToolNet net_;
  const ApiTarget target_;
  const ToolSpec spec_;
  const ApiArguments names_;
};

// The first set of schemes for all of which there is a key; nothing where there is none. `missing` gathers names.
std::optional<std::vector<std::pair<ApiKeyPlace, std::string>>> SecretsFor(const Api& api,
                                                                           const ApiOperation& operation,
                                                                           std::set<std::string>& missing) {
  using Secrets = std::vector<std::pair<ApiKeyPlace, std::string>>;
  if (operation.security.empty()) return Secrets();
  std::optional<Secrets> nothing_needed;
  for (const std::vector<std::string>& names : operation.security) {
    Secrets secrets;
    for (const std::string& name : names) {
      const auto place = api.document.schemes.find(name);
      const auto secret = api.secrets.find(name);
      if (place != api.document.schemes.end() && secret != api.secrets.end()) {
        secrets.emplace_back(place->second, secret->second);
      } else {
        missing.insert(name);
      }
    }
    if (secrets.size() != names.size()) continue;
    if (!secrets.empty()) return secrets;
    nothing_needed = Secrets();  // a key is better where there is one
  }
  return nothing_needed;
}

struct Server {
  std::string base_url;
  bool trusted = false;  // the settings name it
};

Result<Server> ServerFor(const OpenApiOptions& options, const ApiOperation& operation) {
  Server server{options.server, true};
  if (server.base_url.empty()) {
    const Result<Url> own = Url::Parse(options.document);
    if (!own && operation.server.find("://") == std::string::npos) {
      return Error::Invalid(
          "server", "got none, and the document has '" + Shortened(operation.server, 200) + "', want a base URL");
    }
    Result<Url> url =
        own ? own->Resolve(operation.server.empty() ? "/" : operation.server) : Url::Parse(operation.server);
    if (!url) return std::move(url).error().Under("document: servers");
    server = {url->Text(), own && own->SameOrigin(*url)};
  }
  while (server.base_url.ends_with('/')) server.base_url.pop_back();
  return server;
}

Result<void> ReadSecrets(Api& api) {
  for (const auto& [name, place] : api.options.security) {
    if (!api.document.schemes.contains(name)) {
      std::string known;
      for (const auto& [scheme, ignored] : api.document.schemes) known += (known.empty() ? "" : ", ") + scheme;
      return Error::Invalid("security." + name, "got a key for no scheme that takes one, want one of: " + known);
    }
    TRY(api.secrets[name], ReadSecret(place, "security." + name));
  }
  return {};
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  auto api = std::make_shared<Api>();
  TRY(api->options, ReadToolOptions<OpenApiOptions>(config));
  Result<std::string> text = ReadDocument(api->options.document);
  if (!text) return std::move(text).error().Under("document");
  Result<ApiDocument> document = ApiDocument::Parse(*text);
  if (!document) return std::move(document).error().Under("document: " + Shortened(api->options.document, 200));
  api->document = *std::move(document);
  TRY_VOID(ReadSecrets(*api));
  TRY(const ToolNet general, NetOf(config, environment, api->options.egress));
  const size_t prefix = config.name.empty() ? 0 : config.name.size() + 1;
  if (prefix + 20 > kMaxNameBytes)
    return Error::Invalid("name", "got more than 43 bytes, want room for operations' names");
  AgentTools tools;
  std::set<std::string> taken, missing;
  for (const ApiOperation& operation : api->document.operations) {
    if (!Matches(api->options.operations, operation) || Matches(api->options.except, operation)) continue;
    auto secrets = SecretsFor(*api, operation, missing);
    if (!secrets) continue;
    TRY(Server server, ServerFor(api->options, operation));
    ToolNet net = general;
    if (server.trusted) {
      TRY(net, NetOfUrl("server", server.base_url, environment));
    }
    ApiArguments arguments = ArgumentsOf(api->document, operation);
    ToolSpec spec = SpecOf(operation, NameOf(operation, kMaxNameBytes - prefix, taken), arguments.schema);
    // A document on the network may say something else tomorrow.
    if (api->options.document.find("://") != std::string::npos) spec.author = Shortened(api->options.document, 200);
    ApiTarget target{std::move(server.base_url), *std::move(secrets), {}};
    tools.push_back(std::make_shared<ApiTool>(api, operation, std::move(net), std::move(target), std::move(spec),
                                              std::move(arguments)));
  }
  if (!tools.empty()) return tools;
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) return Error::Invalid("security", "got no key, want one for one of: " + names);
  return Error::Invalid("operations", "no operation of the document matches");
}

}  // namespace

extern const ToolEntry tool_openapi;
const ToolEntry tool_openapi{"openapi", "the operations of an OpenAPI 3 document, a tool each", Make};

}  // namespace atelier
