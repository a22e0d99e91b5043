#include "model/tokenizer/unicode.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <span>

#include "model/tokenizer/unicode_data.h"

namespace atelier {
namespace {

constexpr size_t kNumCodes = 0x110000;

// One byte per code point, spread from the packed ranges when first asked for: 1.1 MB, 1 ms.
struct Tables {
  std::unique_ptr<uint8_t[]> category = std::make_unique<uint8_t[]>(kNumCodes);

  Tables() {
    const std::span<const uint32_t> rows(kCategoryStarts);
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t first = rows[i] >> 8;
      const size_t last = i + 1 < rows.size() ? rows[i + 1] >> 8 : kNumCodes;
      std::fill(&category[first], &category[0] + last, static_cast<uint8_t>(rows[i] & 0xFF));
    }
  }
};

const Tables& TheTables() {
  static const Tables tables;
  return tables;
}

constexpr std::array<CharClass, 29> MakeCategoryClasses() {
  std::array<CharClass, 29> of{};
  auto add = [&](Category first, Category last, CharClass bits) {
    for (auto c = static_cast<size_t>(first); c <= static_cast<size_t>(last); ++c) of[c] |= bits;
  };
  add(Category::kLu, Category::kLo, kClassLetter);
  add(Category::kLu, Category::kLu, kClassUpper);
  add(Category::kLt, Category::kLt, kClassUpper);
  add(Category::kLl, Category::kLl, kClassLower);
  add(Category::kMn, Category::kMe, kClassMark);
  add(Category::kNd, Category::kNo, kClassNumber);
  add(Category::kNd, Category::kNd, kClassDigit);
  add(Category::kPc, Category::kPo, kClassPunctuation);
  add(Category::kPc, Category::kPc, kClassConnector);
  add(Category::kSm, Category::kSo, kClassSymbol);
  add(Category::kZs, Category::kZp, kClassSpace);
  return of;
}
constexpr std::array<CharClass, 29> kCategoryClasses = MakeCategoryClasses();

bool InRanges(std::span<const uint32_t> ranges, char32_t code) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code,
                                      [](char32_t value, uint32_t row) { return value < (row >> 11); });
  if (after == ranges.begin()) return false;
  const uint32_t row = *std::prev(after);
  return code - (row >> 11) <= (row & 0x7FF);
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The bounds of the second byte, which rule out overlong forms, surrogates and what lies above U+10FFFF.
bool IsSecondByte(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default: return IsContinuation(second);
  }
}

// How many bytes from p on are a character's or, failing that, the most that could begin one (at least 1).
size_t MaximalPart(const char* p, const char* end) {
  const auto first = static_cast<unsigned char>(*p);
  const size_t length = Utf8Length(*p);
  if (first < 0x80 || length == 1) return 1;
  if (end - p < 2 || !IsSecondByte(first, static_cast<unsigned char>(p[1]))) return 1;
  size_t n = 2;
  while (n < length && p + n < end && IsContinuation(static_cast<unsigned char>(p[n]))) ++n;
  return n;
}

}  // namespace

Utf8Char DecodeChar(const char* p, const char* end) {
  const auto first = static_cast<unsigned char>(*p);
  if (first < 0x80) return {first, 1, true};
  const size_t length = Utf8Length(*p);
  if (length == 1 || MaximalPart(p, end) != length) return {kReplacement, 1, false};
  const auto at = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i]) & 0x3F); };
  if (length == 2) return {((first & 0x1Fu) << 6) | at(1), 2, true};
  if (length == 3) return {((first & 0x0Fu) << 12) | (at(1) << 6) | at(2), 3, true};
  return {((first & 0x07u) << 18) | (at(1) << 12) | (at(2) << 6) | at(3), 4, true};
}

Category CategoryOf(char32_t code) {
  return code < kNumCodes ? static_cast<Category>(TheTables().category[code]) : Category::kCn;
}

CharClass ClassOf(char32_t code) {
  CharClass bits = kCategoryClasses[static_cast<size_t>(CategoryOf(code))];
  if ((code >= 0x9 && code <= 0xD) || code == 0x85) bits |= kClassSpace;
  if (code == '\r' || code == '\n') bits |= kClassNewline;
  if (code < 0x80 && (bits & kClassLetter) != 0) bits |= kClassAsciiLetter;
  return bits;
}

bool IsWord(char32_t code) {
  if ((ClassOf(code) & (kClassLetter | kClassMark | kClassDigit | kClassConnector)) != 0) return true;
  if (CategoryOf(code) == Category::kNl) return true;
  return (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
         (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189);  // circled and squared letters
}

bool IsRegexWord(char32_t code) {
  return IsWord(code) || code == 0xB2 || code == 0xB3 || code == 0xB9 || (code >= 0xBC && code <= 0xBE);
}

bool IsRustWord(char32_t code) { return IsWord(code) || code == 0x200C || code == 0x200D; }

bool IsBertControl(char32_t code) { return InRanges(kBertControls, code); }
bool IsBertPunctuation(char32_t code) { return InRanges(kBertPunctuation, code); }
bool IsBertAccent(char32_t code) { return InRanges(kBertAccents, code); }
bool IsCombiningMark(char32_t code) { return InRanges(kStripAccents, code); }

bool IsBertChinese(char32_t c) {
  // 0x2B920 is no slip of ours: the reference has it, where Unicode's block begins at 0x2B820.
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

namespace {

constexpr bool StandsForItself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct ByteAlphabet {
  std::array<char32_t, 256> char_of{};
  std::array<int16_t, 0x180> byte_of{};

  constexpr ByteAlphabet() {
    byte_of.fill(-1);
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const char32_t code = StandsForItself(byte) ? static_cast<char32_t>(byte) : next++;
      char_of[static_cast<size_t>(byte)] = code;
      byte_of[code] = static_cast<int16_t>(byte);
    }
  }
};
constexpr ByteAlphabet kByteAlphabet;

}  // namespace

char32_t ByteToChar(uint8_t byte) { return kByteAlphabet.char_of[byte]; }
int CharToByte(char32_t code) { return code < kByteAlphabet.byte_of.size() ? kByteAlphabet.byte_of[code] : -1; }

}  // namespace atelier
