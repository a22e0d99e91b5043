// Block formats: how the numbers of a tensor are stored in model files. One row of one table a format; who reads
// a tensor asks the row, nobody switches over formats.
//
// A tensor in a block format is rows of whole blocks: a row of n elements is n / block_elements blocks, one
// after the other. Multi-byte values are little-endian. Names and type ids are GGML's; formats that only other
// containers have (safetensors, ONNX) have ids from 1000 up, which never stand in a GGUF file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace atelier {

enum class Quant : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ8_1 = 9,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kQ8_K = 15,
  kIQ2_XXS = 16,
  kIQ2_XS = 17,
  kIQ3_XXS = 18,
  kIQ1_S = 19,
  kIQ4_NL = 20,
  kIQ3_S = 21,
  kIQ2_S = 22,
  kIQ4_XS = 23,
  kI8 = 24,
  kI16 = 25,
  kI32 = 26,
  kI64 = 27,
  kF64 = 28,
  kIQ1_M = 29,
  kBF16 = 30,
  kTQ1_0 = 34,
  kTQ2_0 = 35,
  kMXFP4 = 39,
  kNVFP4 = 40,
  kQ1_0 = 41,
  kQ2_0 = 42,
  kBool = 1000,
  kU8 = 1001,
  kU16 = 1002,
  kU32 = 1003,
  kU64 = 1004,
  kF8E4M3 = 1005,
  kF8E5M2 = 1006,
};

struct QuantFormat {
  Quant id;
  std::string_view name;  // as GGUF tools print it: "Q4_K"
  int64_t block_elements;
  int64_t block_bytes;
  // Writes n numbers to dst from n / block_elements blocks at src (any alignment). Bit for bit what the Python
  // package `gguf` computes, except that a NaN may be another NaN. REQUIRES: n % block_elements == 0.
  // nullptr: the format is known by name and size only.
  void (*dequantize)(const std::byte* src, float* dst, int64_t n);

  bool can_dequantize() const { return dequantize != nullptr; }
  // REQUIRES: n % block_elements == 0, and n is within memory.
  int64_t BytesFor(int64_t n) const { return n / block_elements * block_bytes; }
};

// Every format, in the order of ids.
std::span<const QuantFormat> QuantFormats();
// nullptr if there is none.
const QuantFormat* FindQuant(uint32_t type_id);
const QuantFormat* FindQuant(std::string_view name);
// The row of the table. Never fails.
const QuantFormat& QuantOf(Quant id);

// Number of elements of a tensor; nothing if a dimension is negative or the product exceeds 2^62.
std::optional<int64_t> NumElements(std::span<const int64_t> shape);
// Bytes of a tensor whose last dimension is contiguous. Errors: a negative dimension, a product beyond 2^62, a
// last dimension that is not whole blocks.
Result<int64_t> TensorBytes(const QuantFormat& format, std::span<const int64_t> shape);

// Dequantises n elements, or says that the format is not supported yet. REQUIRES as for `dequantize`.
Result<void> Dequantize(const QuantFormat& format, std::span<const std::byte> src, std::span<float> dst);

// IEEE half and bfloat16 to float, exactly. Subnormals, infinities and NaNs keep their meaning.
float F16ToF32(uint16_t bits);
float BF16ToF32(uint16_t bits);

}  // namespace atelier
