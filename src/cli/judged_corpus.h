// The corpus of a judged set, made where it is not there yet.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/corpus_session.h"
#include "cli/interrupt.h"
#include "eval/judged_set.h"
#include "provider/language_model.h"

namespace atelier {

// How long a stage may take where it is measured: whatever it takes.
inline constexpr int32_t kMeasuredStageBudgetMs = 120'000;

struct JudgedCorpus {
  std::string folder;               // of the set, in BEIR's layout
  std::string embedder = {};        // a model; "none"; empty: the default one
  std::string name = {};            // of the corpus; empty: by what it is made of and with
  std::string chunking = {};        // how documents are cut; empty: by what each is
  bool whole = false;               // documents are not cut; embedded is what the embedder's published figures read
  int64_t most_documents = 0;       // those that the queries are judged by, then the first others; 0: all
  std::set<std::string> only = {};  // ids of the queries that are asked; empty: all
  LanguageModel* oracle = nullptr;  // that methods of cutting ask; null: the application's

  // Errors name file and line, the folder where no query is judged, and one of `only` that is not.
  Result<JudgedSet> LoadSet(const std::string& split, int64_t most_queries) const;
  // Makes the corpus the session's, and puts what of the set it does not have yet; progress goes to the terminal.
  // Returns how many tokens a chat model read and wrote for it.
  Result<int64_t> Open(CorpusSession& session, const JudgedSet& set) const;
};

// What every command that measures search on a judged set can be told.
struct JudgedOptions {
  CorpusOptions corpus;
  std::string folder, split = "test", embedder;
  int64_t most_documents = 0;

  // `folder`, which is required, and --split, --embedder, --keep, --threads, --documents.
  void Declare(Options& options);
  JudgedCorpus Corpus() const;
};

// "\rsaid DONE of TOTAL" on standard error, where that is a terminal.
void ShowProgress(const char* said, size_t done, size_t total);
void ClearProgress();

}  // namespace atelier
