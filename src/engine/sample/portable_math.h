// exp and log of our own, made of +, - and * alone, so that every machine, compiler and library rounds alike:
// what a sampler draws must not change with libm. Relative error of both under 3e-7 (exp), 2e-7 absolute (log).
#pragma once

#include <cstdint>
#include <span>

namespace atelier {

// Below this difference to the largest logit a candidate weighs nothing: e^-87 is the smallest normal float.
inline constexpr float kLowestExponent = -87.0F;

// e^x; 0 where x < kLowestExponent or x is no number. REQUIRES: x <= 88.
float PortableExp(float x);
// Natural logarithm. REQUIRES: x > 0 and finite.
double PortableLog(double x);

// A weight for each block of kSumBlock logits, in index order: sum of e^((logit - max) * scale), four lane sums within
// the block.
inline constexpr int64_t kSumBlock = 64;
// The sum over all blocks in order.   COST one exp for each logit.
//   blocks  [ceil(n / kSumBlock)] out
double SumWeights(std::span<const float> logits, float max, float scale, std::span<float> blocks);

// The largest logit's index, the smallest among equals; 0 where all are -inf or no numbers.
int32_t ArgMax(std::span<const float> logits);

}  // namespace atelier
