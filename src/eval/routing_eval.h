// How well requests are sent to where they belong, from the probabilities that judges gave: accuracy, how much is sent
// at all at a threshold, whether probabilities are what they say, and what a judge that is asked only where a cheaper
// one was not sure costs.
//
// A file has a request a line:
//   {"input": "Where is my parcel?", "choice": "delivery", "half": "fit"}
// `choice` is the name of an option; what belongs nowhere has that of `otherwise`. A threshold is fitted on the half
// "fit" and reported on "test"; where lines say no half, every other one is of "fit".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "eval/ranking_metrics.h"

namespace atelier {

// What one judge said of a request.
struct RouteJudgement {
  std::vector<double> probabilities = {};  // of the options
  double cost = 0;                         // in any unit

  size_t best() const;
};
struct RoutingCase {
  std::string input = {};
  std::string choice = {};
  bool is_fit = false;
  size_t wanted = 0;                        // the option `choice` names
  std::vector<RouteJudgement> judged = {};  // by judge
};

// `key`: the member that has the choice. Errors name the line.
Result<std::vector<RoutingCase>> ReadRoutingCases(Files& files, const std::string& path, const std::string& key);

// What happens to requests where an option is taken that is at least so likely by the first of `judges` (indices, in
// the order they are asked) that finds one, and `otherwise` where none does.
struct RoutingFigures {
  double at_least = 0;
  int64_t num = 0, sent = 0, sent_right = 0, right = 0;
  int64_t strangers = 0, strangers_kept = 0;  // requests that belong to `otherwise`, and those that went there
  double cost = 0;                            // of all
  std::vector<int64_t> asked = {};            // how often each of `judges` was

  double coverage() const { return num == 0 ? 0 : static_cast<double>(sent) / static_cast<double>(num); }
  // Of those that were sent somewhere.
  double accuracy() const { return sent == 0 ? 0 : static_cast<double>(sent_right) / static_cast<double>(sent); }
  double mean_cost() const { return num == 0 ? 0 : cost / static_cast<double>(num); }
};
RoutingFigures RouteAll(const std::vector<RoutingCase>& cases, const std::vector<size_t>& judges, size_t otherwise,
                        double at_least);

// The least threshold (two places) from which on `accuracy` of what is sent somewhere is right; 1 where there is none.
double FitThreshold(const std::vector<RoutingCase>& cases, const std::vector<size_t>& judges, size_t otherwise,
                    double accuracy);

// Whether what is said to be likely by p happens with p.   [Guo et al., ICML 2017; Brier 1950]
struct ReliabilityBin {
  int64_t num = 0;
  double confidence = 0, accuracy = 0;  // means
};
struct RouteCalibration {
  std::vector<ReliabilityBin> bins = {};  // of the likeliest option's probability, of equal width
  double ece = 0;                         // the bins' mean |accuracy - confidence|, by their share
  double brier = 0;                       // the mean sum over options of (p - whether it is the one)^2, in [0, 2]
  double accuracy = 0;                    // of the likeliest
};
RouteCalibration CalibrationOf(const std::vector<RoutingCase>& cases, size_t judge, size_t num_bins = 10);

std::vector<RoutingCase> HalfOf(const std::vector<RoutingCase>& cases, bool is_fit);

}  // namespace atelier
