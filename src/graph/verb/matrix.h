// What verbs work on: matrices of F32, row-major and without gaps, whose rows are the rows of a batch.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace atelier {

// What a row of a value stands for.
enum class RowKind : uint8_t {
  kTokens,     // T rows, one per token of the batch
  kOutputs,    // O rows, the tokens whose logits are wanted, in the order that Rows::output lists them
  kSequences,  // S rows, one per sequence of the batch
};

// The shape of a value, known when it is recorded: how many rows there are, each batch says.
struct Shape {
  RowKind rows = RowKind::kTokens;
  int64_t cols = 0;

  bool operator==(const Shape&) const = default;
};

// "[T, 576]", "[O, 49152]" or "[S, 384]".
std::string ToString(const Shape& shape);

// A view of rows * cols numbers; `data` belongs to someone else and outlives the view.
template <class T>
struct MatrixView {
  T* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;

  T* Row(int64_t row) const { return data + row * cols; }
};
using Matrix = MatrixView<float>;
using ConstMatrix = MatrixView<const float>;

}  // namespace atelier
