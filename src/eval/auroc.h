// How well a score tells two classes apart.
#pragma once

#include <vector>

namespace atelier {

// The probability that a positive scores above a negative, ties counting half: the area under the ROC curve.
// 0.5 where one of them is empty.   [Hanley, McNeil 1982]   COST: n log n.
double Auroc(const std::vector<double>& positives, const std::vector<double>& negatives);

}  // namespace atelier
