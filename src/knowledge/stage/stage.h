// Stages of retrieval beside searching and reranking: what is done to a question before it is searched, and to the
// passages that were found. A stage is one file, x.entry.cc, with one StageEntry (docs/adding.md); atelier.yaml names
// those that a corpus wants, in their order.
//
//   question, history -> [question stages] -> searches -> passages -> [rerank] -> [passage stages] -> passages
//
// A search never fails for its stages: one that runs out of time, or whose model is not there or answers nonsense,
// changes nothing, and the result says why.
#pragma once

#include <functional>
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
#include "knowledge/stage/stage_config.h"
#include "provider/language_model.h"

namespace atelier {

// One search of several that a question may become. Their scores are added by weight.
struct SubQuery {
  std::string words;                // searched by words; empty: not
  std::string meaning;              // searched by likeness; empty: not
  bool meaning_is_passage = false;  // `meaning` looks like what is to be found, not like a question
  double weight = 1;
};

// What was said before the question, oldest first.
struct HistoryTurn {
  std::string role;  // "user" or "assistant"
  std::string text;
};

struct StageState {
  std::string question;
  std::vector<HistoryTurn> history;
  Filter visible;
  std::vector<SubQuery> queries;     // of question stages; the first is the question itself
  std::vector<Passage> passages;     // of passage stages; best first
  Usage usage;                       // of the models that stages asked
  std::vector<std::string> skipped;  // "hyde: why", of stages that changed nothing
};

struct StageTools {
  LanguageModel* model = nullptr;  // null: stages that want one are skipped
  std::string chat_model = {};     // asked where a stage names none
  const Corpus& corpus;
  Pool& pool;
  const Clock* clock = &Clock::Real();
  // The search itself, for stages that search again: passages by queries, best first.
  std::function<Task<Result<std::vector<Passage>>>(Call, std::vector<SubQuery>)> search = {};
};

enum class StagePlace : uint8_t { kQuestion, kPassages };

struct StageEntry {
  std::string_view name;
  std::string_view sentence;  // for the reference
  StagePlace place = StagePlace::kQuestion;
  // Works on a copy: what it did is forgotten where it fails. Ends early, with any error, where the call's deadline
  // passes.
  Task<Result<void>> (*run)(Call call, StageConfig config, StageTools tools, StageState& state) = nullptr;
  int32_t looks_at = 1;  // of passage stages: so many times the passages that are wanted
};

// Every stage, sorted by file name.
std::span<const StageEntry* const> Stages();
// Errors: kInvalid names those that there are.
Result<const StageEntry*> FindStage(std::string_view name);

// Runs those of `stages` whose place is `place`, in their order.
// Errors: an unknown stage; the call was stopped.
Task<Result<void>> RunStages(Call call, StagePlace place, std::vector<StageConfig> stages, StageTools tools,
                             StageState& state);

}  // namespace atelier
