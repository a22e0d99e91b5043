#include "engine/grammar/grammar_text.h"

#include <algorithm>
#include <cstdio>

#include "base/text/utf8.h"
#include "engine/grammar/cfg.h"

namespace atelier {
namespace {

constexpr int64_t kMaxCount = 1'000'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<GrammarText> GrammarText::Create(std::string_view text) {
  if (text.size() > kMaxGrammarBytes) {
    return Error::TooLarge(
        "grammar", "got " + std::to_string(text.size()) + " bytes, want at most " + std::to_string(kMaxGrammarBytes));
  }
  const GrammarText result(text);
  const size_t valid = ValidUtf8Prefix(text);
  if (valid != text.size()) return Error::Invalid(result.Where(valid), "got bytes that are not UTF-8, want UTF-8");
  const size_t zero = text.find('\0');
  if (zero != text.npos) return Error::Invalid(result.Where(zero), "got a NUL character, want text");
  return result;
}

bool GrammarText::Take(std::string_view what) {
  if (!Sees(what)) return false;
  at_ += what.size();
  return true;
}

char32_t GrammarText::TakeCodePoint() {
  const DecodedCodePoint decoded = DecodeUtf8(text_, at_);
  at_ += static_cast<size_t>(decoded.num_bytes);
  return decoded.value;
}

Result<char32_t> GrammarText::TakeHex(int digits) {
  const size_t begin = at_;
  uint64_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = Peek();
    const int digit = IsDigit(c)             ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return Unexpected(std::to_string(digits) + " hexadecimal digits");
    value = value * 16 + static_cast<uint64_t>(digit);
    ++at_;
  }
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    return Error::Invalid(Where(begin), "got " + std::string(Since(begin)) + ", want a Unicode character");
  }
  return static_cast<char32_t>(value);
}

Result<int64_t> GrammarText::TakeCount() {
  const size_t begin = at_;
  const std::string_view digits = TakeWhile(IsDigit);
  if (digits.empty()) return Unexpected("a number");
  int64_t value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
    if (value > kMaxCount) {
      return Error::TooLarge(Where(begin),
                             "got " + std::string(digits.substr(0, 20)) + ", want a count of at most 1000000000");
    }
  }
  return value;
}

std::string GrammarText::Where(size_t at) const {
  const std::string_view before = text_.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t begin = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  const auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(begin), before.end(),
                                    [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }) +
                      1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Error GrammarText::Unexpected(std::string_view want) const {
  std::string got = "the end of the grammar";
  if (Peek() == '\n' || Peek() == '\r') {
    got = "the end of the line";
  } else if (!at_end()) {
    got = "'" + EncodeUtf8(DecodeUtf8(text_, at_).value) + "'";
  }
  return Error::Invalid(Where(), "got " + got + ", want " + std::string(want));
}

std::string PatternCodePoint(char32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "\\u{%X}", static_cast<unsigned>(value));
  return text;
}

}  // namespace atelier
