#include "agent/protocol/mcp_oauth.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "base/io/seal.h"
#include "base/net/fetch.h"
#include "base/text/base64.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTokenBytes = 256 << 10;

using Form = std::vector<std::pair<std::string, std::string>>;

std::string FormText(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (!text.empty()) text += '&';
    text += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return text;
}

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// Each once, in order.
std::string Union(const std::string& a, const std::string& b) {
  std::set<std::string> seen;
  std::string all;
  for (const std::string& word : Words(a + " " + b)) {
    if (seen.insert(word).second) all += (all.empty() ? "" : " ") + word;
  }
  return all;
}

// How we show who we are at the token endpoint.
std::string ChooseMethod(const std::vector<std::string>& supported, bool has_secret) {
  const auto takes = [&](std::string_view method) { return std::ranges::find(supported, method) != supported.end(); };
  if (!has_secret) return "none";
  if (takes("client_secret_basic") || supported.empty()) return "client_secret_basic";
  if (takes("client_secret_post")) return "client_secret_post";
  return "none";
}

Error Refused(std::string_view where, const Json& said, int status) {
  std::string what = "got HTTP " + std::to_string(status);
  if (!TextAt(said, "error").empty()) what += ", " + TextAt(said, "error").substr(0, 100);
  if (!TextAt(said, "error_description").empty()) what += ": " + TextAt(said, "error_description").substr(0, 300);
  return Error::Denied(std::string(where), what);
}

}  // namespace

std::optional<McpOAuthClient> McpCredentialStore::FindClient(const std::string& issuer) {
  const auto found = clients_.find(issuer);
  if (found == clients_.end()) return std::nullopt;
  return found->second;
}

void McpCredentialStore::KeepClient(const std::string& issuer, McpOAuthClient client) {
  clients_.insert_or_assign(issuer, std::move(client));
}

std::optional<McpOAuthTokens> McpCredentialStore::FindTokens(const std::string& issuer, const std::string& resource) {
  const auto found = tokens_.find({issuer, resource});
  if (found == tokens_.end()) return std::nullopt;
  return found->second;
}

void McpCredentialStore::KeepTokens(const std::string& issuer, const std::string& resource, McpOAuthTokens tokens) {
  tokens_.insert_or_assign({issuer, resource}, std::move(tokens));
}

Task<Result<void>> McpOAuth::Challenged(Call call, int status, HttpHeaders headers) {
  const std::map<std::string, std::string> challenge = ReadBearerChallenge(headers);
  const auto parameter = [&](const char* name) {
    const auto found = challenge.find(name);
    return found == challenge.end() ? std::string() : found->second;
  };
  if (status == 403 && parameter("error") != "insufficient_scope") {
    co_return Error::Denied({}, "the server refuses this (HTTP 403)");
  }
  CO_TRY(const Resource resource, co_await FindResource(call, parameter("resource_metadata")));
  CO_TRY(const Issuer issuer, co_await FindIssuer(call, resource.issuer));
  CO_TRY(const McpOAuthClient client, co_await FindClient(call, issuer));
  const std::string before = tokens_.access_token;
  // Tokens of another issuer are no concern of this one.
  if (tokens_issuer_ != issuer.issuer) {
    tokens_ = options_.store->FindTokens(issuer.issuer, resource.resource).value_or(McpOAuthTokens());
    tokens_issuer_ = issuer.issuer;
  }
  if (!tokens_.access_token.empty() && tokens_.access_token != before) co_return Result<void>();  // kept: to be tried
  const std::string scope = ScopeFor(challenge, resource, issuer);
  if (status == 401 && !tokens_.refresh_token.empty()) {
    Form form = {
        {"grant_type", "refresh_token"}, {"refresh_token", tokens_.refresh_token}, {"resource", resource.resource}};
    auto renewed = co_await AskToken(call, issuer, client, std::move(form));
    if (renewed) {
      if (renewed->refresh_token.empty()) renewed->refresh_token = tokens_.refresh_token;
      renewed->scope = tokens_.scope;
      tokens_ = *std::move(renewed);
      options_.store->KeepTokens(issuer.issuer, resource.resource, tokens_);
      co_return Result<void>();
    }
  }
  CO_TRY(tokens_, co_await Authorize(call, issuer, client, resource, scope));
  options_.store->KeepTokens(issuer.issuer, resource.resource, tokens_);
  co_return Result<void>();
}

