#include "graph/verb/matrix.h"

namespace atelier {

std::string ToString(const Shape& shape) {
  const char* rows = shape.rows == RowKind::kTokens ? "T" : shape.rows == RowKind::kOutputs ? "O" : "S";
  return std::string("[") + rows + ", " + std::to_string(shape.cols) + "]";
}

}  // namespace atelier
