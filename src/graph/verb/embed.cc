#include "graph/verb/embed.h"

#include <algorithm>

namespace atelier {
namespace {

const char* IndexName(EmbedIndex index) {
  return index == EmbedIndex::kToken ? "token" : index == EmbedIndex::kPosition ? "position" : "token_type";
}

}  // namespace

Result<Shape> EmbedShape(const EmbedSpec& spec) {
  if (spec.num_rows <= 0 || spec.cols <= 0) {
    return Error::Invalid("Embed", "got a table [" + std::to_string(spec.num_rows) + ", " + std::to_string(spec.cols) +
                                       "], want both above 0");
  }
  return Shape{RowKind::kTokens, spec.cols};
}

Result<void> EmbedForward(const EmbedSpec& spec, ConstMatrix table, std::span<const int32_t> index, Matrix y) {
  for (int64_t t = 0; t < y.rows; ++t) {
    const int64_t i = index.empty() ? 0 : index[static_cast<size_t>(t)];
    if (i < 0 || i >= table.rows) {
      return Error::Invalid(std::string("rows.") + IndexName(spec.index) + "[" + std::to_string(t) + "]",
                            "got " + std::to_string(i) + ", want 0 to " + std::to_string(table.rows - 1));
    }
    std::copy_n(table.Row(i), table.cols, y.Row(t));
  }
  return {};
}

}  // namespace atelier
