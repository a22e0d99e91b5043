#include "agent/protocol/mcp_credentials.h"

#include <filesystem>
#include <utility>

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = 16 << 20;

std::string TextOf(const Json& object, std::string_view key) {
  return object[key].is_string() ? object[key].AsString() : std::string();
}

// The member, made where it is missing.
Json& ObjectAt(Json& object, const std::string& key) {
  Json* found = object.Find(key);
  return found != nullptr && found->is_object() ? *found : object.Set(key, Json::Object());
}

}  // namespace

Json McpCredentialFile::Read() const {
  const auto text = ReadWholeFile(files_, path(), kMaxFileBytes);
  auto all = text.ok() ? Json::Parse(*text) : Result<Json>(Json::Object());
  return all.ok() && all->is_object() ? *std::move(all) : Json::Object();
}

void McpCredentialFile::Write(const Json& all) {
  fault_.reset();
  Result<void> done = files_.MakeFolders(folder_);
  // Before there is anything in it.
  std::error_code fault;
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, fault);
  if (done.ok() && fault) done = Error::Unavailable(folder_, "cannot be closed to others: " + fault.message());
  if (done.ok()) done = WriteAtomically(files_, path(), all.Dump());
  if (!done.ok()) fault_ = std::move(done).error();
}

std::optional<McpOAuthClient> McpCredentialFile::FindClient(const std::string& issuer) {
  const Json all = Read();
  const Json& kept = all["clients"][issuer];
  if (TextOf(kept, "client_id").empty()) return std::nullopt;
  McpOAuthClient client{.client_id = TextOf(kept, "client_id")};
  client.client_secret = TextOf(kept, "client_secret");
  client.auth_method = TextOf(kept, "auth_method");
  return client;
}

void McpCredentialFile::KeepClient(const std::string& issuer, McpOAuthClient client) {
  Json all = Read();
  ObjectAt(all, "clients")
      .Set(issuer, Json::Object({{"client_id", client.client_id},
                                 {"client_secret", client.client_secret},
                                 {"auth_method", client.auth_method}}));
  Write(all);
}

std::optional<McpOAuthTokens> McpCredentialFile::FindTokens(const std::string& issuer, const std::string& resource) {
  const Json all = Read();
  const Json& kept = all["tokens"][issuer][resource];
  if (TextOf(kept, "access_token").empty()) return std::nullopt;
  McpOAuthTokens tokens{.access_token = TextOf(kept, "access_token")};
  tokens.refresh_token = TextOf(kept, "refresh_token");
  tokens.scope = TextOf(kept, "scope");
  return tokens;
}

void McpCredentialFile::KeepTokens(const std::string& issuer, const std::string& resource, McpOAuthTokens tokens) {
  Json all = Read();
  ObjectAt(ObjectAt(all, "tokens"), issuer)
      .Set(resource, Json::Object({{"access_token", tokens.access_token},
                                   {"refresh_token", tokens.refresh_token},
                                   {"scope", tokens.scope}}));
  Write(all);
}

}  // namespace atelier