std::string McpOAuth::ScopeFor(const std::map<std::string, std::string>& challenge, const Resource& resource,
                               const Issuer& issuer) const {
  std::string scope;
  if (const auto told = challenge.find("scope"); told != challenge.end()) {
    scope = told->second;
  } else {
    for (const std::string& word : resource.scopes) scope = Union(scope, word);
  }
  scope = Union(tokens_.scope, scope);
  if (issuer.offers_offline && !scope.empty()) scope = Union(scope, "offline_access");
  return scope;
}

Task<Result<McpOAuthClient>> McpOAuth::FindClient(Call call, Issuer issuer) {
  if (options_.registered) {
    const std::string& theirs = options_.registered->issuer;
    if (registered_issuer_.empty() && (theirs.empty() || theirs == issuer.issuer)) registered_issuer_ = issuer.issuer;
    if (registered_issuer_ == issuer.issuer) {
      McpOAuthClient client = options_.registered->client;
      if (client.auth_method.empty()) {
        client.auth_method = ChooseMethod(issuer.auth_methods, !client.client_secret.empty());
      }
      co_return client;
    }
  }
  if (issuer.takes_metadata_documents && !options_.metadata_url.empty()) {
    co_return McpOAuthClient{.client_id = options_.metadata_url, .client_secret = {}, .auth_method = "none"};
  }
  if (auto kept = options_.store->FindClient(issuer.issuer)) co_return *std::move(kept);
  if (issuer.registration_endpoint.empty()) {
    co_return Error::Denied(issuer.issuer,
                            "there is no client id for it: it takes neither metadata documents nor "
                            "registrations; want one registered beforehand");
  }
  co_return co_await Register(std::move(call), std::move(issuer));
}

Task<Result<McpOAuthClient>> McpOAuth::Register(Call call, Issuer issuer) {
  const bool public_taken =
      issuer.auth_methods.empty() || std::ranges::find(issuer.auth_methods, "none") != issuer.auth_methods.end();
  const std::string method = public_taken ? "none" : ChooseMethod(issuer.auth_methods, true);
  const Json body = Json::Object({{"client_name", options_.client_name},
                                  {"redirect_uris", Json::Array({options_.redirect_uri})},
                                  {"grant_types", Json::Array({"authorization_code", "refresh_token"})},
                                  {"response_types", Json::Array({"code"})},
                                  {"token_endpoint_auth_method", method},
                                  {"application_type", "native"}});
  AsyncRequest request;
  request.method = "POST";
  request.url = issuer.registration_endpoint;
  request.headers.Set("Content-Type", "application/json");
  request.headers.Set("Accept", "application/json");
  request.body = body.Dump();
  request.egress = options_.egress;
  FetchLimits limits;
  limits.redirects = 0;
  limits.body_bytes = kMaxTokenBytes;
  CO_TRY(const Fetched fetched, co_await Fetch(http_, std::move(call), std::move(request), limits));
  const auto said = Json::Parse(fetched.body);
  if (fetched.status >= 300 || !said) {
    co_return Refused("registration_endpoint", said ? *said : Json(), fetched.status);
  }
  McpOAuthClient client;
  client.client_id = TextAt(*said, "client_id");
  client.client_secret = TextAt(*said, "client_secret");
  client.auth_method = TextAt(*said, "token_endpoint_auth_method");
  if (client.auth_method.empty()) client.auth_method = method;
  if (client.client_id.empty()) co_return Error::Invalid("registration_endpoint", "client_id: got none");
  options_.store->KeepClient(issuer.issuer, client);
  co_return client;
}

