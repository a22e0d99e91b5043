#include "base/text/base64.h"

#include <algorithm>
#include <cstdint>

namespace atelier {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t num = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < num ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) text += j <= num ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

Result<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Error::Invalid("base64", "got " + std::to_string(text.size()) + " characters, want a multiple of 4");
  }
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    std::string_view four = text.substr(i, 4);
    size_t padding = 0;
    while (i + 4 == text.size() && padding < 2 && four[3 - padding] == '=') ++padding;
    uint32_t group = 0;
    for (size_t j = 0; j < 4 - padding; ++j) {
      const size_t value = kAlphabet.find(four[j]);
      if (value == std::string_view::npos) {
        return Error::Invalid("base64", "got a character outside the alphabet at " + std::to_string(i + j));
      }
      group |= static_cast<uint32_t>(value) << (18 - 6 * j);
    }
    if ((group & ((1u << (8 * padding)) - 1)) != 0) return Error::Invalid("base64", "got bits in the padding");
    for (size_t j = 0; j < 3 - padding; ++j) bytes += static_cast<char>(group >> (16 - 8 * j) & 255);
  }
  return bytes;
}

}  // namespace atelier
