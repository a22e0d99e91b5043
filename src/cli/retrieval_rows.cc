#include "cli/retrieval_rows.h"

#include <algorithm>
#include <cstdio>

namespace atelier {
namespace {

constexpr uint64_t kBootstrapSeed = 1;

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

Interval Over(const RetrievalRow& row, const RetrievalRow& other) {
  return PairedDifference(row.scores.ndcg_at_10, other.scores.ndcg_at_10, kBootstrapSeed);
}

std::string DifferenceText(const Interval& difference) {
  char text[64];
  std::snprintf(text, sizeof text, "%+.4f [%+.4f, %+.4f]", difference.mean, difference.low, difference.high);
  return text;
}

}  // namespace

Json RetrievalRowsBody(const std::vector<RetrievalRow>& rows) {
  Json ways = Json::Array();
  for (const RetrievalRow& row : rows) {
    Json way = Json::Object({{"name", row.name},
                             {"ndcg_at_10", Mean(row.scores.ndcg_at_10)},
                             {"recall_at_100", Mean(row.scores.recall_at_100)},
                             {"mrr_at_10", Mean(row.scores.reciprocal_rank_at_10)},
                             {"median_ms", Median(row.scores.milliseconds)},
                             {"median_tokens", Median(row.scores.tokens)},
                             {"skipped", static_cast<int64_t>(row.scores.num_skipped)}});
    for (const size_t other : row.over) {
      const Interval of = Over(row, rows[other]);
      way.Set("ndcg_over_" + rows[other].name, Json::Object({{"mean", of.mean}, {"low", of.low}, {"high", of.high}}));
    }
    ways.Push(std::move(way));
  }
  return ways;
}

void ShowRetrievalRows(const std::vector<RetrievalRow>& rows, const char* compared) {
  std::printf("%-15s %8s %10s %8s %9s %7s  nDCG@10 over %s\n", "", "nDCG@10", "recall@100", "MRR@10", "ms", "tokens",
              compared);
  for (const RetrievalRow& row : rows) {
    std::string over;
    for (const size_t other : row.over) over += "  " + DifferenceText(Over(row, rows[other]));
    std::printf("%-15s %8.4f %10.4f %8.4f %9.2f %7.0f%s\n", row.name.c_str(), Mean(row.scores.ndcg_at_10),
                Mean(row.scores.recall_at_100), Mean(row.scores.reciprocal_rank_at_10), Median(row.scores.milliseconds),
                Median(row.scores.tokens), over.c_str());
    if (row.scores.num_skipped > 0) std::printf("%-15s was left out of %zu searches\n", "", row.scores.num_skipped);
  }
}

}  // namespace atelier
