#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "engine/sample/candidates.h"
#include "engine/sample/portable_math.h"
#include "engine/sample/sampler.h"

namespace atelier {

LogprobEntry Logprobs(std::span<const float> logits, int32_t token, int32_t num_top) {
  CHECK(token >= 0 && static_cast<size_t>(token) < logits.size());
  const float max = logits[ArgMax(logits)];
  std::vector<float> blocks((logits.size() + kSumBlock - 1) / kSumBlock);
  const double log_total = PortableLog(std::max(SumWeights(logits, max, 1.0F, blocks), 1e-300));
  const auto logprob = [&](float logit) { return static_cast<float>((logit - max) - log_total); };

  LogprobEntry entry;
  const float chosen = logits[token];
  entry.chosen = {token, logprob(chosen)};
  for (size_t i = 0; i < logits.size(); ++i) {
    entry.rank += logits[i] > chosen || (logits[i] == chosen && i < static_cast<size_t>(token)) ? 1 : 0;
  }
  if (num_top > 0) {
    std::vector<TokenCandidate> top;
    SelectLargest(logits, static_cast<size_t>(num_top), &top);
    for (const TokenCandidate& c : top) entry.top.push_back({c.token, logprob(c.logit)});
  }
  return entry;
}

}  // namespace atelier
