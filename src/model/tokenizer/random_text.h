// The random texts that tokenizers are compared on, the same as tools/random_text.py makes: text number i is a pure
// function of i.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace atelier {

// Letters of all scripts, spaces of all kinds, digits, words, contractions, special tokens; valid UTF-8, 1 to 24 parts.
std::string RandomText(uint64_t number);

inline constexpr uint64_t kFnvStart = 0xCBF29CE484222325u;
// FNV-1a, 64 bits.
inline uint64_t Fnv(std::string_view bytes, uint64_t start = kFnvStart) {
  for (const char c : bytes) start = (start ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  return start;
}

}  // namespace atelier
