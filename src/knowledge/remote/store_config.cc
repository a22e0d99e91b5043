#include "knowledge/remote/store_config.h"

#include <algorithm>
#include <utility>

#include "base/net/http_client.h"
#include "provider/upstream_config.h"

namespace atelier {
namespace {

constexpr int64_t kMaxReplyBytes = 16 << 20;  // 50 results of several chunks each

bool IsId(const std::string& id) {
  const auto fits = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !id.empty() && id.size() <= 128 && id[0] != '.' && std::ranges::all_of(id, fits);
}

const ProviderConfig* Find(const std::vector<ProviderConfig>& providers, const std::string& name) {
  const auto found = std::ranges::find(providers, name, &ProviderConfig::name);
  return found == providers.end() ? nullptr : &*found;
}

}  // namespace

Fields VectorStoreConfig::Describe() {
  using C = VectorStoreConfig;
  static constexpr Field fields[] = {
      Key<&C::id>("id", "of the vector store, as the other program names it").Required(),
      Key<&C::provider>("provider", "one of providers, that keeps it"),
      Key<&C::base_url>("base_url", "where it answers, in place of provider: as https://api.openai.com/v1"),
      Key<&C::key>("key", "env:NAME or file:PATH of the key for base_url; empty: none"),
      Key<&C::ca_file>("ca_file", "PEM authorities to trust instead of the system's, for base_url"),
      Key<&C::headers>("headers", "further headers of every request"),
      Key<&C::seconds>("seconds", "that a search may take").Between(0.001, 3600),
      Key<&C::rewrite_query>("rewrite_query", "let it word questions anew before it searches"),
  };
  return fields;
}

Result<void> CheckVectorStore(const VectorStoreConfig& config, const std::vector<ProviderConfig>& providers) {
  if (!IsId(config.id)) {
    return Error::Invalid("id", "got '" + config.id.substr(0, 128) +
                                    "', want at most 128 letters, digits, '-', '_' and '.', as vs_abc123");
  }
  if (config.provider.empty() == config.base_url.empty()) {
    const std::string got = config.provider.empty() ? "got neither this nor base_url" : "got this and base_url";
    return Error::Invalid("provider", got + ", want one of the two");
  }
  if (config.provider.empty()) {
    const Result<Url> url = Url::Parse(config.base_url);
    return url.ok() ? Result<void>() : Error(url.error()).Under("base_url");
  }
  const ProviderConfig* const provider = Find(providers, config.provider);
  if (provider == nullptr) {
    return Error::Invalid("provider", "got '" + config.provider + "', want the name of one of providers");
  }
  if (provider->api != "openai") {
    return Error::Invalid("provider", "got " + config.provider + ", which speaks the API of " + provider->api +
                                          ", want one that speaks OpenAI's");
  }
  if (!config.key.empty() || !config.ca_file.empty()) {
    return Error::Invalid(config.key.empty() ? "ca_file" : "key", "got it beside provider, which has its own");
  }
  return {};
}

Result<UpstreamOptions> UpstreamOf(const VectorStoreConfig& config, const std::vector<ProviderConfig>& providers) {
  TRY_VOID(CheckVectorStore(config, providers));
  ProviderConfig provider;
  if (config.provider.empty()) {
    TRY(const Url url, Url::Parse(config.base_url));
    provider.name = url.host + ":" + std::to_string(url.port);
    provider.base_url = config.base_url, provider.key = config.key, provider.ca_file = config.ca_file;
  } else {
    provider = *Find(providers, config.provider);
  }
  for (const auto& [name, value] : config.headers) provider.headers[name] = value;
  TRY(UpstreamOptions options, UpstreamOf(provider));
  options.max_reply_bytes = kMaxReplyBytes;
  if (options.headers.Find("OpenAI-Beta") == nullptr) options.headers.Set("OpenAI-Beta", "assistants=v2");
  return options;
}

}  // namespace atelier
