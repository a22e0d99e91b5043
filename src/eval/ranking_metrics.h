// How good rankings are, by what people judged relevant; and whether one way of ranking is better than another.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace atelier {

// What people said of a question's documents: 0 is not relevant, higher is more so. Documents not named are 0.
using Judgements = std::map<std::string, int32_t>;

// Discounted cumulative gain of the first k over that of the best order there could be, with the judgement as the gain
// and 1/log2(rank + 1) as the discount, as trec_eval has it.      [Järvelin, Kekäläinen, TOIS 2002] 0 where nothing is
// relevant.
double NdcgAt(const std::vector<std::string>& ranked, const Judgements& judged, int32_t k);
// Of the relevant documents, how many are among the first k.
double RecallAt(const std::vector<std::string>& ranked, const Judgements& judged, int32_t k);
// 1 over the rank of the first relevant document, 0 where none is among the first k.
double ReciprocalRankAt(const std::vector<std::string>& ranked, const Judgements& judged, int32_t k);

struct Interval {
  double mean = 0, low = 0, high = 0;  // 95%
};
// The mean of the paired differences a[i] - b[i], with its interval by percentile bootstrap over pairs.
// [Efron, Tibshirani 1993; Sakai, SIGIR 2006].   REQUIRES: a.size() == b.size() > 0.
Interval PairedDifference(const std::vector<double>& a, const std::vector<double>& b, uint64_t seed,
                          int32_t num_resamples = 10'000);

double Mean(const std::vector<double>& values);

}  // namespace atelier
