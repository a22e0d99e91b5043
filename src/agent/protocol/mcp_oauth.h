// OAuth 2.1 for MCP servers: discovers who may let us in, registers, lets the user agree in a browser, exchanges the
// code, renews tokens, steps up.   [2026-07-28, authorization; RFC 9728, 8414, 7636, 8707, 9207, 7591]
//
//   401/403 → protected resource metadata → its authorization server's metadata → client id → browser → code → token
//
// What is never taken on trust: the resource that the metadata names must be the server's own URL or above it; metadata
// must name the issuer that it was looked up for, letter by letter; a server without PKCE (S256) is refused; the
// redirect must carry our state, and the issuer where the server says it sends it (or sends it unasked). Credentials
// and tokens are kept by issuer and never shown to another. Every endpoint is https or on this machine, and under the
// egress policy: the URLs come from strangers.
//
// The client id, in this order: one registered beforehand with this issuer; our metadata document's URL, where the
// server takes such; dynamic registration.   Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/mcp_authorizer.h"
#include "base/net/async_http_client.h"
#include "base/net/egress_policy.h"
#include "base/text/json.h"

namespace atelier {

// The parameters of a Bearer challenge; empty where there is none.   [RFC 9110, 11.6.1; RFC 6750, 3]
std::map<std::string, std::string> ReadBearerChallenge(const HttpHeaders& headers);

// Where protected resource metadata is looked for, and an authorization server's: in this order.
std::vector<std::string> ResourceMetadataUrls(const Url& server);
std::vector<std::string> IssuerMetadataUrls(const Url& issuer);
// Whether a token for `resource` is for the server at `server`: same origin, and the path or one above it.
bool IsResourceOf(const Url& resource, const Url& server);

// Whether nobody between us can read or change what goes there: https, or this machine. Errors: kDenied under `name`.
Result<void> CheckOAuthEndpoint(const std::string& name, const std::string& url);
// A document of a server's, of 1 MiB at most; nothing where there is none (4xx).
Task<Result<std::optional<Json>>> GetOAuthDocument(AsyncHttpClient& http, std::shared_ptr<const EgressPolicy> egress,
                                                   Call call, std::string url);

// What we are to one issuer.
struct McpOAuthClient {
  std::string client_id;
  std::string client_secret = {};  // empty: a public client
  std::string auth_method = {};    // "none", "client_secret_basic", "client_secret_post"
};
struct McpOAuthTokens {
  std::string access_token;
  std::string refresh_token = {};
  std::string scope = {};  // as asked for
};

// What is kept, by issuer. The default keeps it in memory.
class McpCredentialStore {
 public:
  virtual ~McpCredentialStore() = default;
  virtual std::optional<McpOAuthClient> FindClient(const std::string& issuer);
  virtual void KeepClient(const std::string& issuer, McpOAuthClient client);
  virtual std::optional<McpOAuthTokens> FindTokens(const std::string& issuer, const std::string& resource);
  virtual void KeepTokens(const std::string& issuer, const std::string& resource, McpOAuthTokens tokens);

 private:
  std::map<std::string, McpOAuthClient> clients_;
  std::map<std::pair<std::string, std::string>, McpOAuthTokens> tokens_;
};

struct McpOAuthOptions {
  std::string server_url;
  std::string client_name = "Atelier";
  std::string metadata_url = {};  // of our client metadata document, https; empty: none
  std::string redirect_uri = "http://127.0.0.1:8911/callback";
  struct Registered {
    std::string issuer = {};  // whose they are; empty: the first that asks, and no other after it
    McpOAuthClient client;
  };
  std::optional<Registered> registered = {};
  // Shows the URL to the user and gives the URL that the browser was sent back to.
  std::function<Task<Result<std::string>>(Call, std::string url)> authorize = {};
  std::shared_ptr<const EgressPolicy> egress = EgressPolicy::Public();
  std::shared_ptr<McpCredentialStore> store = std::make_shared<McpCredentialStore>();
};

class McpOAuth final : public McpAuthorizer {
 public:
  McpOAuth(AsyncHttpClient& http, McpOAuthOptions options) : http_(http), options_(std::move(options)) {}

  std::string Authorization() const override {
    return tokens_.access_token.empty() ? "" : "Bearer " + tokens_.access_token;
  }
  Task<Result<void>> Challenged(Call call, int status, HttpHeaders headers) override;

 private:
  struct Issuer {
    std::string issuer, authorization_endpoint, token_endpoint, registration_endpoint;
    std::vector<std::string> auth_methods;
    bool takes_metadata_documents = false;
    bool says_issuer = false;
    bool offers_offline = false;
  };
  struct Resource {
    std::string resource;
    std::string issuer;
    std::vector<std::string> scopes;
  };
  Task<Result<Resource>> FindResource(Call call, std::string told_url);
  Task<Result<Issuer>> FindIssuer(Call call, std::string issuer);
  Task<Result<McpOAuthClient>> FindClient(Call call, Issuer issuer);
  Task<Result<McpOAuthClient>> Register(Call call, Issuer issuer);
  Task<Result<McpOAuthTokens>> Authorize(Call call, Issuer issuer, McpOAuthClient client, Resource resource,
                                         std::string scope);
  // The code that the browser brought back. Errors: kDenied.
  Result<std::string> ReadRedirect(const std::string& url, const Issuer& issuer, const std::string& state) const;
  Task<Result<McpOAuthTokens>> AskToken(Call call, Issuer issuer, McpOAuthClient client,
                                        std::vector<std::pair<std::string, std::string>> form);
  std::string ScopeFor(const std::map<std::string, std::string>& challenge, const Resource& resource,
                       const Issuer& issuer) const;

  AsyncHttpClient& http_;
  const McpOAuthOptions options_;
  McpOAuthTokens tokens_;
  std::string tokens_issuer_;      // whose tokens_ are
  std::string registered_issuer_;  // to whom options_.registered were shown
};

}  // namespace atelier
