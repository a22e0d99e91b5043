// Code points as tokenizers see them: what class each has, and how bytes become code points.
// Bytes that are not UTF-8 decode one by one to U+FFFD of size 1, so that nothing is lost and nothing fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace atelier {

// General categories [Unicode 16, UAX 44], in the order of tools/unicode_tables.py; 0 is unassigned.
enum class Category : uint8_t {
  kCn,
  kLu,
  kLl,
  kLt,
  kLm,
  kLo,
  kMn,
  kMc,
  kMe,
  kNd,
  kNl,
  kNo,
  kPc,
  kPd,
  kPs,
  kPe,
  kPi,
  kPf,
  kPo,
  kSm,
  kSc,
  kSk,
  kSo,
  kZs,
  kZl,
  kZp,
  kCc,
  kCf,
  kCo,
};

// Sets of categories and the few other properties that pre-tokenizers ask for, as bits.
using CharClass = uint16_t;
inline constexpr CharClass kClassLetter = 1;
inline constexpr CharClass kClassMark = 2;
inline constexpr CharClass kClassNumber = 4;
inline constexpr CharClass kClassPunctuation = 8;
inline constexpr CharClass kClassSymbol = 16;
inline constexpr CharClass kClassSpace = 32;        // White_Space
inline constexpr CharClass kClassNewline = 64;      // \r \n
inline constexpr CharClass kClassUpper = 128;       // Lu Lt
inline constexpr CharClass kClassLower = 256;       // Ll
inline constexpr CharClass kClassDigit = 512;       // Nd
inline constexpr CharClass kClassConnector = 1024;  // Pc
inline constexpr CharClass kClassAsciiLetter = 2048;

inline constexpr char32_t kReplacement = 0xFFFD;

struct Utf8Char {
  char32_t code = 0;
  uint8_t size = 0;  // bytes; 1 where the byte is not UTF-8
  bool valid = true;
};

// The character at p. REQUIRES: p < end.
Utf8Char DecodeChar(const char* p, const char* end);
// Bytes of the character that a first byte announces: 1 to 4 (1 where it announces none).
inline size_t Utf8Length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1;
}
Category CategoryOf(char32_t code);
CharClass ClassOf(char32_t code);
inline bool IsSpace(char32_t code) { return (ClassOf(code) & kClassSpace) != 0; }
// Alphabetic characters, marks, decimal digits and connectors [UTS 18, \w].
bool IsWord(char32_t code);
// \w as Oniguruma has it (superscript digits and fractions of Latin-1 too), and as Rust has it (joiners too):
// `tokenizers` uses the one for expressions in files, the other for its own.
bool IsRegexWord(char32_t code);
bool IsRustWord(char32_t code);

// What the BERT parts of the PyPI package `tokenizers` hold for control characters, punctuation and accents;
// they know an older Unicode than its regular expressions do.
bool IsBertControl(char32_t code);
bool IsBertPunctuation(char32_t code);
bool IsBertAccent(char32_t code);
bool IsCombiningMark(char32_t code);
bool IsBertChinese(char32_t code);

// GPT-2's byte alphabet: each byte as a printable character. Printable Latin-1 bytes stand for themselves, the
// others follow from U+0100 on.
char32_t ByteToChar(uint8_t byte);
// -1 where the code point stands for no byte.
int CharToByte(char32_t code);

}  // namespace atelier
