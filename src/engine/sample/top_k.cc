// Top-k: keeps the k likeliest; among equals at the border those with the smallest ids. [arXiv:1805.04833]
#include "engine/sample/stage.h"

namespace atelier {
namespace {

class TopK final : public CandidateStage {
 public:
  explicit TopK(int32_t k) : k_(static_cast<size_t>(k)) {}
  void Apply(Candidates& candidates, double /*u*/) override { candidates.KeepTop(k_); }

 private:
  const size_t k_;
};

}  // namespace

std::unique_ptr<CandidateStage> MakeTopK(const SamplingParams& params) {
  if (params.top_k <= 0) return nullptr;
  return std::make_unique<TopK>(params.top_k);
}

}  // namespace atelier
