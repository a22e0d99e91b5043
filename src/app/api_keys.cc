#include "app/api_keys.h"

#include <algorithm>
#include <cstdlib>

#include "app/token_groups.h"

namespace atelier {
namespace {

Result<std::string> SecretOf(const KeyConfig& config) {
  constexpr std::string_view kEnv = "env:";
  if (!config.key.starts_with(kEnv)) return config.key;
  const std::string name = config.key.substr(kEnv.size());
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return Error::Invalid("keys", "got env:" + name + " for '" + config.name + "', want that variable to be set");
  }
  return std::string(value);
}

// Equal in a time that does not tell where they differ.
bool SameSecret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  }
  return difference == 0;
}

}  // namespace

Result<ApiKeys> ApiKeys::Create(const std::vector<KeyConfig>& configs, const Clock& clock) {
  std::vector<Key> keys;
  for (const KeyConfig& config : configs) {
    for (const Key& other : keys) {
      if (other.name == config.name) return Error::Invalid("keys", "got the name '" + config.name + "' twice");
    }
    // Or the key's holder would be taken for whom a token names.
    if (config.name.starts_with(kTokenUser)) {
      return Error::Invalid("keys", "got the name '" + config.name + "', want one that does not begin with oauth:");
    }
    TRY(std::string secret, SecretOf(config));
    if (secret.empty()) return Error::Invalid("keys", "got an empty key for '" + config.name + "'");
    Key key;
    key.secret = std::move(secret);
    key.name = config.name;
    key.requests = {config.requests_per_minute, std::chrono::minutes(1), {}, 0};
    key.tokens = {config.tokens_per_minute, std::chrono::minutes(1), {}, 0};
    key.daily_tokens = {config.tokens_per_day, std::chrono::hours(24), {}, 0};
    keys.push_back(std::move(key));
  }
  return ApiKeys(std::move(keys), clock);
}

Result<void> ApiKeys::CheckRoom(Window& window, std::string_view what) const {
  const Clock::TimePoint now = clock_->Now();
  if (now - window.start >= window.length) window.start = now, window.used = 0;
  if (window.limit == 0 || window.used < window.limit) return {};
  Error error =
      Error::Exhausted("", "got " + std::to_string(window.used) + " " + std::string(what) + ", want at most " +
                               std::to_string(window.limit) + " in " + std::to_string(window.length.count()) + " s")
          .WithCode("rate_limit_exceeded");
  error.retry_after = std::chrono::duration_cast<std::chrono::milliseconds>(window.start + window.length - now);
  return error;
}

Result<std::string> ApiKeys::Admit(std::string_view authorization) {
  if (keys_.empty()) return std::string();
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view secret =
      authorization.starts_with(kBearer) ? authorization.substr(kBearer.size()) : authorization;
  Key* found = nullptr;
  for (Key& key : keys_) {
    if (SameSecret(secret, key.secret)) found = &key;
  }
  if (found == nullptr) {
    const std::string_view got = secret.empty() ? "got no API key" : "got an unknown API key";
    return Error::Denied("", std::string(got) + ", want one in the header Authorization: Bearer …")
        .WithCode("invalid_api_key");
  }
  TRY_VOID(CheckRoom(found->tokens, "tokens"));
  TRY_VOID(CheckRoom(found->daily_tokens, "tokens"));
  TRY_VOID(CheckRoom(found->requests, "requests"));
  ++found->requests.used;
  return found->name;
}

bool ApiKeys::Knows(std::string_view name) const {
  return std::ranges::any_of(keys_, [&](const Key& key) { return key.name == name; });
}

void ApiKeys::TakeUsageFrom(const ApiKeys& before) {
  const auto take = [](const Window& from, Window& to) { to.start = from.start, to.used = from.used; };
  for (const Key& old : before.keys_) {
    for (Key& key : keys_) {
      if (key.name != old.name) continue;
      take(old.requests, key.requests), take(old.tokens, key.tokens), take(old.daily_tokens, key.daily_tokens);
    }
  }
}

void ApiKeys::Charge(std::string_view name, int64_t num_tokens) {
  for (Key& key : keys_) {
    if (key.name != name) continue;
    key.tokens.used += num_tokens;
    key.daily_tokens.used += num_tokens;
  }
}

}  // namespace atelier
