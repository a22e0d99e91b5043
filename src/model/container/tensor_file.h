// What a model file looks like to whoever reads weights, whichever container it is: names, formats, shapes and
// bytes. Everything in a Tensor has been checked: the bytes lie within the file and are exactly what format and
// shape need. The names are the container's own (GGUF: "blk.0.attn_q.weight"; safetensors and ONNX: Hugging Face
// names, "encoder.layer.0.attention.self.query.weight"); architectures map them.
//
// A TensorFile keeps its file mapped; spans and pointers from it live as long as it does. Immutable, so any
// number of threads may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compute/quant/quant.h"

namespace atelier {

struct Tensor {
  std::string_view name = {};
  const QuantFormat* format = nullptr;
  // Row-major, the last dimension contiguous: a matrix that makes N outputs from K inputs is [N, K].
  // (GGUF writes dimensions the other way round; they are turned here.)
  std::vector<int64_t> shape = {};
  // At any alignment: containers promise none.
  std::span<const std::byte> bytes = {};
  // The bytes hold the transpose, [K, N] row-major (matrix products in ONNX; F32, F16 or BF16 only). Use CopyRows
  // or ReadF32, which turn it, unless you want to walk columns.
  bool transposed = false;

  int64_t num_elements() const;   // 1 for a scalar (empty shape)
  int64_t columns() const;        // last dimension, 1 for a scalar
  int64_t rows() const;           // product of the other dimensions
  int64_t row_bytes() const;      // of one row in `format`
  std::string ShapeText() const;  // "[576, 49152]"
};

class TensorFile {
 public:
  virtual ~TensorFile() = default;
  // In the order of the file (of the shards). Names are unique.
  virtual std::span<const Tensor> tensors() const = 0;
  // nullptr if there is none.
  virtual const Tensor* Find(std::string_view name) const = 0;
  // Of the file or folder, for error messages.
  virtual const std::string& path() const = 0;
};

// Copies rows [begin, begin + num_rows) in the tensor's format to `dst`, turning transposed ones.
//   dst  num_rows * row_bytes() bytes
// REQUIRES: 0 <= begin, begin + num_rows <= rows().   COST: for transposed ones a strided walk; ask for 16 rows or
// more at a time.
void CopyRows(const Tensor& tensor, int64_t begin, int64_t num_rows, std::byte* dst);

// Rows [begin, begin + num_rows) as f32 [num_rows, columns]. kUnsupported names a format without dequantiser.
Result<void> ReadRowsF32(const Tensor& tensor, int64_t begin, int64_t num_rows, float* dst);
// The whole tensor as f32.
Result<std::vector<float>> ReadF32(const Tensor& tensor);

}  // namespace atelier
