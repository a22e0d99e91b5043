// mcp_fixture_client URL: does, with the shipped client, what the conformance scenario in MCP_CONFORMANCE_SCENARIO
// wants of a client; MCP_CONFORMANCE_PROTOCOL_VERSION says in which era, MCP_CONFORMANCE_CONTEXT (JSON) with what.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "agent/protocol/mcp_client.h"
#include "agent/protocol/mcp_http_transport.h"
#include "agent/protocol/mcp_oauth.h"
#include "base/net/io_loop.h"

namespace atelier {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Run {
  IoLoop loop;
  AsyncHttpClient http{loop};
  std::string url;
  std::string scenario = Environment("MCP_CONFORMANCE_SCENARIO");
  std::string revision = Environment("MCP_CONFORMANCE_PROTOCOL_VERSION");
  Json context = Json::Object();
};

McpClientOptions Options(const Run& run) {
  McpClientOptions options;
  options.name = "atelier-conformance-client";
  options.era = run.revision == kMcpStateless ? McpEra::kStateless : McpEra::kStateful;
  options.handlers.elicit = [](Call, Json params) -> Task<Result<Json>> {
    // Accepts; what the form's schema has no default for is confirmed.
    Json content = Json::Object();
    if (params["requestedSchema"]["properties"].Has("confirmed")) content.Set("confirmed", true);
    co_return Json::Object({{"action", "accept"}, {"content", std::move(content)}});
  };
  options.handlers.roots = [](Call, Json) -> Task<Result<Json>> { co_return Json::Object({{"roots", Json::Array()}}); };
  options.handlers.sample = [](Call, Json) -> Task<Result<Json>> {
    co_return Json::Object({{"role", "assistant"}, {"content", McpText("A word.")}, {"model", "none"}});
  };
  return options;
}

// The suite's authorization servers agree at once and send the browser back.
Task<Result<std::string>> Agree(AsyncHttpClient& http, Call call, std::string url) {
  AsyncRequest request;
  request.url = std::move(url);
  CO_TRY(const auto response, co_await http.Send(std::move(call), std::move(request)));
  const std::string* location = response->headers().Find("Location");
  if (location == nullptr) {
    co_return Error::Denied("authorization_endpoint", "got HTTP " + std::to_string(response->status()));
  }
  co_return *location;
}

Result<std::shared_ptr<McpOAuth>> MakeAuthorizer(Run& run) {
  McpOAuthOptions options;
  options.server_url = run.url;
  options.metadata_url = "https://conformance-test.local/client-metadata.json";
  options.redirect_uri = "http://localhost:3000/callback";
  options.authorize = [&http = run.http](Call call, std::string url) {
    return Agree(http, std::move(call), std::move(url));
  };
  // Its servers listen on this machine, at ports that nobody knows before.
  EgressConfig config;
  config.private_hosts = {"localhost:*", "127.0.0.1:*"};
  TRY(options.egress, EgressPolicy::Create(config));
  if (run.scenario == "auth/pre-registration") {
    McpOAuthOptions::Registered registered;
    registered.client.client_id = run.context["client_id"].AsString();
    registered.client.client_secret = run.context["client_secret"].AsString();
    options.registered = std::move(registered);
  }
  return std::make_shared<McpOAuth>(run.http, std::move(options));
}

Task<Result<std::shared_ptr<McpClient>>> Connect(Run& run) {
  const Call call;
  McpHttpTransportOptions options;
  options.url = run.url;
  CO_TRY(const Url url, Url::Parse(run.url));
  options.egress = EgressPolicy::OnlyOriginOf(url);
  if (run.scenario.starts_with("auth/")) {
    CO_TRY(options.authorizer, MakeAuthorizer(run));
  }
  auto transport = std::make_unique<McpHttpTransport>(run.loop, run.http, std::move(options));
  McpClientOptions client = Options(run);
  co_return co_await McpClient::Connect(call, run.loop, std::move(transport), std::move(client));
}

Task<Result<void>> CallAll(std::shared_ptr<McpClient> client, std::vector<Json> tools) {
  const Call call;
  const McpClient::OnProgress silent;
  for (const Json& tool : tools) {
    Json arguments = Json::Object();
    if (tool["inputSchema"]["properties"].Has("a")) arguments = Json::Object({{"a", 2}, {"b", 3}});
    auto called = co_await client->CallTool(call, tool["name"].AsString(), arguments, silent);
    if (!called && called.error().code != "mcp_fault") co_return std::move(called).error();
  }
  co_return Result<void>();
}

Task<Result<void>> Play(Run& run) {
  const Call call;
  const McpClient::OnProgress silent;
  const Json nothing;
  CO_TRY(const auto client, co_await Connect(run));
  CO_TRY(const auto tools, co_await client->ListTools(call));
  for (const std::string& skipped : client->skipped_tools()) std::fprintf(stderr, "%s\n", skipped.c_str());
  if (const Json& calls = run.context["toolCalls"]; calls.is_array()) {
    for (const Json& wanted : calls.items()) {
      CO_TRY_VOID(co_await client->CallTool(call, wanted["name"].AsString(), wanted["arguments"], silent));
    }
  } else if (run.scenario == "json-schema-2020-12-preservation") {
    for (const Json& tool : tools) {
      if (tool["name"].AsString() != "json_schema_2020_12_tool") continue;
      const Json arguments = Json::Object({{"schema", tool["inputSchema"]}});
      CO_TRY_VOID(co_await client->CallTool(call, "json_schema_echo", arguments, silent));
    }
  } else if (run.scenario != "json-schema-ref-no-deref") {
    CO_TRY_VOID(co_await CallAll(client, tools));
  }
  if (run.scenario == "http-standard-headers") {
    CO_TRY(const auto resources, co_await client->ListResources(call));
    for (const Json& resource : resources) CO_TRY_VOID(co_await client->ReadResource(call, resource["uri"].AsString()));
    CO_TRY(const auto prompts, co_await client->ListPrompts(call));
    for (const Json& prompt : prompts)
      CO_TRY_VOID(co_await client->GetPrompt(call, prompt["name"].AsString(), nothing));
  }
  co_await client->Close();
  co_return Result<void>();
}

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: mcp_fixture_client URL\n");
    return 2;
  }
  Run run;
  run.url = argv[argc - 1];
  if (const std::string context = Environment("MCP_CONFORMANCE_CONTEXT"); !context.empty()) {
    auto parsed = Json::Parse(context);
    if (parsed) run.context = *std::move(parsed);
  }
  const auto played = run.loop.RunTask(Play(run));
  if (played) return 0;
  std::fprintf(stderr, "%s\n", played.error().Message().c_str());
  return 1;
}

}  // namespace
}  // namespace atelier

int main(int argc, char** argv) { return atelier::Main(argc, argv); }
