// The bytes of a segment: numbers, checksums, the header. docs/text_index.md tells the whole.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace atelier {

static_assert(std::endian::native == std::endian::little, "segments are read in place");

inline constexpr char kSegmentMagic[8] = {'A', 'T', 'X', 'T', 'S', 'E', 'G', '1'};
inline constexpr uint32_t kMaxFields = 16;
inline constexpr uint32_t kWindowRecords = 1 << 16;  // a posting's record is 16 bits within its window
inline constexpr uint32_t kBlockPostings = 128;
inline constexpr uint32_t kBlockTerms = 16;
inline constexpr uint32_t kMaxPosition = (1u << 28) - 2;
inline constexpr uint32_t kMaxShapes = 1 << 25;
// Zeros after the last section: what a vector load reads past the end.
inline constexpr size_t kTailBytes = 128;

enum class Section : uint32_t {
  kLengths,
  kShapes,
  kPrefixes,         // u64[blocks]: first 8 bytes of the first term, as a big-endian number
  kTermOffsets,      // u64[blocks + 1] into kTerms
  kPostingsOffsets,  // u64[blocks + 1] into kPostings
  kTerms,
  kPostings,
};
inline constexpr size_t kNumSections = 7;

struct SectionEntry {
  uint64_t offset = 0;  // from the segment's begin; a multiple of 8
  uint64_t size = 0;
  uint64_t checksum = 0;
};

struct SegmentHeader {
  std::array<char, 8> magic{};
  uint32_t num_records = 0;
  uint32_t num_fields = 0;
  uint32_t num_shapes = 0;
  uint32_t num_terms = 0;
  uint64_t size = 0;  // of the segment with its tail
  std::array<SectionEntry, kNumSections> sections{};
  std::array<uint8_t, kMaxFields> length_bytes{};  // 1, 2 or 4 a field
  std::array<double, kMaxFields> boosts{};
  uint64_t checksum = 0;  // of all before
};
static_assert(sizeof(SegmentHeader) == 352);

// 64 bits that a flipped or torn byte changes; no defence against forgers.   COST: 8 bytes a step.
inline uint64_t Checksum64(std::string_view bytes) {
  uint64_t hash = 0x9E3779B97F4A7C15u ^ bytes.size();
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
  };
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    mix(word);
  }
  uint64_t rest = 0;
  if (at < bytes.size()) std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
  mix(rest);
  return hash;
}

// The first eight bytes as a number that is ordered as they are.
inline uint64_t PrefixOf(std::string_view term) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) prefix = prefix << 8 | (i < term.size() ? static_cast<uint8_t>(term[i]) : 0);
  return prefix;
}

// Seven bits a byte, the low ones first; the last byte has no high bit.
inline void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Reads from `at` on; false where the bytes end or the number is above 64 bits.
inline bool ReadVarint(const uint8_t*& at, const uint8_t* end, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && at < end; shift += 7) {
    const uint8_t byte = *at++;
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline int BitsFor(uint32_t value) { return static_cast<int>(std::bit_width(value)); }

inline size_t PackedBytes(uint64_t count, int bits) {
  return static_cast<size_t>((count * static_cast<uint64_t>(bits) + 7) / 8);
}

// Value `index` of those packed in `bits` (0 to 32) each.   REQUIRES: 8 bytes may be read from its first on.
inline uint32_t UnpackOne(const uint8_t* packed, uint64_t index, int bits) {
  const uint64_t bit = index * static_cast<uint64_t>(bits);
  uint64_t word;
  std::memcpy(&word, packed + bit / 8, 8);
  return static_cast<uint32_t>(word >> (bit % 8) & ((uint64_t{1} << bits) - 1));
}

inline void AppendPacked(std::string& out, std::span<const uint32_t> values, int bits) {
  if (bits == 0) return;
  uint64_t pending = 0;
  int num_pending = 0;
  const size_t begin = out.size();
  out.resize(begin + PackedBytes(values.size(), bits) + 8);  // whole words are written, the rest is cut off
  char* at = out.data() + begin;
  for (const uint32_t value : values) {
    pending |= static_cast<uint64_t>(value) << num_pending;
    num_pending += bits;
    if (num_pending >= 32) {
      std::memcpy(at, &pending, 4);
      at += 4;
      pending >>= 32;
      num_pending -= 32;
    }
  }
  std::memcpy(at, &pending, 8);
  out.resize(begin + PackedBytes(values.size(), bits));
}

}  // namespace atelier
