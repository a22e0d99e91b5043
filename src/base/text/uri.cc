#include "base/text/uri.h"

#include "base/text/utf8.h"

namespace atelier {
namespace {

// The five parts of a reference [RFC 3986, appendix B], the fragment left out. A part's delimiter stays with it.
struct Parts {
  std::string_view scheme;     // "http:"
  std::string_view authority;  // "//host:80"
  std::string_view path;
  std::string_view query;  // "?a=b"
};

bool IsSchemeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

Parts Split(std::string_view uri) {
  Parts parts;
  size_t scheme = 0;
  while (scheme < uri.size() && IsSchemeCharacter(uri[scheme])) ++scheme;
  if (scheme > 0 && scheme < uri.size() && uri[scheme] == ':') {
    parts.scheme = uri.substr(0, scheme + 1);
    uri.remove_prefix(scheme + 1);
  }
  if (uri.starts_with("//")) {
    parts.authority = uri.substr(0, uri.find_first_of("/?", 2));
    uri.remove_prefix(parts.authority.size());
  }
  parts.path = uri.substr(0, uri.find('?'));
  parts.query = uri.substr(parts.path.size());
  return parts;
}

// Takes "." and ".." out of a path [section 5.2.4].
std::string RemoveDots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = path.find('/', path[0] == '/' ? 1 : 0);
    const std::string_view segment = path.substr(0, end);
    const bool is_last = end == std::string_view::npos;
    const std::string_view name = segment.substr(segment.starts_with('/') ? 1 : 0);
    if (name == "..") {
      const size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else if (name != ".") {
      out += segment;
    }
    if (is_last && (name == "." || name == "..") && segment.starts_with('/')) out += '/';
    path.remove_prefix(segment.size());
  }
  return out;
}

std::string Merge(const Parts& base, std::string_view path) {
  if (!base.authority.empty() && base.path.empty()) return "/" + std::string(path);
  const size_t slash = base.path.rfind('/');
  return std::string(base.path.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) + std::string(path);
}

std::string Join(std::string_view scheme, std::string_view authority, std::string_view path, std::string_view query) {
  std::string out(scheme);
  return out.append(authority).append(path).append(query);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

UriAndFragment SplitFragment(std::string_view reference) {
  const size_t hash = reference.find('#');
  if (hash == std::string_view::npos) return {reference, std::nullopt};
  return {reference.substr(0, hash), reference.substr(hash + 1)};
}

std::string ResolveUri(std::string_view base, std::string_view reference) {
  const Parts r = Split(SplitFragment(reference).uri);
  const Parts b = Split(SplitFragment(base).uri);
  if (!r.scheme.empty()) return Join(r.scheme, r.authority, RemoveDots(r.path), r.query);
  if (!r.authority.empty()) return Join(b.scheme, r.authority, RemoveDots(r.path), r.query);
  if (r.path.empty()) return Join(b.scheme, b.authority, b.path, r.query.empty() ? b.query : r.query);
  const std::string path = RemoveDots(r.path.starts_with('/') ? std::string(r.path) : Merge(b, r.path));
  return Join(b.scheme, b.authority, path, r.query);
}

std::optional<std::string> DecodeUriFragment(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!IsValidUtf8(out)) return std::nullopt;
  return out;
}

}  // namespace atelier
