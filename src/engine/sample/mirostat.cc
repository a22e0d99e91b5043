// Mirostat 2: keeps candidates whose surprise -log2 p is at most mu, and moves mu so that the surprise of what is drawn
// tends to tau: mu -= eta * (surprise - tau), from mu = 2 tau. The surprise is taken after the cut. [arXiv:2007.14966,
// algorithm 2]
#include "engine/sample/portable_math.h"
#include "engine/sample/stage.h"

namespace atelier {
namespace {

constexpr double kLn2 = 0.69314718055994531;

class Mirostat final : public CandidateStage {
 public:
  Mirostat(float tau, float eta) : tau_(tau), eta_(eta), mu_(2.0 * tau) {}

  void Apply(Candidates& candidates, double /*u*/) override {
    // -log2(w / total) <= mu, solved for the logit.
    const double lowest_weight_log = PortableLog(candidates.TotalWeight()) - mu_ * kLn2;
    candidates.KeepAtLeast(static_cast<float>(candidates.max() + lowest_weight_log / candidates.scale()));
  }

  void Chosen(Candidates& candidates, int32_t token) override {
    const double weight = candidates.Weight(candidates.logits()[token]);
    const double surprise = (PortableLog(candidates.TotalWeight()) - PortableLog(weight)) / kLn2;
    mu_ -= eta_ * (surprise - tau_);
  }

 private:
  const double tau_;
  const double eta_;
  double mu_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeMirostat(const SamplingParams& params) {
  if (params.mirostat != 2) return nullptr;
  return std::make_unique<Mirostat>(params.mirostat_tau, params.mirostat_eta);
}

}  // namespace atelier
