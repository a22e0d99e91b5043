#include "provider/upstream_config.h"

namespace atelier {
namespace {

constexpr std::string_view kAnthropicVersion = "2026-10-21";  // whose shapes these are; `headers` may say another

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

}  // namespace

Result<UpstreamOptions> UpstreamOf(const ProviderConfig& config) {
  const bool anthropic = config.api == "anthropic";
  UpstreamOptions options;
  options.name = config.name;
  options.base_url = config.base_url;
  options.ca_file = config.ca_file;
  options.timeouts.connect = Milliseconds(config.connect_seconds);
  options.timeouts.send = options.timeouts.idle = Milliseconds(config.idle_seconds);
  options.timeouts.head = Milliseconds(config.head_seconds);
  for (const auto& [name, value] : config.headers) options.headers.Add(name, value);
  if (!config.key.empty()) {
    TRY(options.secret, ReadSecret(config.key, "key"));
    if (anthropic) {
      options.headers.Set("X-Api-Key", options.secret);
    } else {
      options.headers.Set("Authorization", "Bearer " + options.secret);
    }
  }
  if (anthropic && options.headers.Find("anthropic-version") == nullptr) {
    options.headers.Set("anthropic-version", std::string(kAnthropicVersion));
  }
  return options;
}

}  // namespace atelier
