// Block formats as ggml defines them (ggml-common.h, ggml-quants.c): every block is little-endian and byte-packed.
#include "compute/kernel/pack.h"

#include <cstring>

#include "base/check.h"

namespace atelier {

namespace {

// One group of 32 of one row, as its format has it.
struct SourceGroup {
  uint8_t codes[kGroupSize];
  uint16_t scale_f16 = 0;  // kinds with f16 scales
  uint16_t min_f16 = 0;
  uint8_t scales[2] = {0, 0};  // super kinds
  uint8_t min = 0;
  uint16_t super_scale = 0;
  uint16_t super_min = 0;
};

using ReadGroup = void (*)(const uint8_t* row, int64_t group, SourceGroup& out);

uint16_t U16(const uint8_t* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

void ReadNibbles(const uint8_t* bytes, SourceGroup& out) {
  for (int i = 0; i < 16; ++i) {
    out.codes[i] = bytes[i] & 15;
    out.codes[i + 16] = bytes[i] >> 4;
  }
}

// Q4_0: f16 d, 16 bytes of nibbles (low: elements 0..15).
void ReadQ4_0(const uint8_t* row, int64_t group, SourceGroup& out) {
  const uint8_t* block = row + group * 18;
  out.scale_f16 = U16(block);
  ReadNibbles(block + 2, out);
}

// Q4_1: f16 d, f16 m, nibbles.
void ReadQ4_1(const uint8_t* row, int64_t group, SourceGroup& out) {
  const uint8_t* block = row + group * 20;
  out.scale_f16 = U16(block);
  out.min_f16 = U16(block + 2);
  ReadNibbles(block + 4, out);
}

// Q8_0: f16 d, 32 signed bytes.
void ReadQ8_0(const uint8_t* row, int64_t group, SourceGroup& out) {
  const uint8_t* block = row + group * 34;
  out.scale_f16 = U16(block);
  for (int i = 0; i < kGroupSize; ++i) out.codes[i] = block[2 + i] ^ 0x80;
}

// The eight 6-bit scales and minima that Q4_K and Q5_K fold into 12 bytes.
void ReadFoldedScales(const uint8_t* bytes, int j, SourceGroup& out) {
  if (j < 4) {
    out.scales[0] = bytes[j] & 63;
    out.min = bytes[j + 4] & 63;
  } else {
    out.scales[0] = static_cast<uint8_t>((bytes[j + 4] & 15) | (bytes[j - 4] >> 6) << 4);
    out.min = static_cast<uint8_t>((bytes[j + 4] >> 4) | (bytes[j] >> 6) << 4);
  }
}

// 32 bytes hold the nibbles of two neighbouring groups, the even one low.
void ReadSharedNibbles(const uint8_t* bytes, int j, SourceGroup& out) {
  const uint8_t* pair = bytes + j / 2 * 32;
  for (int i = 0; i < kGroupSize; ++i) out.codes[i] = j % 2 ? pair[i] >> 4 : pair[i] & 15;
}

// Q4_K: f16 d, f16 dmin, 12 bytes of scales, 128 of nibbles; 256 elements.
void ReadQ4_K(const uint8_t* row, int64_t group, SourceGroup& out) {
  const uint8_t* block = row + group / 8 * 144;
  const int j = static_cast<int>(group % 8);
  out.super_scale = U16(block);
  out.super_min = U16(block + 2);
  ReadFoldedScales(block + 4, j, out);
  ReadSharedNibbles(block + 16, j, out);
}

// Q5_K: as Q4_K with 32 bytes of fifth bits (bit j of byte i: element i of group j) before the nibbles.
void ReadQ5_K(const uint8_t* row, int64_t group, SourceGroup& out) {
  const uint8_t* block = row + group / 8 * 176;
  const int j = static_cast<int>(group % 8);
  out.super_scale = U16(block);
  out.super_min = U16(block + 2);
  ReadFoldedScales(block + 4, j, out);
  ReadSharedNibbles(block + 48, j, out);
  for (int i = 0; i < kGroupSize; ++i) out.codes[i] |= static_cast<uint8_t>((block[16 + i] >> j & 1) << 4);
}

// Q6_K: 128 bytes of nibbles, 64 of bit pairs, 16 signed scales, f16 d; in halves of 128 elements, whose four
// groups take the low nibbles of bytes 0..31, of 32..63, then the high ones of both.
void ReadQ6_K(const uint8_t* row, int64_t group, SourceGroup& out) {
  const uint8_t* block = row + group / 8 * 210;
  const int half = static_cast<int>(group % 8) / 4;
  const int quarter = static_cast<int>(group % 4);
  const uint8_t* low = block + half * 64 + quarter % 2 * 32;
  const uint8_t* high = block + 128 + half * 32;
  for (int i = 0; i < kGroupSize; ++i) {
    const int nibble = quarter < 2 ? low[i] & 15 : low[i] >> 4;
    out.codes[i] = static_cast<uint8_t>(nibble | (high[i] >> (2 * quarter) & 3) << 4);
  }
  const uint8_t* scales = block + 192 + half * 8 + quarter * 2;
  out.scales[0] = scales[0];
  out.scales[1] = scales[1];
  out.super_scale = U16(block + 208);
}

struct PackRow {
  std::string_view format_name;
  PanelKind kind;
  int64_t block_elements;
  ReadGroup read;  // null: floats, copied
};

constexpr PackRow kPackRows[] = {
    {"F32", PanelKind::kF32, 1, nullptr},
    {"F16", PanelKind::kF16, 1, nullptr},
    {"BF16", PanelKind::kBf16, 1, nullptr},
    {"Q8_0", PanelKind::kU8Offset128, 32, ReadQ8_0},
    {"Q4_0", PanelKind::kU4Offset8, 32, ReadQ4_0},
    {"Q4_1", PanelKind::kU4Min, 32, ReadQ4_1},
    {"Q4_K", PanelKind::kU4SuperMin, 256, ReadQ4_K},
    {"Q5_K", PanelKind::kU5SuperMin, 256, ReadQ5_K},
    {"Q6_K", PanelKind::kU6SuperOffset32, 256, ReadQ6_K},
};

const PackRow* FindRow(std::string_view format_name) {
  for (const PackRow& row : kPackRows) {
    if (row.format_name == format_name) return &row;
  }
  return nullptr;
}

void WriteCodes(const PanelLayout& layout, const SourceGroup& source, int64_t group, int r, uint8_t* panel) {
  if (layout.code_bits == 8) {
    for (int c = 0; c < 8; ++c)
      std::memcpy(panel + layout.codes + (group * 8 + c) * 64 + 4 * r, source.codes + 4 * c, 4);
    return;
  }
  for (int c = 0; c < 4; ++c) {
    uint32_t low;
    uint32_t high;
    std::memcpy(&low, source.codes + 4 * c, 4);
    std::memcpy(&high, source.codes + 16 + 4 * c, 4);
    const uint32_t pair = (low & 0x0f0f0f0f) | (high & 0x0f0f0f0f) << 4;
    std::memcpy(panel + layout.codes + (group * 4 + c) * 64 + 4 * r, &pair, 4);
  }
  for (int i = 0; i < kGroupSize && layout.code_bits > 4; ++i) {
    const int c = i / 4;
    const int high = source.codes[i] >> 4;
    if (layout.code_bits == 5) {
      panel[layout.high_bits + group * 64 + 4 * r + i % 4] |= static_cast<uint8_t>(high << c);
    } else {
      panel[layout.high_bits + (group * 2 + c / 4) * 64 + 4 * r + i % 4] |= static_cast<uint8_t>(high << (2 * (c % 4)));
    }
  }
}

void WriteScales(const PanelLayout& layout, const SourceGroup& source, int64_t group, int r, uint8_t* panel) {
  const int64_t flat = group * kPanelRows + r;
  if (!layout.is_super) {
    std::memcpy(panel + layout.scales + 2 * flat, &source.scale_f16, 2);
    if (layout.has_min) std::memcpy(panel + layout.mins + 2 * flat, &source.min_f16, 2);
    return;
  }
  const int64_t super = (group / 8 * kPanelRows + r) * 2;
  std::memcpy(panel + layout.super_scales + super, &source.super_scale, 2);
  for (int half = 0; half < layout.scales_per_group; ++half) {
    panel[layout.scales + (group * layout.scales_per_group + half) * kPanelRows + r] = source.scales[half];
  }
  if (!layout.has_min) return;
  panel[layout.mins + flat] = source.min;
  std::memcpy(panel + layout.super_mins + super, &source.super_min, 2);
}

void PackFloats(const PanelLayout& layout, const uint8_t* rows, int64_t row_bytes, int64_t num_rows, int64_t k,
                uint8_t* panel) {
  const size_t width = layout.kind == PanelKind::kF32 ? 4 : 2;
  for (int64_t r = 0; r < num_rows; ++r) {
    const uint8_t* row = rows + r * row_bytes;
    for (int64_t i = 0; i < k; ++i) {
      std::memcpy(panel + static_cast<size_t>(i * kPanelRows + r) * width, row + static_cast<size_t>(i) * width, width);
    }
  }
}

}  // namespace

std::optional<PanelKind> PanelKindOf(std::string_view format_name) {
  const PackRow* row = FindRow(format_name);
  if (row == nullptr) return std::nullopt;
  return row->kind;
}

void PackPanel(std::string_view format_name, const std::byte* rows, int64_t row_bytes, int64_t num_rows, int64_t k,
               std::byte* panel) {
  const PackRow* format = FindRow(format_name);
  CHECK(format != nullptr);
  CHECK(num_rows >= 0 && num_rows <= kPanelRows && k % format->block_elements == 0);
  const PanelLayout layout = PanelLayoutOf(format->kind, k);
  std::memset(panel, 0, static_cast<size_t>(layout.panel_bytes));
  auto* out = reinterpret_cast<uint8_t*>(panel);
  const auto* in = reinterpret_cast<const uint8_t*>(rows);
  if (format->read == nullptr) return PackFloats(layout, in, row_bytes, num_rows, k, out);
  for (int64_t r = 0; r < num_rows; ++r) {
    for (int64_t g = 0; g < layout.num_groups; ++g) {
      SourceGroup source;
      format->read(in + r * row_bytes, g, source);
      WriteCodes(layout, source, g, static_cast<int>(r), out);
      WriteScales(layout, source, g, static_cast<int>(r), out);
    }
  }
}

}  // namespace atelier
