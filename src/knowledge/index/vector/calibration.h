// What a wanted recall takes in one segment, measured when it is built: some hundred of its own vectors are searched
// for exactly, each without itself, and the numbers below are how far their true nearest lay from what codes and
// partitions say of them. Both are in units of the query's length, so that they hold for any query.
#pragma once

#include <cstddef>
#include <cstdint>

namespace atelier {

struct Calibration {
  // Column j is for a recall of 1 - 2^-j, the last for the farthest seen.
  static constexpr int kColumns = 13;
  static constexpr int kDepths = 4;  // 10, 100, 1,000 and 10,000 hits deep

  // A partition may hold a hit where  top + p * centroid + reach * |p| * radius >= the worst estimate kept.
  float reach[kColumns] = {};
  // The true product hardly exceeds  estimate + margin * |p| * factor.
  float margin[kColumns] = {};
  // The share of the coded vectors that lie in such partitions, where 10^(1 + depth) hits are kept.
  float scanned[kDepths][kColumns] = {};

  float ReachFor(double recall) const;
  float MarginFor(double recall) const;
  // For `top_k` hits out of the `share` of the vectors that a filter lets pass.
  double ScannedFor(double recall, double top_k, double share) const;

 private:
  static float At(const float (&row)[kColumns], double misses);
};

}  // namespace atelier
