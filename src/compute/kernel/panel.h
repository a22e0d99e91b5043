// Weight matrices in the layout that the matrix kernels read. A matrix W [N, K] is cut into panels of 16 rows;
// a panel holds its rows side by side, so that the 16 lanes of a register are 16 outputs:
//
//   integer panels   planes, one after the other, each for all ceil(K/32) groups of 32 along K:
//     codes   8 registers of 64 bytes a group; register c holds k = 4c .. 4c+3 of row r at byte 4r. 8-bit codes
//             are stored so (512 bytes). Narrow codes store registers 0..3 in low nibbles and 4..7 in high
//             ones (256 bytes), then their high bits: 5-bit codes one plane, bit c of byte b for register c
//             (64 bytes); 6-bit codes two bits a register, registers 0..3 then 4..7 (128 bytes).
//     scales  f16 [groups][16]; or u8 [groups][16] times f16 [ceil(groups/8)][16];
//             or s8 [groups][2][16] (one per 16 along K) times f16 [ceil(groups/8)][16]
//     mins    f16 [groups][16] added; or u8 [groups][16] times f16 [ceil(groups/8)][16] subtracted
//   float panels     values [K][16] in F32, F16 or BF16
//
// A weight is scale * (code - offset) + min, exactly what the file's block format says: codes and scales are
// copied, not recomputed. Rows beyond N and columns beyond K are zeros. Little-endian; every panel starts on
// 64 bytes. This layout reaches disk (model/weights/panel_store.h): changing it means raising kPanelVersion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace atelier {

constexpr int kPanelRows = 16;
constexpr int kGroupSize = 32;
constexpr uint32_t kPanelVersion = 1;

enum class PanelKind : uint8_t {
  kF32,
  kF16,
  kBf16,
  kU8Offset128,      // Q8_0
  kU4Offset8,        // Q4_0
  kU4Min,            // Q4_1
  kU4SuperMin,       // Q4_K
  kU5SuperMin,       // Q5_K
  kU6SuperOffset32,  // Q6_K
};
constexpr int kNumPanelKinds = 9;

// Where the planes of a panel lie, in bytes from its start. A plane that a kind lacks has offset 0.
struct PanelLayout {
  PanelKind kind = PanelKind::kF32;
  int code_bits = 0;    // 4, 5, 6, 8; 0 for float panels
  int code_offset = 0;  // subtracted from every code
  int scales_per_group = 1;
  bool has_min = false;
  bool is_super = false;  // scales (and mins) are integers times an f16 per 8 groups
  int64_t num_groups = 0;
  int64_t codes = 0;
  int64_t high_bits = 0;
  int64_t scales = 0;
  int64_t mins = 0;
  int64_t super_scales = 0;
  int64_t super_mins = 0;
  int64_t panel_bytes = 0;
};

// REQUIRES: 0 < k <= 2^31.
PanelLayout PanelLayoutOf(PanelKind kind, int64_t k);

constexpr int64_t NumPanels(int64_t n) { return (n + kPanelRows - 1) / kPanelRows; }
constexpr int64_t NumGroups(int64_t k) { return (k + kGroupSize - 1) / kGroupSize; }
constexpr bool IsFloatPanel(PanelKind kind) { return kind <= PanelKind::kBf16; }
std::string_view PanelKindName(PanelKind kind);

// A packed matrix that somebody else owns (PanelStore or a test).
struct PackedMatrix {
  PanelLayout layout;
  int64_t n = 0;                    // rows of W, outputs
  int64_t k = 0;                    // columns of W, inputs
  const std::byte* data = nullptr;  // NumPanels(n) * layout.panel_bytes, on 64 bytes

  int64_t num_panels() const { return NumPanels(n); }
  int64_t bytes() const { return num_panels() * layout.panel_bytes; }
  const std::byte* panel(int64_t index) const { return data + index * layout.panel_bytes; }
};

// One group of one panel, unpacked; the form that plain kernels compute with.
struct PanelGroup {
  uint8_t codes[kPanelRows][kGroupSize];
  float scales[2][kPanelRows];  // [1] only where scales_per_group is 2
  float mins[kPanelRows];       // only where has_min
};
// REQUIRES: an integer panel, 0 <= group < layout.num_groups.
PanelGroup UnpackGroup(const PanelLayout& layout, const std::byte* panel, int64_t group);

// The panel's weights as floats: out [16][k]. For tests and for plain float panels.
void DequantizePanel(const PanelLayout& layout, const std::byte* panel, int64_t k, float* out);

}  // namespace atelier
