// XTC ("exclude top choices"): with probability xtc_probability, of all candidates at least as likely as xtc_threshold
// only the least likely stays.                               [github.com/oobabooga/text-generation-webui, pull request
// 6335]
#include "engine/sample/stage.h"

namespace atelier {
namespace {

class Xtc final : public CandidateStage {
 public:
  Xtc(float probability, float threshold) : probability_(probability), threshold_(threshold) {}
  void Apply(Candidates& candidates, double u) override {
    if (u >= probability_) return;
    const double lowest = threshold_ * candidates.TotalWeight();
    size_t num_likely = 0;
    for (size_t n = 64;; n *= 16) {
      const auto top = candidates.Top(n);
      while (num_likely < top.size() && candidates.Weight(top[num_likely].logit) >= lowest) ++num_likely;
      if (num_likely < top.size() || top.size() < n) break;
    }
    if (num_likely >= 2) candidates.DropTop(num_likely - 1);
  }

 private:
  const double probability_;
  const double threshold_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeXtc(const SamplingParams& params) {
  if (params.xtc_probability <= 0.0F || params.xtc_threshold > 0.5F) return nullptr;
  return std::make_unique<Xtc>(params.xtc_probability, params.xtc_threshold);
}

}  // namespace atelier
