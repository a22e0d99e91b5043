// The table of a measurement of search: a way of searching a row, compared with ways above it.
#pragma once

#include <string>
#include <vector>

#include "base/text/json.h"
#include "eval/retrieval_eval.h"

namespace atelier {

struct RetrievalRow {
  std::string name;
  RetrievalScores scores;
  std::vector<size_t> over = {};  // rows above that it is compared with
};

// nDCG@10, recall@100, MRR@10, the medians of time and of tokens of models, and over each of `over` the difference in
// nDCG@10 with its interval by paired bootstrap.
Json RetrievalRowsBody(const std::vector<RetrievalRow>& rows);
// The same for people. `compared` says what the differences are to.
void ShowRetrievalRows(const std::vector<RetrievalRow>& rows, const char* compared);

}  // namespace atelier
