#include "model/tokenizer/unicode_forms.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "base/text/utf8.h"
#include "model/tokenizer/unicode.h"

namespace atelier {
namespace {

int CombiningClass(utf8proc_int32_t code) { return utf8proc_get_property(code)->combining_class; }

void Decompose(char32_t code, utf8proc_option_t options, std::vector<utf8proc_int32_t>& out) {
  utf8proc_int32_t parts[32];  // the longest is 18
  int last_boundclass = 0;
  const utf8proc_ssize_t n =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts, 32, options, &last_boundclass);
  if (n < 0 || n > 32) {
    out.push_back(static_cast<utf8proc_int32_t>(code));
  } else {
    out.insert(out.end(), parts, parts + n);
  }
}

// Canonical order: runs of marks by class, stably.
void OrderMarks(std::vector<utf8proc_int32_t>& codes) {
  std::vector<std::pair<uint64_t, utf8proc_int32_t>> by_class;  // class and place, so that equal classes keep order
  for (size_t i = 0; i < codes.size();) {
    if (CombiningClass(codes[i]) == 0) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < codes.size() && CombiningClass(codes[end]) != 0) ++end;
    if (end - i > 1) {
      by_class.clear();
      for (size_t at = i; at < end; ++at) {
        by_class.push_back({static_cast<uint64_t>(CombiningClass(codes[at])) << 32 | at, codes[at]});
      }
      std::sort(by_class.begin(), by_class.end());
      for (size_t at = i; at < end; ++at) codes[at] = by_class[at - i].second;
    }
    i = end;
  }
}

void AppendForm(UnicodeForm form, std::string_view text, std::string& out) {
  const bool compat = form == UnicodeForm::kNfkc || form == UnicodeForm::kNfkd;
  const auto decompose =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compat ? UTF8PROC_COMPAT : 0));
  std::vector<utf8proc_int32_t> codes;
  codes.reserve(text.size());
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const Utf8Char c = DecodeChar(p, end);
    Decompose(c.code, decompose, codes);
    p += c.size;
  }
  OrderMarks(codes);
  auto count = static_cast<utf8proc_ssize_t>(codes.size());
  if (form == UnicodeForm::kNfc || form == UnicodeForm::kNfkc) {
    const auto compose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    const utf8proc_ssize_t composed = utf8proc_normalize_utf32(codes.data(), count, compose);
    if (composed >= 0) count = composed;
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) AppendUtf8(out, static_cast<char32_t>(codes[static_cast<size_t>(i)]));
}

}  // namespace

void AppendUnicodeForm(UnicodeForm form, std::string_view text, std::string& out) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    out += text;
    return;
  }
  while (!text.empty()) {
    const size_t valid = ValidUtf8Prefix(text);
    if (valid > 0) AppendForm(form, text.substr(0, valid), out);
    text.remove_prefix(valid);
    if (text.empty()) return;
    out += text[0];
    text.remove_prefix(1);
  }
}

void AppendLowercase(char32_t code, std::string& out) {
  if (code == 0x130) {  // İ
    out += "i\xCC\x87";
    return;
  }
  AppendUtf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code))));
}

const char* NextGrapheme(const char* p, const char* end) {
  Utf8Char c = DecodeChar(p, end);
  utf8proc_int32_t state = 0;
  for (;;) {
    const auto before = static_cast<utf8proc_int32_t>(c.code);
    p += c.size;
    if (p == end) return p;
    c = DecodeChar(p, end);
    if (utf8proc_grapheme_break_stateful(before, static_cast<utf8proc_int32_t>(c.code), &state)) return p;
  }
}

}  // namespace atelier
