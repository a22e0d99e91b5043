// Locally typical: keeps the candidates whose surprise -ln p lies nearest to the expected surprise (the entropy), until
// their probabilities add up to typical_p. [arXiv:2202.00666]
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/sample/portable_math.h"
#include "engine/sample/stage.h"

namespace atelier {
namespace {

class Typical final : public CandidateStage {
 public:
  explicit Typical(float p) : p_(p) {}

  void Apply(Candidates& candidates, double /*u*/) override {
    Gather(candidates);
    const double total = candidates.TotalWeight();
    const double log_total = PortableLog(total);
    // Surprise of a candidate: log_total - (logit - max) * scale; -entropy is the mean of ln p.
    double entropy = log_total;
    for (const TokenCandidate& c : all_) {
      const double weight = candidates.Weight(c.logit);
      if (weight > 0) entropy -= weight / total * (c.logit - candidates.max()) * candidates.scale();
    }
    typicality_.resize(all_.size());
    for (size_t i = 0; i < all_.size(); ++i) {
      const double surprise = log_total - (all_[i].logit - candidates.max()) * static_cast<double>(candidates.scale());
      typicality_[i] = static_cast<float>(-std::abs(surprise - entropy));
    }
    Keep(candidates, p_ * total);
  }

 private:
  void Gather(Candidates& candidates) {
    if (candidates.complete()) {
      const auto top = candidates.Top(candidates.size());
      all_.assign(top.begin(), top.end());
      return;
    }
    all_.clear();
    const auto logits = candidates.logits();
    for (size_t i = 0; i < logits.size(); ++i) all_.push_back({logits[i], static_cast<int32_t>(i)});
  }

  void Keep(Candidates& candidates, double wanted) {
    std::vector<TokenCandidate> kept;
    double sum = 0;
    for (size_t n = 64;; n *= 16) {
      SelectLargest(typicality_, n, &order_);  // TokenCandidate::token is an index into all_ here
      for (; kept.size() < order_.size() && (sum < wanted || kept.empty());) {
        kept.push_back(all_[order_[kept.size()].token]);
        sum += candidates.Weight(kept.back().logit);
      }
      if (sum >= wanted || order_.size() < n) break;
    }
    std::ranges::sort(kept, [](const TokenCandidate& a, const TokenCandidate& b) {
      return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
    });
    candidates.Keep(std::move(kept));
  }

  const double p_;
  std::vector<TokenCandidate> all_;
  std::vector<float> typicality_;
  std::vector<TokenCandidate> order_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeTypical(const SamplingParams& params) {
  if (params.typical_p >= 1.0F) return nullptr;
  return std::make_unique<Typical>(params.typical_p);
}

}  // namespace atelier
