// URIs [RFC 3986], IRIs [RFC 3987] and templates of these [RFC 6570], by their grammars.
#include <algorithm>

#include "base/text/formats.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr std::string_view kSubDelims = "!$&'()*+,;=";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsUnreserved(char c) {
  return IsAlpha(c) || IsDigit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
}
bool IsPrivate(char32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0xFFFFD) || (c >= 0x100000 && c <= 0x10FFFD);
}

bool IsUcsChar(char32_t c) {
  if (c < 0x10000) return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) || (c >= 0xFDF0 && c <= 0xFFEF);
  return c < 0xF0000 && (c & 0xFFFF) <= 0xFFFD && (c < 0xE0000 || c >= 0xE1000);
}

enum class Alphabet { kUri, kIri };

// Characters of one part: unreserved ones, escapes, sub-delimiters and `more`.
bool AreAllowed(std::string_view text, std::string_view more, Alphabet alphabet, bool is_query = false) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])) return false;
      i += 3;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      const DecodedCodePoint point = DecodeUtf8(text, i);
      const bool is_known = IsUcsChar(point.value) || (is_query && IsPrivate(point.value));
      if (alphabet == Alphabet::kUri || point.num_bytes == 0 || !is_known) return false;
      i += static_cast<size_t>(point.num_bytes);
    } else {
      const bool is_known =
          IsUnreserved(c) || kSubDelims.find(c) != std::string_view::npos || more.find(c) != std::string_view::npos;
      if (!is_known) return false;
      ++i;
    }
  }
  return true;
}

bool IsScheme(std::string_view text) {
  return !text.empty() && IsAlpha(text[0]) &&
         std::ranges::all_of(text, [](char c) { return IsAlpha(c) || IsDigit(c) || c == '+' || c == '-' || c == '.'; });
}

// What stands in brackets: an IPv6 address or, with a version, one of the future.
bool IsIpLiteral(std::string_view text) {
  if (!text.starts_with('v') && !text.starts_with('V')) return IsIpv6(text);
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  return std::ranges::all_of(text.substr(1, dot - 1), IsHex) && text.find('%') == std::string_view::npos &&
         AreAllowed(text.substr(dot + 1), ":", Alphabet::kUri);
}

bool IsAuthority(std::string_view text, Alphabet alphabet) {
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (!AreAllowed(text.substr(0, at), ":", alphabet)) return false;
    text.remove_prefix(at + 1);
  }
  size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpLiteral(text.substr(1, close - 1))) return false;
    host_end = close + 1;
    if (host_end < text.size() && text[host_end] != ':') return false;
  } else if (!AreAllowed(text.substr(0, host_end), "", alphabet)) {
    return false;
  }
  return host_end >= text.size() || std::ranges::all_of(text.substr(host_end + 1), IsDigit);
}

bool IsReference(std::string_view text, Alphabet alphabet, bool needs_scheme) {
  if (const size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!AreAllowed(text.substr(hash + 1), ":@/?", alphabet)) return false;
    text = text.substr(0, hash);
  }
  if (const size_t mark = text.find('?'); mark != std::string_view::npos) {
    if (!AreAllowed(text.substr(mark + 1), ":@/?", alphabet, true)) return false;
    text = text.substr(0, mark);
  }
  const size_t colon = text.substr(0, text.find('/')).find(':');
  if (colon != std::string_view::npos) {
    if (!IsScheme(text.substr(0, colon))) return false;
    text.remove_prefix(colon + 1);
  } else if (needs_scheme) {
    return false;
  }
  if (text.starts_with("//")) {
    const size_t end = std::min(text.find('/', 2), text.size());
    if (!IsAuthority(text.substr(2, end - 2), alphabet)) return false;
    text.remove_prefix(end);
  }
  return AreAllowed(text, ":@/", alphabet);
}

// One variable of a template: a name, then a prefix length or a star.
bool IsVariable(std::string_view text) {
  if (text.ends_with('*')) {
    text.remove_suffix(1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view length = text.substr(colon + 1);
    if (length.empty() || length.size() > 4 || length[0] == '0' || !std::ranges::all_of(length, IsDigit)) return false;
    text = text.substr(0, colon);
  }
  bool may_be_dot = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      if (!may_be_dot || i + 1 == text.size()) return false;
      may_be_dot = false;
      continue;
    }
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])) return false;
      i += 2;
    } else if (!IsAlpha(text[i]) && !IsDigit(text[i]) && text[i] != '_') {
      return false;
    }
    may_be_dot = true;
  }
  return !text.empty();
}

bool IsExpression(std::string_view text) {
  if (!text.empty() && std::string_view("+#./;?&=,!@|").find(text[0]) != std::string_view::npos) text.remove_prefix(1);
  while (true) {
    const size_t comma = text.find(',');
    if (!IsVariable(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool IsTemplateLiteral(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, i);
    if (point.num_bytes == 0) return false;
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])) return false;
    } else if (point.value < 0x80) {
      if (c <= ' ' || c == 0x7F || std::string_view("\"'<>\\^`|}").find(c) != std::string_view::npos) return false;
    } else if (!IsUcsChar(point.value) && !IsPrivate(point.value)) {
      return false;
    }
    i += static_cast<size_t>(point.num_bytes);
  }
  return true;
}

}  // namespace

bool IsUri(std::string_view text) { return IsReference(text, Alphabet::kUri, true); }
bool IsUriReference(std::string_view text) { return IsReference(text, Alphabet::kUri, false); }
bool IsIri(std::string_view text) { return IsReference(text, Alphabet::kIri, true); }
bool IsIriReference(std::string_view text) { return IsReference(text, Alphabet::kIri, false); }

bool IsUriTemplate(std::string_view text) {
  while (true) {
    const size_t open = text.find('{');
    if (!IsTemplateLiteral(text.substr(0, open))) return false;
    if (open == std::string_view::npos) return true;
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos || !IsExpression(text.substr(open + 1, close - open - 1))) return false;
    text.remove_prefix(close + 1);
  }
}

}  // namespace atelier
