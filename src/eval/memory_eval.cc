#include "eval/memory_eval.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/object_id.h"
#include "eval/judged_set.h"
#include "eval/retrieval_eval.h"
#include "knowledge/corpus/local_corpus.h"

namespace atelier {
namespace {

constexpr int32_t kLookedAt = 10;  // the deepest figure

// The sample's turns as documents, each as it was spoken.
JudgedSet RawTurns(const MemorySample& sample) {
  JudgedSet set;
  for (const MemorySession& session : sample.sessions) {
    for (const MemoryTurn& turn : session.turns) {
      if (!turn.reference.empty()) set.documents.push_back({turn.reference, "", SpokenText(turn)});
    }
  }
  return set;
}

std::vector<std::string> FirstDocuments(const std::vector<Passage>& passages) {
  std::vector<std::string> ids;
  for (const Passage& passage : passages) {
    if (std::ranges::find(ids, passage.document_id) == ids.end()) ids.push_back(passage.document_id);
    if (ids.size() == static_cast<size_t>(kLookedAt)) break;
  }
  return ids;
}

// What is compared with: the hybrid search of a corpus of turns, as corpora are searched.
Task<Result<void>> AskRaw(Call call, const MemorySample& sample, const MemoryEvalTools& tools,
                          const std::string& folder, std::span<MemoryAnswered> answered) {
  LocalCorpusOptions options{.embedder = tools.embedder, .dimensions = tools.dimensions};
  CO_TRY(const std::unique_ptr<LocalCorpus> corpus, LocalCorpus::Open(tools.files, folder, std::move(options)));
  const JudgedSet turns = RawTurns(sample);
  CO_TRY_VOID(co_await IndexJudgedSet(call, turns, *corpus, tools.preparation, tools.preparing, nullptr));
  const RetrievalConfig as_shipped;
  const Retriever retriever(*corpus, tools.pool, as_shipped, tools.ranking);
  for (MemoryAnswered& one : answered) {
    RetrievalRequest request;
    request.query = one.question->text;
    request.top_k = 3 * kLookedAt;
    CO_TRY(const Retrieved retrieved, co_await retriever.Retrieve(call, std::move(request)));
    one.found.push_back(FirstDocuments(retrieved.passages));
  }
  co_return Result<void>();
}

Task<Result<void>> RecordSample(Call call, const MemorySample& sample, Memory& memory) {
  for (const MemorySession& session : sample.sessions) {
    MemoryScope scope{.user = sample.id, .agent = "eval", .session = session.name};
    CO_TRY_VOID(co_await memory.Record(call, std::move(scope), session.turns));
  }
  co_return Result<void>();
}

Task<Result<void>> AskStore(Call call, const MemorySample& sample, const MemoryEvalTools& tools,
                            const std::string& folder, const MemoryEvalOptions& options,
                            std::span<MemoryAnswered> answered) {
  MemoryStoreOptions made_with{.embedder = tools.embedder, .dimensions = tools.dimensions};
  CO_TRY(const std::unique_ptr<MemoryStore> store, MemoryStore::Open(tools.files, folder, std::move(made_with)));
  Memory memory(*store, tools.pool, tools.ranking.embedder);
  CO_TRY_VOID(co_await RecordSample(call, sample, memory));
  for (MemoryAnswered& one : answered) {
    RecallRequest request;
    request.question = one.question->text;
    request.scope.user = sample.id;
    request.top_k = static_cast<int32_t>(sample.num_turns());
    CO_TRY(std::vector<RecalledTurn> candidates, co_await memory.Recall(call, std::move(request)));
    for (const MemoryWay& way : options.ways) {
      SortRecalled(way.weights, candidates);
      std::vector<std::string>& found = one.found.emplace_back();
      for (size_t i = 0; i < candidates.size() && i < static_cast<size_t>(kLookedAt); ++i) {
        found.push_back(candidates[i].turn.reference);
      }
    }
    if (options.keep_candidates) one.candidates = std::move(candidates);
  }
  co_return Result<void>();
}

}  // namespace

Task<Result<std::vector<MemoryAnswered>>> AskMemory(Call call, const MemorySet& set, MemoryEvalTools tools,
                                                    MemoryEvalOptions options) {
  std::vector<MemoryAnswered> all;
  const std::string folder = JoinPath(tools.folder, NewObjectId("memory-eval-"));
  for (size_t i = 0; i < set.samples.size(); ++i) {
    const MemorySample& sample = set.samples[i];
    const size_t first = all.size();
    for (const MemoryQuestion& question : sample.questions) all.push_back({.question = &question});
    const std::span<MemoryAnswered> answered = std::span(all).subspan(first);
    auto asked = co_await AskRaw(call, sample, tools, JoinPath(folder, "raw"), answered);
    if (asked.ok()) asked = co_await AskStore(call, sample, tools, JoinPath(folder, "store"), options, answered);
    CO_TRY_VOID(RemoveTree(tools.files, folder));
    if (!asked.ok()) co_return std::move(asked).error().Under(sample.id);
    if (options.on_progress) options.on_progress(i + 1, set.samples.size());
  }
  co_return all;
}

double EvidenceRecall(const MemoryAnswered& answered, size_t way, size_t k) {
  const std::vector<std::string>& found = answered.found[way];
  size_t hits = 0;
  for (const std::string& wanted : answered.question->evidence) {
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(k, found.size()));
    hits += std::find(found.begin(), end, wanted) != end ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(answered.question->evidence.size());
}

}  // namespace atelier
