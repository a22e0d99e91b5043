// Late interaction: a query and a document as one vector for each token, scored by the sum over the query's tokens of
// the best inner product with any of the document's ("MaxSim").   [ColBERT, arXiv:2004.12832]
//
// COST: query tokens * document tokens * D multiplications, 16 query tokens at once.
// Every instruction set gives the same bits. Thread-safe once made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compute/kernel/isa.h"
#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {

// A quarter of the size of floats: value = scale of its token * int8.
struct Int8Tokens {
  std::span<const int8_t> values;  // [T, D]
  std::span<const float> scales;   // [T]
};

class MaxSim {
 public:
  // query_tokens [T, D], finite.   REQUIRES: dimensions > 0 and query_tokens.size() is a multiple of it.
  MaxSim(std::span<const float> query_tokens, int32_t dimensions, Isa isa = BestIsa());

  // document_tokens [T, D], finite. 0 where either has no token.
  float Score(std::span<const float> document_tokens) const;
  float Score(const Int8Tokens& document_tokens) const;

 private:
  template <class TokenAt>
  float SumOfBest(size_t num_tokens, const TokenAt& token_at) const;

  size_t dimensions_, num_tokens_;
  std::vector<float> blocks_;  // 16 query tokens side by side
  std::vector<float> zeros_;   // one for each, padded
  const ScanKernels& kernels_;
};

}  // namespace atelier
