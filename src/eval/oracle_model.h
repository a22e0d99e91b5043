// A chat model that knows the answers of a judged set: what a stage of retrieval could bring at best, beside what a
// real model makes of it. It is asked as any model is, and finds the query in the prompt.
//
//   a list        the titles of the query's relevant documents, or their beginnings
//   other texts   how the best of them begins
//   of a document the prompt has instead of a query, its title; as facts, it and the documents that answer the same
//   queries
//   decisions     whether the input quotes one of them
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/task/loop.h"
#include "eval/judged_set.h"
#include "provider/language_model.h"

namespace atelier {

class OracleModel final : public LanguageModel {
 public:
  // Both must outlive it.
  OracleModel(Loop& loop, const JudgedSet& set);

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  // Of predicates.
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  // Of the longest query that stands in `prompt`; the best first. Empty: no query does.
  std::vector<const JudgedSet::Text*> RelevantTo(std::string_view prompt) const;
  Result<const JudgedSet::Text*> DocumentIn(std::string_view prompt) const;
  // The JSON that chunk/graph.entry.cc asks for.
  std::string FactsOf(const JudgedSet::Text& document) const;

  Loop& loop_;
  const JudgedSet& set_;
  std::map<std::string, const JudgedSet::Text*> documents_;  // by id
};

}  // namespace atelier
