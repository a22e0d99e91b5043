#include "engine/grammar/char_kinds.h"

#include <array>
#include <cctype>

namespace atelier {
namespace {

constexpr CharKinds kControl = CharKinds{1} << 3;
constexpr CharKinds kBlanks = CharKinds{1}
                              << 59;  // blocks that hold U+00A0, 1680, 2000 to 2029, 202F, 205F, 3000, FEFF
constexpr CharKinds kAccented = CharKinds{1} << 60;
constexpr CharKinds kEastAsian = CharKinds{1} << 61;
constexpr CharKinds kOtherThree = CharKinds{1} << 62;
constexpr CharKinds kBeyondBasic = CharKinds{1} << 63;

constexpr CharBlock kBlocks[] = {
    {0xC2, 0xC2, 0x80, 0xBF, 2, kBlanks},      {0xC3, 0xDF, 0x80, 0xBF, 2, kAccented},
    {0xE0, 0xE0, 0xA0, 0xBF, 3, kOtherThree},  {0xE1, 0xE1, 0x80, 0x99, 3, kOtherThree},
    {0xE1, 0xE1, 0x9A, 0x9A, 3, kBlanks},      {0xE1, 0xE1, 0x9B, 0xBF, 3, kOtherThree},
    {0xE2, 0xE2, 0x82, 0xBF, 3, kOtherThree},  {0xE2, 0xE2, 0x80, 0x81, 3, kBlanks},
    {0xE3, 0xE3, 0x81, 0xBF, 3, kEastAsian},   {0xE3, 0xE3, 0x80, 0x80, 3, kBlanks},
    {0xE4, 0xE9, 0x80, 0xBF, 3, kEastAsian},   {0xEA, 0xEC, 0x80, 0xBF, 3, kOtherThree},
    {0xED, 0xED, 0x80, 0x9F, 3, kOtherThree},  {0xEE, 0xEE, 0x80, 0xBF, 3, kOtherThree},
    {0xEF, 0xEF, 0x80, 0xBA, 3, kOtherThree},  {0xEF, 0xEF, 0xBB, 0xBB, 3, kBlanks},
    {0xEF, 0xEF, 0xBC, 0xBF, 3, kOtherThree},  {0xF0, 0xF0, 0x90, 0xBF, 4, kBeyondBasic},
    {0xF1, 0xF3, 0x80, 0xBF, 4, kBeyondBasic}, {0xF4, 0xF4, 0x80, 0x8F, 4, kBeyondBasic},
};

std::array<CharKinds, 128> MakeAscii() {
  std::array<CharKinds, 128> kinds;
  int other = 4;
  for (int byte = 0; byte < 128; ++byte) {
    if (byte < 0x20 || byte == 0x7F) {
      kinds[byte] = kControl;
    } else if (std::isalnum(byte)) {
      kinds[byte] = CharKinds{1} << (std::islower(byte) ? 0 : std::isupper(byte) ? 1 : 2);
    } else {
      kinds[byte] = CharKinds{1} << other++;  // 33 of them
    }
  }
  return kinds;
}

}  // namespace

CharKinds KindOfAscii(uint8_t byte) {
  static const std::array<CharKinds, 128> kinds = MakeAscii();
  return kinds[byte];
}

CharKinds KindOfUtf8(std::string_view utf8) {
  const auto lead = static_cast<uint8_t>(utf8[0]);
  for (const CharBlock& block : kBlocks) {
    if (lead < block.first_lead || lead > block.last_lead) continue;
    if (utf8.size() == 1) return block.kind;
    const auto second = static_cast<uint8_t>(utf8[1]);
    if (second >= block.first_second && second <= block.last_second) return block.kind;
  }
  return 0;
}

std::span<const CharBlock> CharBlocks() { return kBlocks; }

}  // namespace atelier
