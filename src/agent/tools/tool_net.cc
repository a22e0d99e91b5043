#include "agent/tools/tool_net.h"

#include <algorithm>

#include "base/net/async_http_client.h"
#include "base/text/unicode.h"

namespace atelier {
namespace {

Result<ToolNet> Net(const ToolEnvironment& environment, std::shared_ptr<const EgressPolicy> egress) {
  if (environment.http == nullptr) return Error::Unavailable("", "tools have no network here");
  return ToolNet{environment.http, &environment.pool, std::move(egress)};
}

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// `at`, or the nearest place before it that lies between characters.
size_t Border(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  while (at > 0 && IsContinuation(text[at])) --at;
  return at;
}

}  // namespace

Result<ToolNet> NetOf(const ToolConfig& config, const ToolEnvironment& environment, const EgressConfig& own) {
  const bool has_own = config.with.Has("hosts") || config.with.Has("private") || config.with.Has("proxy");
  if (!has_own) return Net(environment, environment.egress ? environment.egress : EgressPolicy::Public());
  TRY(auto egress, EgressPolicy::Create(own));
  return Net(environment, std::move(egress));
}

Result<ToolNet> NetOfUrl(std::string_view key, const std::string& url, const ToolEnvironment& environment) {
  Result<Url> parsed = Url::Parse(url);
  if (!parsed) return std::move(parsed).error().Under(key);
  auto egress = EgressPolicy::OnlyOriginOf(*parsed);
  if (Result<void> may = egress->CheckUrl(*parsed); !may) return std::move(may).error().Under(key);
  return Net(environment, std::move(egress));
}

TextExtract PartOf(std::string_view text, int64_t start, int64_t most) {
  const auto size = static_cast<int64_t>(text.size());
  const size_t begin = Border(text, static_cast<size_t>(std::clamp<int64_t>(start, 0, size)));
  const size_t end = Border(text, begin + static_cast<size_t>(std::max<int64_t>(most, 4)));  // a character at least
  return {text.substr(begin, end - begin), end < text.size() ? static_cast<int64_t>(end) : 0};
}

std::string Shortened(std::string_view text, int64_t most) {
  const TextExtract part = PartOf(text, 0, most);
  std::string shortened(part.text);
  if (part.next > 0) shortened += "… [" + std::to_string(text.size() - part.text.size()) + " more bytes left out]";
  return shortened;
}

std::string StatusText(int status) {
  std::string text = "HTTP " + std::to_string(status);
  if (const std::string_view reason = HttpReason(status); !reason.empty()) text += " " + std::string(reason);
  return text;
}

std::string MediaTypeOf(std::string_view content_type) {
  return LowerCase(Trim(content_type.substr(0, content_type.find(';'))));
}

bool IsJsonMediaType(std::string_view media_type) {
  return media_type == "application/json" || media_type == "text/json" || media_type.ends_with("+json");
}

std::string_view ForeignEncoding(const Fetched& fetched) {
  const std::string_view encoding = fetched.headers.Get("Content-Encoding");
  return encoding == "identity" ? std::string_view() : encoding;
}

}  // namespace atelier
