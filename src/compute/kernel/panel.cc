#include "compute/kernel/panel.h"

#include <bit>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "compute/quant/quant.h"

namespace atelier {

namespace {

// What tells the kinds apart; every other number follows from these.
struct KindTraits {
  std::string_view name;
  int code_bits;
  int code_offset;
  int scales_per_group;
  bool has_min;
  bool is_super;
};

constexpr KindTraits kTraits[kNumPanelKinds] = {
    {"F32", 0, 0, 0, false, false},
    {"F16", 0, 0, 0, false, false},
    {"BF16", 0, 0, 0, false, false},
    {"U8Offset128", 8, 128, 1, false, false},
    {"U4Offset8", 4, 8, 1, false, false},
    {"U4Min", 4, 0, 1, true, false},
    {"U4SuperMin", 4, 0, 1, true, true},
    {"U5SuperMin", 5, 0, 1, true, true},
    {"U6SuperOffset32", 6, 32, 2, false, true},
};

constexpr int kGroupsPerSuper = 8;
constexpr int64_t kPanelAlignment = 64;

const KindTraits& TraitsOf(PanelKind kind) {
  CHECK(static_cast<int>(kind) < kNumPanelKinds);
  return kTraits[static_cast<int>(kind)];
}

int64_t FloatPanelBytes(PanelKind kind, int64_t k) { return k * kPanelRows * (kind == PanelKind::kF32 ? 4 : 2); }

// Hands out planes one after the other.
struct PlaneCursor {
  int64_t end = 0;
  int64_t Take(int64_t bytes) { return std::exchange(end, end + bytes); }
};

float F16At(const std::byte* plane, int64_t index) {
  uint16_t bits;
  std::memcpy(&bits, plane + 2 * index, sizeof bits);
  return F16ToF32(bits);
}

int ByteAt(const std::byte* plane, int64_t index) { return static_cast<uint8_t>(plane[index]); }

// The code of row r at column 4c + j of a group, from the planes described in the header.
int CodeAt(const PanelLayout& layout, const std::byte* panel, int64_t group, int c, int lane_byte) {
  if (layout.code_bits == 8) return ByteAt(panel + layout.codes, (group * 8 + c) * 64 + lane_byte);
  const int low = ByteAt(panel + layout.codes, (group * 4 + c % 4) * 64 + lane_byte);
  const int nibble = c < 4 ? low & 15 : low >> 4;
  if (layout.code_bits == 5) {
    return nibble | (ByteAt(panel + layout.high_bits, group * 64 + lane_byte) >> c & 1) << 4;
  }
  if (layout.code_bits == 6) {
    return nibble | (ByteAt(panel + layout.high_bits, (group * 2 + c / 4) * 64 + lane_byte) >> (2 * (c % 4)) & 3) << 4;
  }
  return nibble;
}

void UnpackScales(const PanelLayout& layout, const std::byte* panel, int64_t group, int r, PanelGroup& out) {
  const int64_t flat = group * kPanelRows + r;
  if (!layout.is_super) {
    out.scales[0][r] = F16At(panel + layout.scales, flat);
    if (layout.has_min) out.mins[r] = F16At(panel + layout.mins, flat);
    return;
  }
  const int64_t super = group / kGroupsPerSuper * kPanelRows + r;
  const float super_scale = F16At(panel + layout.super_scales, super);
  if (layout.scales_per_group == 2) {
    for (int half = 0; half < 2; ++half) {
      const auto scale = static_cast<int8_t>(ByteAt(panel + layout.scales, (group * 2 + half) * kPanelRows + r));
      out.scales[half][r] = super_scale * static_cast<float>(scale);
    }
    return;
  }
  out.scales[0][r] = super_scale * static_cast<float>(ByteAt(panel + layout.scales, flat));
  out.mins[r] = -(F16At(panel + layout.super_mins, super) * static_cast<float>(ByteAt(panel + layout.mins, flat)));
}

float FloatWeightAt(PanelKind kind, const std::byte* panel, int64_t index) {
  if (kind == PanelKind::kF16) return F16At(panel, index);
  uint32_t bits = 0;
  if (kind == PanelKind::kF32) {
    std::memcpy(&bits, panel + 4 * index, 4);
  } else {
    uint16_t high;
    std::memcpy(&high, panel + 2 * index, 2);
    bits = static_cast<uint32_t>(high) << 16;
  }
  return std::bit_cast<float>(bits);
}

}  // namespace

std::string_view PanelKindName(PanelKind kind) { return TraitsOf(kind).name; }

PanelLayout PanelLayoutOf(PanelKind kind, int64_t k) {
  CHECK(k > 0 && k <= (int64_t{1} << 31));
  const KindTraits& traits = TraitsOf(kind);
  PanelLayout layout;
  layout.kind = kind;
  if (IsFloatPanel(kind)) {
    layout.panel_bytes = (FloatPanelBytes(kind, k) + kPanelAlignment - 1) / kPanelAlignment * kPanelAlignment;
    return layout;
  }
  layout.code_bits = traits.code_bits;
  layout.code_offset = traits.code_offset;
  layout.scales_per_group = traits.scales_per_group;
  layout.has_min = traits.has_min;
  layout.is_super = traits.is_super;
  const int64_t groups = layout.num_groups = NumGroups(k);
  const int64_t supers = (groups + kGroupsPerSuper - 1) / kGroupsPerSuper;
  const int scale_bytes = traits.is_super ? 1 : 2;
  PlaneCursor cursor;
  layout.codes = cursor.Take(groups * (traits.code_bits == 8 ? 512 : 256));
  if (traits.code_bits == 5 || traits.code_bits == 6)
    layout.high_bits = cursor.Take(groups * 64 * (traits.code_bits - 4));
  layout.scales = cursor.Take(groups * kPanelRows * traits.scales_per_group * scale_bytes);
  if (traits.has_min) layout.mins = cursor.Take(groups * kPanelRows * scale_bytes);
  if (traits.is_super) layout.super_scales = cursor.Take(supers * kPanelRows * 2);
  if (traits.is_super && traits.has_min) layout.super_mins = cursor.Take(supers * kPanelRows * 2);
  layout.panel_bytes = (cursor.end + kPanelAlignment - 1) / kPanelAlignment * kPanelAlignment;
  return layout;
}

PanelGroup UnpackGroup(const PanelLayout& layout, const std::byte* panel, int64_t group) {
  CHECK(group >= 0 && group < layout.num_groups);
  PanelGroup out{};
  for (int r = 0; r < kPanelRows; ++r) {
    for (int k = 0; k < kGroupSize; ++k) {
      out.codes[r][k] = static_cast<uint8_t>(CodeAt(layout, panel, group, k / 4, 4 * r + k % 4));
    }
    UnpackScales(layout, panel, group, r, out);
  }
  return out;
}

void DequantizePanel(const PanelLayout& layout, const std::byte* panel, int64_t k, float* out) {
  if (IsFloatPanel(layout.kind)) {
    for (int64_t i = 0; i < k; ++i) {
      for (int r = 0; r < kPanelRows; ++r) out[r * k + i] = FloatWeightAt(layout.kind, panel, i * kPanelRows + r);
    }
    return;
  }
  for (int64_t g = 0; g < layout.num_groups; ++g) {
    const PanelGroup group = UnpackGroup(layout, panel, g);
    for (int r = 0; r < kPanelRows; ++r) {
      for (int i = 0; i < kGroupSize && g * kGroupSize + i < k; ++i) {
        const float scale = group.scales[layout.scales_per_group == 2 ? i / 16 : 0][r];
        const float scaled = scale * static_cast<float>(group.codes[r][i] - layout.code_offset);
        out[r * k + g * kGroupSize + i] = layout.has_min ? scaled + group.mins[r] : scaled;
      }
    }
  }
}

}  // namespace atelier
