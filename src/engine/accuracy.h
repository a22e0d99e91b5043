// How far the engine's fast path is from the same weights in F32: what integer activations and a small cache cost.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "compute/kernel/attention.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/isa.h"
#include "engine/plan/plan_weights.h"
#include "model/arch/model.h"

namespace atelier {

struct AccuracyOptions {
  CacheType cache_type = CacheType::kF16;
  Isa isa = Isa::kPlain;
  // The tokens are cut into pieces of so many, each a sequence of its own; the second half of a piece is judged
  // (as llama-perplexity does, so that its figures compare).
  int32_t piece = 512;
};

// Over the judged positions; logarithms are natural.
struct Accuracy {
  int64_t num_positions = 0;
  double mean_kl = 0;  // of KL(F32 || fast), the divergence of the fast path from the F32 one
  double largest_kl = 0;
  double top1_agreement = 0;  // share of positions where both have the same most likely token
  double perplexity = 0;      // of the fast path
  double perplexity_f32 = 0;
};

// Runs the model over `tokens` twice: as the engine does, with `weights`, and with its weights dequantised to F32, F32
// activations and an F32 cache. Errors: those of Plan; fewer tokens than a piece; a model that gives no logits.
// COST: 4 bytes of memory a parameter; two prefills.
Result<Accuracy> MeasureAccuracy(const Model& model, PlanWeights& weights, std::span<const int32_t> tokens,
                                 const AccuracyOptions& options, Gang& gang);

}  // namespace atelier
