#include "model/container/tensor_file.h"

#include <algorithm>
#include <cstring>

#include "model/container/byte_reader.h"

namespace atelier {

int64_t Tensor::num_elements() const {
  const auto count = NumElements(shape);
  CHECK(count.has_value());
  return *count;
}

int64_t Tensor::columns() const { return shape.empty() ? 1 : shape.back(); }

int64_t Tensor::rows() const {
  int64_t product = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) product *= shape[i];
  return product;
}

int64_t Tensor::row_bytes() const { return format->BytesFor(columns()); }

std::string Tensor::ShapeText() const {
  std::string text = "[";
  for (const int64_t dimension : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(dimension);
  }
  return text + "]";
}

void CopyRows(const Tensor& tensor, int64_t begin, int64_t num_rows, std::byte* dst) {
  CHECK(begin >= 0 && num_rows >= 0 && begin <= tensor.rows() - num_rows);
  const int64_t row_bytes = tensor.row_bytes();
  if (num_rows == 0 || row_bytes == 0) return;
  if (!tensor.transposed) {
    std::memcpy(dst, tensor.bytes.data() + begin * row_bytes, static_cast<size_t>(num_rows * row_bytes));
    return;
  }
  CHECK(tensor.shape.size() == 2 && tensor.format->block_elements == 1);
  const int64_t element_bytes = tensor.format->block_bytes;
  const int64_t file_row_bytes = tensor.rows() * element_bytes;
  // One walk along the file's rows; each gives one element to every row asked for.
  for (int64_t column = 0; column < tensor.columns(); ++column) {
    const std::byte* src = tensor.bytes.data() + column * file_row_bytes + begin * element_bytes;
    for (int64_t row = 0; row < num_rows; ++row) {
      std::memcpy(dst + row * row_bytes + column * element_bytes, src + row * element_bytes,
                  static_cast<size_t>(element_bytes));
    }
  }
}

Result<void> ReadRowsF32(const Tensor& tensor, int64_t begin, int64_t num_rows, float* dst) {
  CHECK(begin >= 0 && num_rows >= 0 && begin <= tensor.rows() - num_rows);
  const std::span<float> out(dst, static_cast<size_t>(num_rows * tensor.columns()));
  if (!tensor.transposed) {
    auto done = Dequantize(*tensor.format, tensor.bytes.subspan(static_cast<size_t>(begin * tensor.row_bytes())), out);
    if (!done.ok()) return Within(tensor.name, std::move(done).error());
    return {};
  }
  std::vector<std::byte> turned(static_cast<size_t>(num_rows * tensor.row_bytes()));
  CopyRows(tensor, begin, num_rows, turned.data());
  auto done = Dequantize(*tensor.format, turned, out);
  if (!done.ok()) return Within(tensor.name, std::move(done).error());
  return {};
}

Result<std::vector<float>> ReadF32(const Tensor& tensor) {
  if (!tensor.format->can_dequantize()) {
    return Error::Unsupported(std::string(tensor.name),
                              "format " + std::string(tensor.format->name) + " is not supported yet");
  }
  std::vector<float> values(static_cast<size_t>(tensor.num_elements()));
  TRY_VOID(ReadRowsF32(tensor, 0, tensor.rows(), values.data()));
  return values;
}

}  // namespace atelier
