// What a learned reranker learned: a weight for each figure of rank_features.h. Its file is JSON,
//   {"bias": -3.1, "weights": {"search": 2.5, "window": 0.7}}
// and figures it does not name have no weight. `atelier eval fit-reranker` writes it (eval/ranking_fit.h).
#pragma once

#include <string>
#include <string_view>

#include "base/io/files.h"
#include "base/result.h"
#include "base/text/json.h"
#include "knowledge/retrieve/rank_features.h"

namespace atelier {

struct LinearRanking {
  double bias = 0;
  RankFeatures weights{};

  // The probability that the passage is what was asked for, as far as it was fitted so: 1 / (1 + exp(-(bias + w x))).
  double Score(const RankFeatures& features) const;
  bool uses(RankFeature feature) const { return weights[static_cast<size_t>(feature)] != 0; }

  // Errors: kInvalid, with the key that is wrong.
  static Result<LinearRanking> Parse(std::string_view text);
  // Errors name the file.
  static Result<LinearRanking> Load(Files& files, const std::string& path);
  // The one that is built in.
  static const LinearRanking& Default();
  Json ToJson() const;
};

}  // namespace atelier
