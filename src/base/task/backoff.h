// Pauses between attempts: doubled each time, and each half to all of that at random, so that many who failed together
// do not come back together.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/random.h"

namespace atelier {

struct Backoff {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds most{30'000};

  // Before attempt `attempt` + 1; attempts count from 1.
  std::chrono::milliseconds Pause(int attempt, Random& random) const {
    std::chrono::milliseconds whole = first;
    for (int i = 1; i < attempt && whole < most; ++i) whole *= 2;
    whole = std::min(whole, most);
    return whole / 2 + std::chrono::milliseconds(random.Below(static_cast<uint64_t>(whole.count() / 2 + 1)));
  }
};

}  // namespace atelier
