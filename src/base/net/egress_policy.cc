#include "base/net/egress_policy.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/net/proxy.h"

namespace atelier {
namespace {

constexpr size_t kMaxHostBytes = 253;  // RFC 1035, as text

int OwnPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool IsNameByte(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; }

// Whether a resolver may take the name for an IPv4 address: its last label is a number, in decimal or "0x…".
// [WHATWG URL, "ends in a number"]
bool EndsInNumber(std::string_view host) {
  const std::string_view label = host.substr(host.rfind('.') + 1);
  if (label.empty()) return false;
  const bool digits = std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits || label.starts_with("0x");
}

Error BadHost(std::string_view host, std::string_view want) {
  return Error::Invalid("host", "got '" + std::string(host.substr(0, 200)) + "', want " + std::string(want));
}

Error Refused(const Url& url, std::string what) {
  return Error::Denied(AuthorityOf(url), std::move(what)).WithCode("egress_refused");
}

// "example.org", or "example.org:8443" where that is not the scheme's own port: what to write in a policy.
std::string NameToAllow(const Url& url, const std::string& host) {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return url.port == OwnPort(url.scheme) ? name : name + ":" + std::to_string(url.port);
}

}  // namespace

Fields EgressConfig::Describe() {
  static constexpr Field fields[] = {
      Key<&EgressConfig::hosts>("hosts",
                                "hosts that may be asked: example.org, *.example.org, *, each with :PORT or "
                                "https:// before it where that matters"),
      Key<&EgressConfig::private_hosts>("private",
                                        "hosts, and blocks such as 10.0.0.0/8, that may be asked although "
                                        "their addresses are not public"),
      Key<&EgressConfig::proxy>("proxy",
                                "whether the environment's proxy is asked; it resolves names itself, so that "
                                "addresses cannot be checked")};
  return fields;
}

Result<std::string> CanonicalHost(std::string_view host) {
  std::string name(host);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (const std::optional<IpAddress> address = IpAddress::Parse(name)) return address->Text();
  if (name.find(':') != std::string::npos) return BadHost(host, "an IPv6 address without a zone");
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || name.size() > kMaxHostBytes) return BadHost(host, "1 to 253 bytes");
  if (!std::all_of(name.begin(), name.end(), IsNameByte)) {
    return BadHost(host, "letters, digits, '-', '_' and '.' (names in other scripts as 'xn--…')");
  }
  if (name.starts_with('.') || name.find("..") != std::string::npos) return BadHost(host, "no empty part");
  if (const std::optional<IpAddress> address = IpAddress::Parse(name)) return address->Text();  // "127.0.0.1."
  if (EndsInNumber(name)) return BadHost(host, "a name, or an address in four decimal numbers");
  return name;
}

bool EgressPolicy::Pattern::Matches(const std::string& asked_scheme, const std::string& asked_host,
                                    int asked_port) const {
  if (!scheme.empty() && scheme != asked_scheme) return false;
  if (!any_port && asked_port != (port == 0 ? OwnPort(asked_scheme) : port)) return false;
  if (host == "*" || host == asked_host) return true;
  return host.starts_with("*.") && asked_host.size() > host.size() - 1 &&
         asked_host.ends_with(std::string_view(host).substr(1));
}

Result<EgressPolicy::Pattern> EgressPolicy::ParsePattern(std::string_view text) {
  const std::string whole(text);
  const auto bad = [&](std::string_view want) {
    return Error::Invalid("", "got '" + whole.substr(0, 200) + "', want " + std::string(want));
  };
  Pattern pattern;
  if (const size_t end = text.find("://"); end != std::string_view::npos) {
    pattern.scheme = std::string(text.substr(0, end));
    if (pattern.scheme != "http" && pattern.scheme != "https") return bad("http:// or https://, or neither");
    text.remove_prefix(end + 3);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  // The colon before a port: behind the bracket of an IPv6 address; one that stands without brackets has no port.
  size_t colon = text.rfind(':');
  const size_t bracket = text.rfind(']');
  if (bracket != std::string_view::npos ? colon < bracket : text.find(':') != colon) colon = std::string_view::npos;
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    pattern.any_port = port == "*";
    if (!pattern.any_port) {
      const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), pattern.port);
      const bool is_whole = code == std::errc() && end == port.data() + port.size();
      if (!is_whole || pattern.port < 1 || pattern.port > 65535) return bad("a port from 1 to 65535, or *");
    }
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  pattern.host = "*";
  if (text == "*") return pattern;
  const bool below = text.starts_with("*.");
  const Result<std::string> host = CanonicalHost(below ? text.substr(2) : text);
  if (!host) return bad("[SCHEME://]HOST[:PORT], HOST a name, an address, *.NAME or *");
  pattern.host = (below ? "*." : "") + *host;
  return pattern;
}

