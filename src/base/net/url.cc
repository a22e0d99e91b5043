#include <algorithm>
#include <charconv>

#include "base/net/http_client.h"

namespace atelier {
namespace {

Error BadUrl(std::string_view text, std::string_view want) {
  return Error::Invalid("URL", "got '" + std::string(text.substr(0, 200)) + "', want " + std::string(want));
}

// Whatever could end a request line or header early.
bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 127; });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

int DefaultPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// "/a/b/../c/./d" is "/a/c/d".   [RFC 3986, 5.2.4]
std::string RemoveDotSegments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_slash = false;
  while (!path.empty()) {
    path.remove_prefix(1);  // each segment begins with '/'
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    ends_in_slash = segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string joined;
  for (const std::string_view segment : kept) joined.append("/").append(segment);
  if (ends_in_slash || joined.empty()) joined += '/';
  return joined;
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  if (HasControls(text)) return BadUrl(text, "one without spaces and control characters");
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return BadUrl(text, "http://… or https://…");
  Url url;
  url.scheme = LowerCase(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return BadUrl(text, "http://… or https://…");
  std::string_view rest = text.substr(scheme_end + 3);
  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest = rest.substr(authority_end, std::min(rest.find('#'), rest.size()) - authority_end);
  if (authority.find('@') != std::string_view::npos) return BadUrl("…", "one without user and password");

  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return BadUrl(text, "']' after an IPv6 address");
    url.host = LowerCase(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    url.host = LowerCase(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (url.host.empty()) return BadUrl(text, "a host");
  url.port = DefaultPort(url.scheme);
  if (!port.empty() && port != ":") {
    port.remove_prefix(1);
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    const bool whole = code == std::errc() && end == port.data() + port.size();
    if (!whole || url.port < 1 || url.port > 65535) return BadUrl(text, "a port from 1 to 65535");
  }
  url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return url;
}

Result<Url> Url::Resolve(std::string_view reference) const {
  const size_t colon = reference.find("://");
  if (colon != std::string_view::npos && reference.find_first_of("/?#") > colon) return Parse(reference);
  if (HasControls(reference)) return BadUrl(reference, "one without spaces and control characters");
  if (reference.starts_with("//")) return Parse(scheme + ":" + std::string(reference));
  reference = reference.substr(0, std::min(reference.find('#'), reference.size()));
  Url url = *this;
  if (reference.empty()) return url;
  const std::string path = target.substr(0, std::min(target.find('?'), target.size()));
  const size_t query = std::min(reference.find('?'), reference.size());
  const std::string reference_path(reference.substr(0, query));
  const std::string base = path.substr(0, path.rfind('/') + 1);
  std::string resolved = path;
  if (reference_path.starts_with('/')) {
    resolved = RemoveDotSegments(reference_path);
  } else if (!reference_path.empty()) {
    resolved = RemoveDotSegments(base + reference_path);
  }
  url.target = resolved + std::string(reference.substr(query));
  return url;
}

std::string Url::Text() const {
  std::string text = scheme + "://";
  text += host.find(':') != std::string::npos ? "[" + host + "]" : host;
  if (port != DefaultPort(scheme)) text += ":" + std::to_string(port);
  return text + target;
}

}  // namespace atelier
