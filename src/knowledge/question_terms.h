// How much of a question's own words a text has: stems, weighted by how rare they are among the texts looked at.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/index/text/analyzer.h"

namespace atelier {

class QuestionTerms {
 public:
  // `texts`: what rarity is judged among. Both it and `analyzer` are only looked at here.
  QuestionTerms(const Analyzer& analyzer, std::string_view question, const std::vector<std::string_view>& texts);

  bool empty() const { return weights_.empty(); }
  // The share of the question's weight that the text's terms make up, in [0, 1]; of a question of stop words 0.
  double Share(const Analyzer& analyzer, std::string_view text) const;

 private:
  std::map<std::string, double, std::less<>> weights_;
  double total_ = 0;
};

}  // namespace atelier