Result<std::shared_ptr<const EgressPolicy>> EgressPolicy::Create(const EgressConfig& config) {
  auto policy = std::make_shared<EgressPolicy>();
  policy->use_proxy_ = config.proxy;
  const auto parse = [](std::string_view text, std::string_view list, size_t index) -> Result<Pattern> {
    Result<Pattern> pattern = ParsePattern(text);
    if (pattern) return pattern;
    return std::move(pattern).error().Under(std::string(list) + "[" + std::to_string(index) + "]");
  };
  for (size_t i = 0; i < config.hosts.size(); ++i) {
    TRY(Pattern pattern, parse(config.hosts[i], "hosts", i));
    policy->hosts_.push_back(std::move(pattern));
  }
  for (size_t i = 0; i < config.private_hosts.size(); ++i) {
    const std::string& text = config.private_hosts[i];
    if (text.find("://") == std::string::npos && text.find('/') != std::string::npos && !text.ends_with('/')) {
      Result<IpBlock> block = IpBlock::Parse(text);
      if (!block) return std::move(block).error().Under("private[" + std::to_string(i) + "]");
      policy->private_blocks_.push_back(*block);
      continue;
    }
    TRY(Pattern pattern, parse(text, "private", i));
    policy->private_hosts_.push_back(std::move(pattern));
  }
  return std::shared_ptr<const EgressPolicy>(std::move(policy));
}

std::shared_ptr<const EgressPolicy> EgressPolicy::Public() {
  static const std::shared_ptr<const EgressPolicy> policy = *Create({});
  return policy;
}

std::shared_ptr<const EgressPolicy> EgressPolicy::OnlyOriginOf(const Url& url) {
  auto policy = std::make_shared<EgressPolicy>();
  Pattern pattern;
  pattern.scheme = url.scheme;
  // A host that can be read in two ways matches nothing: CheckUrl refuses it first.
  pattern.host = CanonicalHost(url.host).ok() ? *CanonicalHost(url.host) : url.host;
  pattern.port = url.port;
  policy->private_hosts_.push_back(std::move(pattern));
  policy->use_proxy_ = true;
  return policy;
}

bool EgressPolicy::any_host() const {
  const auto any = [](const Pattern& pattern) { return pattern.host == "*"; };
  return std::any_of(hosts_.begin(), hosts_.end(), any) ||
         std::any_of(private_hosts_.begin(), private_hosts_.end(), any);
}

bool EgressPolicy::IsNamedPrivate(const Url& url, const std::string& host) const {
  return std::any_of(private_hosts_.begin(), private_hosts_.end(),
                     [&](const Pattern& pattern) { return pattern.Matches(url.scheme, host, url.port); });
}

bool EgressPolicy::HoldsPrivate(const IpAddress& address) const {
  return std::any_of(private_blocks_.begin(), private_blocks_.end(),
                     [&](const IpBlock& block) { return block.Holds(address); });
}

Result<void> EgressPolicy::CheckUrl(const Url& url) const {
  TRY(const std::string host, CanonicalHost(url.host));
  if (IsNamedPrivate(url, host)) return {};
  const std::optional<IpAddress> address = IpAddress::Parse(host);
  if (address && HoldsPrivate(*address)) return {};
  const bool listed = std::any_of(hosts_.begin(), hosts_.end(),
                                  [&](const Pattern& pattern) { return pattern.Matches(url.scheme, host, url.port); });
  if (!listed) {
    return Refused(url, "the egress policy does not list '" + NameToAllow(url, host) + "' for " + url.scheme);
  }
  return address ? CheckAddress(url, *address) : Result<void>();
}

Result<void> EgressPolicy::CheckAddress(const Url& url, const IpAddress& address) const {
  const std::string_view why = WhyNotPublic(address);
  if (why.empty() || HoldsPrivate(address)) return {};
  TRY(const std::string host, CanonicalHost(url.host));
  if (IsNamedPrivate(url, host) || IsNamedPrivate(url, address.Text())) return {};
  return Refused(url, "the address " + address.Text() + " is " + std::string(why) + "; the egress policy's 'private' " +
                          "would have to name '" + NameToAllow(url, host) + "'");
}

}  // namespace atelier
