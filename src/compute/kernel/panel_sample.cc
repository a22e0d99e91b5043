#include "compute/kernel/panel_sample.h"

#include <bit>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "base/check.h"
#include "compute/kernel/pack.h"
#include "compute/quant/quant.h"

namespace atelier {

namespace {

constexpr int64_t kAlignment = 64;
constexpr uint16_t kF16One = 0x3c00;

// Where a block keeps f16 numbers, which random bytes would make huge or NaN.
std::initializer_list<int> HalfOffsets(std::string_view format_name) {
  static constexpr std::initializer_list<int> kFirst = {0};
  static constexpr std::initializer_list<int> kFirstTwo = {0, 2};
  static constexpr std::initializer_list<int> kLast = {208};
  if (format_name == "Q8_0" || format_name == "Q4_0" || format_name == "F16") return kFirst;
  return format_name == "Q6_K" ? kLast : kFirstTwo;
}

SampleMatrix Packed(std::string_view format_name, int64_t n, int64_t k, std::vector<std::byte> blocks) {
  const QuantFormat* format = FindQuant(format_name);
  const PanelLayout layout = PanelLayoutOf(*PanelKindOf(format_name), k);
  SampleMatrix out{std::move(blocks), format->BytesFor(k), AlignedBytes(NumPanels(n) * layout.panel_bytes), {}};
  out.packed = {.layout = layout, .n = n, .k = k, .data = out.panels.data()};
  for (int64_t p = 0; p < NumPanels(n); ++p) {
    const int64_t rows = std::min<int64_t>(kPanelRows, n - p * kPanelRows);
    PackPanel(format_name, out.blocks.data() + p * kPanelRows * out.row_bytes, out.row_bytes, rows, k,
              out.panels.data() + p * layout.panel_bytes);
  }
  return out;
}

std::vector<std::byte> EmptyBlocks(std::string_view format_name, int64_t n, int64_t k) {
  const QuantFormat* format = FindQuant(format_name);
  CHECK(format != nullptr && PanelKindOf(format_name).has_value());
  return std::vector<std::byte>(static_cast<size_t>(n * format->BytesFor(k)));
}

void PutHalf(std::byte* at, uint16_t bits) { std::memcpy(at, &bits, sizeof bits); }

}  // namespace

AlignedBytes::AlignedBytes(int64_t bytes)
    : memory_(static_cast<std::byte*>(
          std::aligned_alloc(kAlignment, static_cast<size_t>((bytes + kAlignment) / kAlignment * kAlignment)))) {
  CHECK(memory_ != nullptr);
  std::memset(memory_.get(), 0, static_cast<size_t>(bytes));
}

int64_t SampleBlockElements(std::string_view format_name) { return FindQuant(format_name)->block_elements; }

SampleMatrix MakeSampleMatrix(std::string_view format_name, int64_t n, int64_t k, Random& random) {
  std::vector<std::byte> blocks = EmptyBlocks(format_name, n, k);
  const QuantFormat* format = FindQuant(format_name);
  if (format_name == "F32" || format_name == "BF16") {
    for (size_t i = 0; i < static_cast<size_t>(n * k); ++i) {
      const auto bits = std::bit_cast<uint32_t>(static_cast<float>(random.Normal()));
      const auto high = static_cast<uint16_t>(bits >> 16);
      if (format_name == "F32") std::memcpy(blocks.data() + 4 * i, &bits, 4);
      if (format_name == "BF16") std::memcpy(blocks.data() + 2 * i, &high, 2);
    }
    return Packed(format_name, n, k, std::move(blocks));
  }
  for (std::byte& byte : blocks) byte = static_cast<std::byte>(random.Below(256));
  for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(format->block_bytes)) {
    for (const int offset : HalfOffsets(format_name)) {
      const auto scale =
          static_cast<uint16_t>(0x1c00 + random.Below(0x0800) + (random.Below(2) << 15));  // 2^-8 .. 2^-6
      PutHalf(blocks.data() + at + static_cast<size_t>(offset), scale);
    }
  }
  return Packed(format_name, n, k, std::move(blocks));
}

SampleMatrix MakeFilledMatrix(std::string_view format_name, int64_t n, int64_t k, int fill) {
  if (IsFloatPanel(*PanelKindOf(format_name))) fill = 0x3c;
  std::vector<std::byte> blocks = EmptyBlocks(format_name, n, k);
  const QuantFormat* format = FindQuant(format_name);
  for (std::byte& byte : blocks) byte = static_cast<std::byte>(fill);
  if (IsFloatPanel(*PanelKindOf(format_name))) return Packed(format_name, n, k, std::move(blocks));
  for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(format->block_bytes)) {
    for (const int offset : HalfOffsets(format_name)) {
      PutHalf(blocks.data() + at + static_cast<size_t>(offset), kF16One);
    }
  }
  return Packed(format_name, n, k, std::move(blocks));
}

}  // namespace atelier
