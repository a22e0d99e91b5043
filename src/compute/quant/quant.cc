#include "compute/quant/quant.h"

#include <algorithm>
#include <string>

#include "compute/quant/dequant.h"

namespace atelier {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 62;

// Block sizes as GGML defines them; a row without a dequantiser makes a file that holds the format an error that
// names it rather than a riddle.
constexpr QuantFormat kFormats[] = {
    {Quant::kF32, "F32", 1, 4, DequantizeF32},
    {Quant::kF16, "F16", 1, 2, DequantizeF16},
    {Quant::kQ4_0, "Q4_0", 32, 18, DequantizeQ4_0},
    {Quant::kQ4_1, "Q4_1", 32, 20, DequantizeQ4_1},
    {Quant::kQ5_0, "Q5_0", 32, 22, DequantizeQ5_0},
    {Quant::kQ5_1, "Q5_1", 32, 24, DequantizeQ5_1},
    {Quant::kQ8_0, "Q8_0", 32, 34, DequantizeQ8_0},
    {Quant::kQ8_1, "Q8_1", 32, 36, nullptr},
    {Quant::kQ2_K, "Q2_K", 256, 84, DequantizeQ2_K},
    {Quant::kQ3_K, "Q3_K", 256, 110, DequantizeQ3_K},
    {Quant::kQ4_K, "Q4_K", 256, 144, DequantizeQ4_K},
    {Quant::kQ5_K, "Q5_K", 256, 176, DequantizeQ5_K},
    {Quant::kQ6_K, "Q6_K", 256, 210, DequantizeQ6_K},
    {Quant::kQ8_K, "Q8_K", 256, 292, nullptr},
    {Quant::kIQ2_XXS, "IQ2_XXS", 256, 66, nullptr},
    {Quant::kIQ2_XS, "IQ2_XS", 256, 74, nullptr},
    {Quant::kIQ3_XXS, "IQ3_XXS", 256, 98, nullptr},
    {Quant::kIQ1_S, "IQ1_S", 256, 50, nullptr},
    {Quant::kIQ4_NL, "IQ4_NL", 32, 18, nullptr},
    {Quant::kIQ3_S, "IQ3_S", 256, 110, nullptr},
    {Quant::kIQ2_S, "IQ2_S", 256, 82, nullptr},
    {Quant::kIQ4_XS, "IQ4_XS", 256, 136, nullptr},
    {Quant::kI8, "I8", 1, 1, nullptr},
    {Quant::kI16, "I16", 1, 2, nullptr},
    {Quant::kI32, "I32", 1, 4, nullptr},
    {Quant::kI64, "I64", 1, 8, nullptr},
    {Quant::kF64, "F64", 1, 8, nullptr},
    {Quant::kIQ1_M, "IQ1_M", 256, 56, nullptr},
    {Quant::kBF16, "BF16", 1, 2, DequantizeBF16},
    {Quant::kTQ1_0, "TQ1_0", 256, 54, nullptr},
    {Quant::kTQ2_0, "TQ2_0", 256, 66, nullptr},
    {Quant::kMXFP4, "MXFP4", 32, 17, nullptr},
    {Quant::kNVFP4, "NVFP4", 64, 36, nullptr},
    {Quant::kQ1_0, "Q1_0", 128, 18, nullptr},
    {Quant::kQ2_0, "Q2_0", 64, 18, nullptr},
    {Quant::kBool, "BOOL", 1, 1, nullptr},
    {Quant::kU8, "U8", 1, 1, nullptr},
    {Quant::kU16, "U16", 1, 2, nullptr},
    {Quant::kU32, "U32", 1, 4, nullptr},
    {Quant::kU64, "U64", 1, 8, nullptr},
    {Quant::kF8E4M3, "F8_E4M3", 1, 1, nullptr},
    {Quant::kF8E5M2, "F8_E5M2", 1, 1, nullptr},
};

}  // namespace

std::span<const QuantFormat> QuantFormats() { return kFormats; }

const QuantFormat* FindQuant(uint32_t type_id) {
  const auto* found =
      std::ranges::lower_bound(kFormats, type_id, {}, [](const QuantFormat& f) { return static_cast<uint32_t>(f.id); });
  return found != std::end(kFormats) && static_cast<uint32_t>(found->id) == type_id ? found : nullptr;
}

const QuantFormat* FindQuant(std::string_view name) {
  const auto* found = std::ranges::find(kFormats, name, &QuantFormat::name);
  return found != std::end(kFormats) ? found : nullptr;
}

const QuantFormat& QuantOf(Quant id) {
  const QuantFormat* found = FindQuant(static_cast<uint32_t>(id));
  CHECK(found != nullptr);
  return *found;
}

std::optional<int64_t> NumElements(std::span<const int64_t> shape) {
  // A zero anywhere makes the product zero, but only after every dimension was looked at.
  int64_t product = 1;
  bool empty = false;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension == 0) {
      empty = true;
    } else if (product > kMaxElements / dimension) {
      return std::nullopt;
    } else {
      product *= dimension;
    }
  }
  return empty ? 0 : product;
}

Result<int64_t> TensorBytes(const QuantFormat& format, std::span<const int64_t> shape) {
  const auto elements = NumElements(shape);
  if (!elements) return Error::Invalid("shape", "the product of dimensions is negative or beyond 2^62");
  const int64_t columns = shape.empty() ? 1 : shape.back();
  if (columns % format.block_elements != 0) {
    return Error::Invalid("shape", "got rows of " + std::to_string(columns) + ", want a multiple of " +
                                       std::to_string(format.block_elements) + " as " + std::string(format.name) +
                                       " has in a block");
  }
  const int64_t blocks = *elements / format.block_elements;
  if (blocks > kMaxElements / format.block_bytes) return Error::Invalid("shape", "beyond 2^62 bytes");
  return blocks * format.block_bytes;
}

Result<void> Dequantize(const QuantFormat& format, std::span<const std::byte> src, std::span<float> dst) {
  if (!format.can_dequantize()) {
    return Error::Unsupported("", "format " + std::string(format.name) + " is not supported yet");
  }
  const auto n = static_cast<int64_t>(dst.size());
  CHECK(n % format.block_elements == 0);
  CHECK(static_cast<int64_t>(src.size()) >= format.BytesFor(n));
  format.dequantize(src.data(), dst.data(), n);
  return {};
}

}  // namespace atelier
