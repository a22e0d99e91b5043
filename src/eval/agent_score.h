// A share of tasks that were done, with how far it can be trusted.
#pragma once

#include <vector>

#include "eval/ranking_metrics.h"

namespace atelier {

// The share of true, with its 95% score interval: good for few tasks and for shares near 0 and 1, where a bootstrap's
// has no width.   [Wilson, JASA 22, 1927]   REQUIRES: not empty.
Interval WilsonInterval(const std::vector<bool>& passed);

}  // namespace atelier
