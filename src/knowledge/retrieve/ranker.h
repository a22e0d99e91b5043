// Reranking: the best passages of a search are judged again by something slower, within a budget of time. A method is
// one file, x.entry.cc, with one RankerEntry (docs/adding.md).
//
// A search never fails for its reranking: where the budget runs out or what judges is not there, the order stays as it
// was, and the result says why.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/pool.h"
#include "base/task/task.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/retrieve/retrieval_config.h"
#include "provider/language_model.h"

namespace atelier {

// Whom methods ask; each may be null, and who needs it says so by name. They outlive the search.
struct RankerTools {
  Embedder* embedder = nullptr;
  std::string embedding_model = {};  // of the corpus
  std::string language = "none";     // of the corpus
  Reranker* reranker = nullptr;
  LanguageModel* model = nullptr;
  std::string chat_model = {};    // that stages and methods ask where they name none
  std::string rerank_model = {};  // likewise
  const Corpus* corpus = nullptr;
  Pool* pool = nullptr;  // that `corpus` is read on
  const Clock* clock = &Clock::Real();
};

struct RankRequest {
  const std::string& query;
  std::span<const Passage> passages;  // best first; `score` is that of the search
  const RerankConfig& config;
  const RankerTools& tools;
};

struct RankerEntry {
  std::string_view name;
  std::string_view sentence;  // for the reference
  // A score for each passage, higher is better; finite. Ends early, with any error, where the call's deadline passes.
  Task<Result<std::vector<double>>> (*score)(Call call, RankRequest request) = nullptr;
  std::string_view model_kind = {};  // that it asks: "chat", "rerank"; empty: none has to be there
};

// The model of a method that asks one: the one configured, or the one that is there. Errors: kUnsupported for none.
Result<std::string> ModelOf(const RankRequest& request, std::string_view kind);

// Every method, sorted by file name.
std::span<const RankerEntry* const> Rankers();
// Errors: kInvalid names those that there are.
Result<const RankerEntry*> FindRanker(std::string_view name);

// Puts the best config.candidates passages into the order of config.method's scores, which become theirs; equal ones
// stay in order, and the others behind them. Returns why nothing was done; empty: it was.
// Errors: an unknown method; the call was stopped.
Task<Result<std::string>> Rerank(Call call, std::string query, RerankConfig config, RankerTools tools,
                                 std::vector<Passage>& passages);

}  // namespace atelier
