// Rope: rotates pairs of numbers of each head by an angle that grows with the row's position [arXiv:2104.09864].
//   x, y [T, heads * head_dim]; of each head the first 2 * inv_freq.size() numbers turn, the rest stay.
//   Pair i turns by angle = position * inv_freq[i]:  (a, b) -> (a cos - b sin, b cos + a sin) * magnitude
// Which numbers are a pair depends on how the weights' rows are ordered in the file, not on the model.
//
// Every scaling that stretches a model beyond the context it was trained on only changes the frequencies (and YaRN
// the magnitude), so it is resolved by RopeFrequencies when the graph is recorded and no reader of a graph knows of it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/verb/matrix.h"

namespace atelier {

enum class RopeStyle : uint8_t {
  kAdjacent,  // pairs (2i, 2i + 1): Llama's own order, and llama in GGUF ("norm" in llama.cpp)
  kHalves,    // pairs (i, i + dims / 2): GPT-NeoX's order, every Hugging Face model, and qwen in GGUF
};

struct RopeSpec {
  RopeStyle style = RopeStyle::kHalves;
  int64_t heads = 0;
  int64_t head_dim = 0;
  std::vector<float> inv_freq;  // [dims / 2], radians per position
  float magnitude = 1;          // scales cos and sin
};

Result<Shape> RopeShape(const RopeSpec& spec, const Shape& x);

// cos[i], sin[i] of pair i at a position, magnitude included. cos and sin have inv_freq.size() numbers.
// The angle is rounded to F32 before its cosine is taken (as the models were trained), the cosine is exact to F32.
// Every reader of a graph takes its angles from here.
void RopeAngles(const RopeSpec& spec, int32_t position, float* cos, float* sin);

void RopeForward(const RopeSpec& spec, std::span<const int32_t> position, ConstMatrix x, Matrix y);

// How a model's file describes its frequencies.
struct RopeScaling {
  enum class Kind : uint8_t { kNone, kLinear, kLlama3, kYarn };
  Kind kind = Kind::kNone;
  float factor = 1;              // linear, llama3, yarn: how many times longer the context is
  int64_t original_context = 0;  // llama3, yarn: what the model was first trained on
  float low_freq_factor = 1;     // llama3
  float high_freq_factor = 4;    // llama3
  float beta_fast = 32;          // yarn: pairs that turn more often than this within original_context stay
  float beta_slow = 1;           // yarn: pairs that turn less often are divided by factor
  float ext_factor = 1;          // yarn: 1 mixes as the paper does
  std::optional<float> attention_factor = std::nullopt;  // yarn: replaces the paper's 0.1 ln(factor) + 1
  float mscale = 0;                                      // yarn: DeepSeek's pair; both 0: absent
  float mscale_all_dim = 0;
  bool truncate = true;  // yarn: round the borders of the mixed range to whole pairs
};

struct RopeFrequencySet {
  std::vector<float> inv_freq;
  float magnitude = 1;
};

//   theta     the base of the frequencies        dims  how many numbers of a head turn; even
//   factors   [dims / 2] by which frequencies are divided (GGUF's rope_freqs.weight), or empty
// Errors: dims odd or not above 0, theta or a factor not above 0, factors of another size.
Result<RopeFrequencySet> RopeFrequencies(double theta, int64_t dims, const RopeScaling& scaling,
                                         std::span<const float> factors);

}  // namespace atelier
