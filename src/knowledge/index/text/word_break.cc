// Where words begin and end.
#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "base/text/utf8.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {

namespace {

constexpr size_t kMaxWordBytes = 256;

enum class ByteClass : uint8_t { kSeparator, kLetter, kDigit, kUnicode };

constexpr std::array<ByteClass, 256> kByteClass = [] {
  std::array<ByteClass, 256> table{};
  for (size_t c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    table[c] = letter                 ? ByteClass::kLetter
               : c >= '0' && c <= '9' ? ByteClass::kDigit
               : c >= 0x80            ? ByteClass::kUnicode
                                      : ByteClass::kSeparator;
  }
  return table;
}();

ByteClass ClassAt(std::string_view text, size_t at) { return kByteClass[static_cast<uint8_t>(text[at])]; }

bool IsCjk(char32_t c) {
  if (c < 0x1100) return false;
  return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFF66 && c <= 0xFF9F) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3131 && c <= 0x318E) ||
         (c >= 0x20000 && c <= 0x3FFFF) || c == 0x3005 || c == 0x3007;
}

enum class Kind : uint8_t { kSeparator, kWord, kMark, kCjk };

// Letters, digits and marks are of words; what is invisible stays in the word it stands in.
Kind KindOf(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return IsCjk(c) ? Kind::kCjk : Kind::kWord;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF: return Kind::kMark;
    default: return Kind::kSeparator;
  }
}

struct Character {
  Kind kind = Kind::kSeparator;
  size_t num_bytes = 1;
};

Character CharacterAt(std::string_view text, size_t at) {
  const ByteClass c = ClassAt(text, at);
  if (c != ByteClass::kUnicode) return {c == ByteClass::kSeparator ? Kind::kSeparator : Kind::kWord, 1};
  const DecodedCodePoint point = DecodeUtf8(text, at);
  if (point.num_bytes == 0) return {};
  return {KindOf(point.value), static_cast<size_t>(point.num_bytes)};
}

// 3.14: a point between digits, in a word of digits and points.
bool IsDecimalPoint(std::string_view text, size_t begin, size_t at) {
  if (text[at] != '.' || at + 1 >= text.size() || ClassAt(text, at + 1) != ByteClass::kDigit) return false;
  for (size_t i = begin; i < at; ++i) {
    if (ClassAt(text, i) != ByteClass::kDigit && text[i] != '.') return false;
  }
  return true;
}

// Where the marks after `at` end.
size_t SkipMarks(std::string_view text, size_t at) {
  while (at < text.size() && ClassAt(text, at) == ByteClass::kUnicode) {
    const Character c = CharacterAt(text, at);
    if (c.kind != Kind::kMark) break;
    at += c.num_bytes;
  }
  return at;
}

Analyzer::Word CjkWord(std::string_view text, size_t begin) {
  const auto end_of = [&](size_t at) {
    const size_t end = SkipMarks(text, at + CharacterAt(text, at).num_bytes);
    return end - at > kMaxWordBytes / 2 ? at + CharacterAt(text, at).num_bytes : end;
  };
  Analyzer::Word word{begin, end_of(begin), end_of(begin), true};
  if (word.end < text.size() && CharacterAt(text, word.end).kind == Kind::kCjk) word.end = end_of(word.end);
  return word;
}

size_t WordEnd(std::string_view text, size_t begin) {
  const size_t limit = std::min(text.size(), begin + kMaxWordBytes);
  size_t at = begin;
  while (at < limit) {
    const ByteClass c = ClassAt(text, at);
    if (c == ByteClass::kLetter || c == ByteClass::kDigit) {
      ++at;
    } else if (c == ByteClass::kUnicode) {
      const Character character = CharacterAt(text, at);
      const bool more = character.kind == Kind::kWord || character.kind == Kind::kMark;
      if (!more || at + character.num_bytes > limit) break;
      at += character.num_bytes;
    } else if (IsDecimalPoint(text, begin, at)) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

}  // namespace

Analyzer::Word Analyzer::NextWord(std::string_view text, size_t at) {
  while (at < text.size()) {
    const ByteClass c = ClassAt(text, at);
    if (c == ByteClass::kSeparator) {
      ++at;
      continue;
    }
    if (c == ByteClass::kUnicode) {
      const Character character = CharacterAt(text, at);
      if (character.kind == Kind::kCjk) return CjkWord(text, at);
      if (character.kind != Kind::kWord) {
        at += character.num_bytes;
        continue;
      }
    }
    const size_t end = WordEnd(text, at);
    return {at, end, end, false};
  }
  return {text.size(), text.size(), text.size(), false};
}

}  // namespace atelier
