#include "base/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/text/utf8.h"

namespace atelier {
namespace {

utf8proc_category_t CategoryOf(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }
char32_t Upper(char32_t c) { return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))); }
char32_t Lower(char32_t c) { return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))); }
char32_t Title(char32_t c) { return static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))); }

// Characters whose upper case is several [Unicode, SpecialCasing.txt]; Greek with iota below and Armenian ligatures,
// which no template has shown, keep the simple mapping.
struct Special {
  char32_t c;
  std::string_view upper, title;
};
constexpr Special kSpecial[] = {
    {0xDF, "SS", "Ss"},
    {0x149,
     "\xCA\xBC"
     "N",
     "\xCA\xBC"
     "N"},
    {0xFB00, "FF", "Ff"},
    {0xFB01, "FI", "Fi"},
    {0xFB02, "FL", "Fl"},
    {0xFB03, "FFI", "Ffi"},
    {0xFB04, "FFL", "Ffl"},
    {0xFB05, "ST", "St"},
    {0xFB06, "ST", "St"},
};
constexpr char32_t kDottedI = 0x130;

const Special* SpecialOf(char32_t c) {
  if (c < 0xDF) return nullptr;
  const auto* found =
      std::find_if(std::begin(kSpecial), std::end(kSpecial), [&](const Special& one) { return one.c == c; });
  return found == std::end(kSpecial) ? nullptr : found;
}
constexpr char32_t kSigma = 0x3A3;

bool IsCased(char32_t c) { return IsUnicodeUpper(c) || IsUnicodeLower(c) || CategoryOf(c) == UTF8PROC_CATEGORY_LT; }

// Calls fn(code point, byte offset) for each; wrong bytes come as U+FFFD.
template <class Fn>
void ForEach(std::string_view text, Fn fn) {
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, at);
    fn(point.num_bytes == 0 ? 0xFFFD : point.value, at);
    at += point.num_bytes == 0 ? 1 : static_cast<size_t>(point.num_bytes);
  }
}

void AppendLower(std::string& out, char32_t c, bool after_letter, std::string_view rest) {
  if (c == kDottedI) return void(out += "i\xCC\x87");
  if (c != kSigma) return AppendUtf8(out, Lower(c));
  const bool before_letter = !rest.empty() && IsCased(DecodeUtf8(rest, 0).value);
  AppendUtf8(out, after_letter && !before_letter ? 0x3C2 : 0x3C3);
}

}  // namespace

bool IsUnicodeSpace(char32_t c) {
  if (c < 0x80) return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}
bool IsUnicodeAlpha(char32_t c) {
  const auto category = CategoryOf(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}
bool IsUnicodeDecimal(char32_t c) { return CategoryOf(c) == UTF8PROC_CATEGORY_ND; }
bool IsUnicodeNumeric(char32_t c) {
  const auto category = CategoryOf(c);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}
bool IsUnicodeUpper(char32_t c) { return CategoryOf(c) == UTF8PROC_CATEGORY_LU; }
bool IsUnicodeLower(char32_t c) { return CategoryOf(c) == UTF8PROC_CATEGORY_LL; }
bool IsUnicodePrintable(char32_t c) {
  if (c == ' ') return true;
  switch (CategoryOf(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return false;
    default: return true;
  }
}

std::string UpperCase(std::string_view text) {
  std::string out;
  ForEach(text, [&](char32_t c, size_t) {
    const Special* special = SpecialOf(c);
    special != nullptr ? void(out += special->upper) : AppendUtf8(out, Upper(c));
  });
  return out;
}

std::string LowerCase(std::string_view text) {
  std::string out;
  bool after_letter = false;
  ForEach(text, [&](char32_t c, size_t at) {
    AppendLower(out, c, after_letter, c == kSigma ? text.substr(at + 2) : std::string_view());
    after_letter = IsCased(c);
  });
  return out;
}

std::string TitleCase(std::string_view text) {
  std::string out;
  bool after_letter = false;
  ForEach(text, [&](char32_t c, size_t at) {
    const Special* special = after_letter ? nullptr : SpecialOf(c);
    if (after_letter) {
      AppendLower(out, c, true, c == kSigma ? text.substr(at + 2) : std::string_view());
    } else {
      special != nullptr ? void(out += special->title) : AppendUtf8(out, Title(c));
    }
    after_letter = IsCased(c);
  });
  return out;
}

std::string Capitalize(std::string_view text) {
  const size_t first = CodePointOffset(text, 1);
  return TitleCase(text.substr(0, first)) + LowerCase(text.substr(first));
}

size_t GraphemeEnd(std::string_view text, size_t at) {
  utf8proc_int32_t state = 0;
  DecodedCodePoint point = DecodeUtf8(text, at);
  while (true) {
    at += point.num_bytes == 0 ? 1 : static_cast<size_t>(point.num_bytes);
    if (at >= text.size()) return at;
    const DecodedCodePoint next = DecodeUtf8(text, at);
    if (point.num_bytes == 0 || next.num_bytes == 0) return at;
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(point.value),
                                         static_cast<utf8proc_int32_t>(next.value), &state)) {
      return at;
    }
    point = next;
  }
}

std::string_view TrimLeft(std::string_view text) {
  while (!text.empty()) {
    const DecodedCodePoint point = DecodeUtf8(text, 0);
    if (point.num_bytes == 0 || !IsUnicodeSpace(point.value)) break;
    text.remove_prefix(static_cast<size_t>(point.num_bytes));
  }
  return text;
}

std::string_view TrimRight(std::string_view text) {
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) --at;
    const DecodedCodePoint point = DecodeUtf8(text, at);
    if (point.num_bytes == 0 || !IsUnicodeSpace(point.value)) break;
    text = text.substr(0, at);
  }
  return text;
}

std::string_view Trim(std::string_view text) { return TrimLeft(TrimRight(text)); }

}  // namespace atelier
