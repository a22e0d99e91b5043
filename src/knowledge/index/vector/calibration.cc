#include "knowledge/index/vector/calibration.h"

#include <algorithm>
#include <cmath>

namespace atelier {

namespace {

// The share of the wanted misses that partitions may have. What codes miss is far less than the share of errors beyond
// their margin, as only a hit whose neighbours in rank err the other way is lost (0.9997 found at a margin that holds
// for 0.9875 of single errors), so their margin is that of the wanted recall itself.
constexpr double kPartitionsShare = 0.9;
constexpr double kBeyondSeen = 1.5;  // for a recall of 1: times the largest error of some thousands

}  // namespace

// Between two columns the value runs with the logarithm of the misses.
float Calibration::At(const float (&row)[kColumns], double misses) {
  if (!(misses > 0)) return row[kColumns - 1];
  const double at = std::clamp(-std::log2(misses), 0.0, static_cast<double>(kColumns - 1));
  const int column = std::min(static_cast<int>(at), kColumns - 2);
  const double share = at - column;
  return static_cast<float>(row[column] * (1 - share) + row[column + 1] * share);
}

float Calibration::ReachFor(double recall) const { return At(reach, (1 - recall) * kPartitionsShare); }

float Calibration::MarginFor(double recall) const {
  if (recall >= 1) return std::max(0.0F, margin[kColumns - 1]) * static_cast<float>(kBeyondSeen);
  return std::max(0.0F, At(margin, 1 - recall));
}

double Calibration::ScannedFor(double recall, double top_k, double share) const {
  const double depth = std::log10(std::max(1.0, top_k / std::max(share, 1e-9))) - 1;
  const double at = std::clamp(depth, 0.0, static_cast<double>(kDepths - 1));
  const int row = std::min(static_cast<int>(at), kDepths - 2);
  const double part = at - row;
  const double misses = (1 - recall) * kPartitionsShare;
  return At(scanned[row], misses) * (1 - part) + At(scanned[row + 1], misses) * part;
}

}  // namespace atelier
