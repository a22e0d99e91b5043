// Min-p: keeps candidates at least min_p times as likely as the likeliest.                           [arXiv:2407.01082]
#include "engine/sample/portable_math.h"
#include "engine/sample/stage.h"

namespace atelier {
namespace {

class MinP final : public CandidateStage {
 public:
  explicit MinP(float p) : log_p_(PortableLog(p)) {}
  void Apply(Candidates& candidates, double /*u*/) override {
    candidates.KeepAtLeast(static_cast<float>(candidates.max() + log_p_ / candidates.scale()));
  }

 private:
  const double log_p_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeMinP(const SamplingParams& params) {
  if (params.min_p <= 0.0F) return nullptr;
  return std::make_unique<MinP>(params.min_p);
}

}  // namespace atelier