Task<Result<McpOAuthTokens>> McpOAuth::Authorize(Call call, Issuer issuer, McpOAuthClient client, Resource resource,
                                                 std::string scope) {
  if (!options_.authorize)
    co_return Error::Denied(issuer.issuer, "nobody is here to agree in a browser: `atelier mcp login` asks");
  const std::string verifier = Base64UrlEncode(Sha256Bytes(RandomHex(32)));
  const std::string state = RandomHex(16);
  Form query = {{"response_type", "code"},
                {"client_id", client.client_id},
                {"redirect_uri", options_.redirect_uri},
                {"code_challenge", Base64UrlEncode(Sha256Bytes(verifier))},
                {"code_challenge_method", "S256"},
                {"state", state},
                {"resource", resource.resource}};
  if (!scope.empty()) query.emplace_back("scope", scope);
  if (scope.contains("offline_access")) query.emplace_back("prompt", "consent");
  const bool has_query = issuer.authorization_endpoint.contains('?');
  const std::string url = issuer.authorization_endpoint + (has_query ? "&" : "?") + FormText(query);
  auto agreeing = options_.authorize(call, url);
  CO_TRY(const std::string back, co_await std::move(agreeing));
  CO_TRY(const std::string code, ReadRedirect(back, issuer, state));
  Form form = {{"grant_type", "authorization_code"},
               {"code", code},
               {"redirect_uri", options_.redirect_uri},
               {"code_verifier", verifier},
               {"resource", resource.resource}};
  CO_TRY(McpOAuthTokens tokens, co_await AskToken(std::move(call), issuer, client, std::move(form)));
  tokens.scope = scope;
  co_return tokens;
}

Result<std::string> McpOAuth::ReadRedirect(const std::string& url, const Issuer& issuer,
                                           const std::string& state) const {
  const size_t question = std::min(url.find('?'), url.size());
  if (url.substr(0, question) != options_.redirect_uri) {
    return Error::Denied("redirect",
                         "got '" + url.substr(0, std::min<size_t>(question, 200)) + "', want " + options_.redirect_uri);
  }
  const HttpParameters query = ParseQuery(std::string_view(url).substr(std::min(question + 1, url.size())));
  const auto find = [&](std::string_view name) -> const std::string* {
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    return found == query.end() ? nullptr : &found->second;
  };
  // Who answered comes first: what another says is not to be read at all.
  const std::string* said_issuer = find("iss");
  if (said_issuer == nullptr && issuer.says_issuer) {
    return Error::Denied("redirect", "iss: got none from a server that says it sends it");
  }
  if (said_issuer != nullptr && *said_issuer != issuer.issuer) {
    return Error::Denied("redirect", "iss: got '" + said_issuer->substr(0, 200) + "', want '" + issuer.issuer + "'");
  }
  const std::string* said_state = find("state");
  if (said_state == nullptr || *said_state != state) return Error::Denied("redirect", "state: it is not ours");
  if (const std::string* error = find("error")) {
    const std::string* description = find("error_description");
    return Error::Denied(issuer.issuer,
                         "refused: " + error->substr(0, 100) + (description ? ": " + description->substr(0, 300) : ""));
  }
  const std::string* code = find("code");
  if (code == nullptr) return Error::Denied("redirect", "code: got none");
  return *code;
}

Task<Result<McpOAuthTokens>> McpOAuth::AskToken(Call call, Issuer issuer, McpOAuthClient client,
                                                std::vector<std::pair<std::string, std::string>> form) {
  AsyncRequest request;
  request.method = "POST";
  request.url = issuer.token_endpoint;
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.Set("Accept", "application/json");
  request.egress = options_.egress;
  if (client.auth_method == "client_secret_basic") {
    const std::string pair = PercentEncode(client.client_id) + ":" + PercentEncode(client.client_secret);
    request.headers.Set("Authorization", "Basic " + Base64Encode(pair));
  } else {
    form.emplace_back("client_id", client.client_id);
    if (client.auth_method == "client_secret_post") form.emplace_back("client_secret", client.client_secret);
  }
  request.body = FormText(form);
  FetchLimits limits;
  limits.redirects = 0;
  limits.body_bytes = kMaxTokenBytes;
  CO_TRY(const Fetched fetched, co_await Fetch(http_, std::move(call), std::move(request), limits));
  const auto said = Json::Parse(fetched.body);
  if (fetched.status != 200 || !said) co_return Refused("token_endpoint", said ? *said : Json(), fetched.status);
  McpOAuthTokens tokens;
  tokens.access_token = TextAt(*said, "access_token");
  tokens.refresh_token = TextAt(*said, "refresh_token");
  const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
  if (tokens.access_token.empty() || !std::ranges::all_of(tokens.access_token, is_visible)) {
    co_return Error::Invalid("token_endpoint", "access_token: got none that a header can carry");
  }
  co_return tokens;
}

}  // namespace atelier
