// Names of hosts and mailboxes.
#include <algorithm>
#include <optional>

#include "base/text/formats.h"
#include "base/text/idna.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr size_t kMaxLabel = 63, kMaxName = 253;  // bytes [RFC 1035, section 2.3.4]

bool IsAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool IsLdhLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && IsAlnum(label.front()) && IsAlnum(label.back()) &&
         std::ranges::all_of(label, [](char c) { return IsAlnum(c) || c == '-'; });
}

bool HasAPrefix(std::string_view label) {
  return label.size() >= 4 && (label[0] | 0x20) == 'x' && (label[1] | 0x20) == 'n' && label.substr(2, 2) == "--";
}

// "xn--…": what it stands for is a label, and is written so.
bool IsALabel(std::string_view label) {
  std::string lower;
  for (const char c : label.substr(4)) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  const auto decoded = DecodePunycode(lower);
  return decoded && IsULabel(*decoded) && EncodePunycode(*decoded) == lower;
}

bool IsAsciiLabel(std::string_view label) { return IsLdhLabel(label) && (!HasAPrefix(label) || IsALabel(label)); }

std::optional<std::u32string> CodePoints(std::string_view text) {
  std::u32string out;
  for (size_t i = 0; i < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, i);
    if (point.num_bytes == 0) return std::nullopt;
    out += point.value;
    i += static_cast<size_t>(point.num_bytes);
  }
  return out;
}

bool IsAsciiText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Atoms with dots between them, or a quoted string [RFC 5321, section 4.1.2].
bool IsLocalPart(std::string_view text, bool international) {
  const auto is_other = [&](char c) { return international && static_cast<unsigned char>(c) >= 0x80; };
  if (text.starts_with('"')) {
    if (text.size() < 2 || !text.ends_with('"')) return false;
    text = text.substr(1, text.size() - 2);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"' || (text[i] == '\\' && ++i == text.size())) return false;
      if ((text[i] < ' ' || text[i] > '~') && !is_other(text[i])) return false;
    }
    return true;
  }
  bool after_atom = false;
  for (const char c : text) {
    const bool is_atom = IsAlnum(c) || is_other(c) ||
                         (c != '\0' && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos);
    if (!is_atom && (c != '.' || !after_atom)) return false;
    after_atom = is_atom;
  }
  return after_atom;
}

bool IsMailbox(std::string_view text, bool international) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || !IsLocalPart(text.substr(0, at), international)) return false;
  std::string_view domain = text.substr(at + 1);
  if (!domain.starts_with('[')) return international ? IsIdnHostname(domain) : IsHostname(domain);
  if (!domain.ends_with(']')) return false;
  domain = domain.substr(1, domain.size() - 2);
  constexpr std::string_view kIpv6 = "IPv6:";
  return domain.starts_with(kIpv6) ? IsIpv6(domain.substr(kIpv6.size())) : IsIpv4(domain);
}

}  // namespace

bool IsHostname(std::string_view text) {
  if (text.size() > kMaxName) return false;
  while (true) {
    const size_t dot = text.find('.');
    if (!IsAsciiLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsIdnHostname(std::string_view text) {
  const auto points = CodePoints(text);
  if (!points) return false;
  size_t name_bytes = 0;
  for (size_t at = 0; at <= points->size();) {
    const size_t end = std::min(points->find_first_of(U".\u3002\uFF0E\uFF61", at), points->size());
    const std::u32string label = points->substr(at, end - at);
    std::string utf8;
    for (const char32_t c : label) AppendUtf8(utf8, c);
    size_t bytes = utf8.size();
    if (IsAsciiText(utf8)) {
      if (!IsAsciiLabel(utf8) || (!HasAPrefix(utf8) && utf8.size() >= 4 && utf8.substr(2, 2) == "--")) return false;
    } else {
      const auto punycode = EncodePunycode(label);
      if (!punycode || punycode->size() + 4 > kMaxLabel || !IsULabel(label)) return false;
      bytes = punycode->size() + 4;
    }
    name_bytes += bytes + 1;
    at = end + 1;
  }
  return name_bytes <= kMaxName + 1;
}

bool IsEmail(std::string_view text) { return IsMailbox(text, false); }
bool IsIdnEmail(std::string_view text) { return IsMailbox(text, true); }

}  // namespace atelier
