#include "eval/agent_score.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace atelier {

Interval WilsonInterval(const std::vector<bool>& passed) {
  CHECK(!passed.empty());
  constexpr double kZ = 1.959963984540054;  // of the normal distribution, 2.5% above
  const auto n = static_cast<double>(passed.size());
  const double share = static_cast<double>(std::count(passed.begin(), passed.end(), true)) / n;
  const double scale = 1 + kZ * kZ / n;
  const double middle = (share + kZ * kZ / (2 * n)) / scale;
  const double half = kZ / scale * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  return {share, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace atelier
