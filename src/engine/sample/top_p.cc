// Top-p (nucleus): keeps the likeliest until their probabilities add up to p, the one that reaches p included.
// [arXiv:1904.09751]
#include "engine/sample/stage.h"

namespace atelier {
namespace {

class TopP final : public CandidateStage {
 public:
  explicit TopP(float p) : p_(p) {}
  void Apply(Candidates& candidates, double /*u*/) override {
    const double wanted = p_ * candidates.TotalWeight();
    double sum = 0;
    size_t num_kept = 0;
    // Most nuclei are small, so look at a few of the likeliest before sorting more.
    for (size_t n = 64;; n *= 16) {
      const auto top = candidates.Top(n);
      for (; num_kept < top.size() && sum < wanted; ++num_kept) sum += candidates.Weight(top[num_kept].logit);
      if (sum >= wanted || top.size() < n) break;
    }
    candidates.KeepTop(num_kept > 0 ? num_kept : 1);
  }

 private:
  const double p_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeTopP(const SamplingParams& params) {
  if (params.top_p >= 1.0F) return nullptr;
  return std::make_unique<TopP>(params.top_p);
}

}  // namespace atelier
