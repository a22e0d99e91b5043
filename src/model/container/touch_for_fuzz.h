// What fuzzers do with a file that was accepted.
#pragma once

#include <algorithm>
#include <vector>

#include "model/container/tensor_file.h"

namespace atelier {

// Finds every tensor by its name and reads its first and last rows, as bytes and as floats.
inline void TouchTensors(const TensorFile& file) {
  for (const Tensor& tensor : file.tensors()) {
    CHECK(file.Find(tensor.name) == &tensor);
    CHECK(static_cast<int64_t>(tensor.bytes.size()) == tensor.format->BytesFor(tensor.num_elements()));
    CHECK(!tensor.ShapeText().empty());
    if (tensor.num_elements() == 0) continue;  // its rows may be many, and have no bytes
    for (const int64_t row : {int64_t{0}, tensor.rows() - 1}) {
      std::vector<std::byte> bytes(static_cast<size_t>(tensor.row_bytes()));
      CopyRows(tensor, row, 1, bytes.data());
      std::vector<float> values(static_cast<size_t>(tensor.columns()));
      (void)ReadRowsF32(tensor, row, 1, values.data());
    }
  }
}

}  // namespace atelier
