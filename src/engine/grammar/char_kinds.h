// Kinds of characters that patterns seldom tell apart, one bit each: what a part of a vocabulary is made of, and what a
// state of a language lets come, meet in them.
//
// Of ASCII: small letters, capitals, digits, control characters, and each other character. Beyond it blocks of code
// points, with those apart in which there are blanks or ends of lines, which patterns do tell from the rest.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace atelier {

using CharKinds = uint64_t;

// Of a byte of ASCII.
CharKinds KindOfAscii(uint8_t byte);
// Of a character beyond ASCII, or the beginning of one: its kind is that of some character that begins so. 0: it is
// none.
//   utf8  one to four bytes
CharKinds KindOfUtf8(std::string_view utf8);

// Characters beyond ASCII as rows of their first two bytes; the others are any that continue.
struct CharBlock {
  uint8_t first_lead, last_lead;
  uint8_t first_second, last_second;
  int32_t num_bytes;
  CharKinds kind;
};
std::span<const CharBlock> CharBlocks();

}  // namespace atelier
