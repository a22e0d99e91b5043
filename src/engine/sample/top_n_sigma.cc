// Top-n-sigma: keeps logits at most n standard deviations (of all logits) below the largest.        [arXiv:2411.07641]
#include <cmath>

#include "engine/sample/stage.h"

namespace atelier {
namespace {

// Over logits that are not -inf, in index order.
double StandardDeviation(std::span<const float> logits) {
  double sum = 0;
  double num = 0;
  for (const float logit : logits) {
    if (!std::isfinite(logit)) continue;
    sum += logit;
    num += 1;
  }
  const double mean = sum / num;
  double squares = 0;
  for (const float logit : logits) {
    if (std::isfinite(logit)) squares += (logit - mean) * (logit - mean);
  }
  return std::sqrt(squares / num);
}

class TopNSigma final : public CandidateStage {
 public:
  explicit TopNSigma(float n) : n_(n) {}
  void Apply(Candidates& candidates, double /*u*/) override {
    const double lowest = candidates.max() - n_ * StandardDeviation(candidates.logits());
    candidates.KeepAtLeast(static_cast<float>(lowest));
  }

 private:
  const double n_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeTopNSigma(const SamplingParams& params) {
  if (params.top_n_sigma <= 0.0F) return nullptr;
  return std::make_unique<TopNSigma>(params.top_n_sigma);
}

}  // namespace atelier
