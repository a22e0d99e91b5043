// How far logits are from those of the same weights in F32: what integer activations and a small cache cost. The
// reference is a Plan over F32 panels with F32 activations and an F32 cache, which Plain equals within rounding.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "compute/kernel/attention.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/isa.h"
#include "engine/plan/plan_weights.h"
#include "model/arch/model.h"

namespace atelier {

// One way to compute the logits: the engine's own, or what another program wrote down.
struct AccuracyCandidate {
  std::string name;  // for people
  CacheType cache_type = CacheType::kF16;
  Isa isa = BestIsa();
  // Not empty: a file or pipe with the logits instead, f32 [positions][V], the judged positions in order.
  std::string logits_path = {};
};

struct AccuracyOptions {
  std::vector<AccuracyCandidate> candidates;
  // The tokens are cut into pieces of so many, each a sequence of its own; all its positions are judged but the last,
  // which has no next token. A rest that fills no piece is left out.
  int32_t piece = 1024;
};

// Logarithms are natural.
struct Accuracy {
  std::string name;
  double mean_kl = 0;   // of KL(F32 || candidate)
  double kl_error = 0;  // standard error of mean_kl
  double largest_kl = 0;
  double top1_agreement = 0;  // share of positions where both have the same most likely token
  double perplexity = 0;
  uint64_t logits_hash = 0;  // of the bits of all logits: equal for kernels that agree bit for bit
};

struct AccuracyReport {
  int64_t num_positions = 0;
  double perplexity = 0;  // in F32
  std::vector<Accuracy> candidates;
};

// Runs the model over `tokens` in F32 and in every candidate's way. Errors: those of Plan; fewer tokens than a piece; a
// model that gives no logits; a file of logits that ends early.
// COST: 4 bytes of memory a parameter; two prefills and more.
Result<AccuracyReport> MeasureAccuracy(const Model& model, PlanWeights& weights, std::span<const int32_t> tokens,
                                       const AccuracyOptions& options, Gang& gang);

}  // namespace atelier
