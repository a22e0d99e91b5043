// A judged set for retrieval in BEIR's layout: a folder with
//   corpus.jsonl    {"_id", "title"?, "text", "metadata"?}, a line a document
//   queries.jsonl   {"_id", "text"}
//   qrels/SPLIT.tsv query-id, corpus-id, score; the first line names the columns
// [Thakur et al., arXiv:2104.08663]
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "eval/ranking_metrics.h"
#include "knowledge/stage/stage.h"

namespace atelier {

struct JudgedSet {
  struct Text {
    std::string id, title, text;
  };
  std::vector<Text> documents;                   // in the file's order
  std::vector<Text> queries;                     // those of the split, in the file's order
  std::map<std::string, Judgements> judgements;  // by query
  // What was said before a query, by its id; of sets of conversations alone (conversation_set.h).
  std::map<std::string, std::vector<HistoryTurn>> histories = {};
};

// Errors name file and line.
Result<JudgedSet> LoadJudgedSet(Files& files, const std::string& folder, const std::string& split);

}  // namespace atelier
