#include "base/text/utf8.h"

#include <algorithm>
#include <cstring>

namespace atelier {
namespace {

// What a lead byte announces: bytes in all, and the range of the second byte. [Unicode 15, table 3-7]
struct Lead {
  int num_bytes = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
};

Lead LeadOf(uint8_t byte) {
  if (byte < 0x80) return {1};
  if (byte >= 0xC2 && byte <= 0xDF) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

// Bytes from `at` that form a character or the beginning of one (1 if not even that).
struct Subpart {
  size_t num_bytes;
  bool complete;
};

Subpart SubpartAt(std::string_view text, size_t at) {
  const Lead lead = LeadOf(static_cast<uint8_t>(text[at]));
  if (lead.num_bytes == 0) return {1, false};
  const size_t want = static_cast<size_t>(lead.num_bytes);
  for (size_t i = 1; i < want; ++i) {
    if (at + i >= text.size()) return {i, false};
    const uint8_t byte = static_cast<uint8_t>(text[at + i]);
    const uint8_t low = i == 1 ? lead.low : 0x80;
    const uint8_t high = i == 1 ? lead.high : 0xBF;
    if (byte < low || byte > high) return {i, false};
  }
  return {want, true};
}

// Whether eight bytes from `at` on are there and all ASCII.
bool EightAscii(std::string_view text, size_t at) {
  uint64_t bytes = ~uint64_t{0};
  if (text.size() - at >= sizeof bytes) std::memcpy(&bytes, text.data() + at, sizeof bytes);
  return (bytes & 0x8080808080808080u) == 0;
}

}  // namespace

DecodedCodePoint DecodeUtf8(std::string_view text, size_t at) {
  const uint8_t first = static_cast<uint8_t>(text[at]);
  if (first < 0x80) return {first, 1};
  const Subpart part = SubpartAt(text, at);
  if (!part.complete) return {};
  static constexpr uint8_t kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t value = first & kLeadBits[part.num_bytes];
  for (size_t i = 1; i < part.num_bytes; ++i) value = value << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3F);
  return {value, static_cast<int>(part.num_bytes)};
}

void AppendUtf8(std::string& out, char32_t value) {
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) value = 0xFFFD;
  const auto byte = [&](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (value < 0x80) return byte(value);
  if (value < 0x800) return byte(0xC0 | value >> 6), byte(0x80 | (value & 0x3F));
  if (value < 0x10000) {
    return byte(0xE0 | value >> 12), byte(0x80 | (value >> 6 & 0x3F)), byte(0x80 | (value & 0x3F));
  }
  byte(0xF0 | value >> 18), byte(0x80 | (value >> 12 & 0x3F));
  byte(0x80 | (value >> 6 & 0x3F)), byte(0x80 | (value & 0x3F));
}

std::string EncodeUtf8(char32_t value) {
  std::string out;
  AppendUtf8(out, value);
  return out;
}

size_t ValidUtf8Prefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight;
    if (at + sizeof eight <= text.size()) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080u) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const Subpart part = SubpartAt(text, at);
    if (!part.complete) return at;
    at += part.num_bytes;
  }
  return at;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t valid = ValidUtf8Prefix(text);
    out.append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) break;
    out.append("\xEF\xBF\xBD");
    text.remove_prefix(SubpartAt(text, 0).num_bytes);
  }
  return out;
}

size_t IncompleteUtf8Tail(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const size_t at = text.size() - back;
    const Lead lead = LeadOf(static_cast<uint8_t>(text[at]));
    if (lead.num_bytes == 0) {
      if ((static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) continue;
      return 0;
    }
    const Subpart part = SubpartAt(text, at);
    return !part.complete && part.num_bytes == back ? back : 0;
  }
  return 0;
}

size_t CountCodePoints(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    if (EightAscii(text, at)) {
      at += 8;
      count += 8;
    } else {
      at += static_cast<size_t>(std::max(1, DecodeUtf8(text, at).num_bytes));
      ++count;
    }
  }
  return count;
}

size_t CodePointOffset(std::string_view text, size_t index) {
  size_t at = 0;
  while (index > 0 && at < text.size()) {
    if (index >= 8 && EightAscii(text, at)) {
      at += 8;
      index -= 8;
    } else {
      at += static_cast<size_t>(std::max(1, DecodeUtf8(text, at).num_bytes));
      --index;
    }
  }
  return at;
}

}  // namespace atelier
