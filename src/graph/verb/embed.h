// Embed: each row becomes the row of a table that its token, position or token type names.
//   table [N, E]   y [T, E]   y[t] = table[index[t]]
#pragma once

#include <span>

#include "graph/verb/matrix.h"

namespace atelier {

enum class EmbedIndex : uint8_t {
  kToken,      // table [V, E]
  kPosition,   // table [longest context, E]: learned positions (BERT)
  kTokenType,  // table [types, E]: BERT's segments; a batch without token types means all 0
};

struct EmbedSpec {
  EmbedIndex index = EmbedIndex::kToken;
  int64_t num_rows = 0;  // of the table
  int64_t cols = 0;      // E
};

Result<Shape> EmbedShape(const EmbedSpec& spec);

// An index outside of the table is an error that names the row.
Result<void> EmbedForward(const EmbedSpec& spec, ConstMatrix table, std::span<const int32_t> index, Matrix y);

}  // namespace atelier
