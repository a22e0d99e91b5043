#include "knowledge/index/vector/max_sim.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace atelier {

namespace {

constexpr size_t kTokensAcross = 16;

}  // namespace

MaxSim::MaxSim(std::span<const float> query_tokens, int32_t dimensions, Isa isa)
    : dimensions_(static_cast<size_t>(dimensions)), kernels_(ScanKernelsFor(isa)) {
  CHECK(dimensions > 0 && query_tokens.size() % dimensions_ == 0);
  num_tokens_ = query_tokens.size() / dimensions_;
  const size_t padded = (num_tokens_ + kTokensAcross - 1) / kTokensAcross * kTokensAcross;
  blocks_.assign(padded * dimensions_, 0.0F);
  zeros_.assign(padded, 0.0F);
  for (size_t t = 0; t < num_tokens_; ++t) {
    for (size_t d = 0; d < dimensions_; ++d) {
      blocks_[(t / kTokensAcross * dimensions_ + d) * kTokensAcross + t % kTokensAcross] =
          query_tokens[t * dimensions_ + d];
    }
  }
}

template <class TokenAt>
float MaxSim::SumOfBest(size_t num_tokens, const TokenAt& token_at) const {
  if (num_tokens == 0) return 0;
  std::vector<float> best(zeros_.size(), -std::numeric_limits<float>::infinity());
  std::vector<float> products(zeros_.size());
  for (size_t t = 0; t < num_tokens; ++t) {
    const auto [token, scale] = token_at(t);
    kernels_.project(blocks_.data(), zeros_.data(), token, static_cast<int64_t>(zeros_.size() / kTokensAcross),
                     static_cast<int64_t>(dimensions_), products.data());
    for (size_t q = 0; q < num_tokens_; ++q) best[q] = std::max(best[q], products[q] * scale);
  }
  float sum = 0;
  for (size_t q = 0; q < num_tokens_; ++q) sum += best[q];
  return sum;
}

float MaxSim::Score(std::span<const float> document_tokens) const {
  CHECK(document_tokens.size() % dimensions_ == 0);
  return SumOfBest(document_tokens.size() / dimensions_,
                   [&](size_t t) { return std::pair(&document_tokens[t * dimensions_], 1.0F); });
}

float MaxSim::Score(const Int8Tokens& document_tokens) const {
  CHECK(document_tokens.values.size() == document_tokens.scales.size() * dimensions_);
  std::vector<float> wide(dimensions_);
  return SumOfBest(document_tokens.scales.size(), [&](size_t t) {
    const auto values = document_tokens.values.subspan(t * dimensions_, dimensions_);
    std::copy(values.begin(), values.end(), wide.begin());
    return std::pair(static_cast<const float*>(wide.data()), document_tokens.scales[t]);
  });
}

}  // namespace atelier
