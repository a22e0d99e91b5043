// What commands over a corpus share: which corpus, and the pipeline that reads it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/corpus_library.h"
#include "app/corpus_tools.h"
#include "cli/session.h"
#include "knowledge/retrieve/retriever.h"

namespace atelier {

struct CorpusOptions {
  std::string corpus;
  int64_t threads = 0;

  void Declare(Options& options);
};

// Which documents, by their attributes.
struct FilterOption {
  std::string json;

  void Declare(Options& options);
  // Errors: kInvalid for what is no filter, under "--filter".
  Result<Filter> Read() const;
};

// How the best passages are judged again, over what atelier.yaml says.
struct RerankOptions {
  std::string method, model;
  int64_t candidates = 0, budget_ms = 0;  // 0: as configured

  void Declare(Options& options);
  // Errors: an unknown method.
  Result<void> Apply(RerankConfig& config) const;
};

// Stages beside those of atelier.yaml, and what was said before.
struct StageOptions {
  std::vector<std::string> stages, history;
  std::string model;

  void Declare(Options& options);
  // Errors: an unknown stage.
  Result<void> Apply(RetrievalConfig& config) const;
  // The turns of `history`, which are the asker's.
  std::vector<HistoryTurn> Turns() const;
};

class CorpusSession {
 public:
  // Opens the application alone; no corpus yet.
  static Result<std::unique_ptr<CorpusSession>> Open(const Invocation& invocation, const CorpusOptions& options);
  // With the corpus that `options` names, or the only one.
  static Result<std::unique_ptr<CorpusSession>> OpenCorpus(const Invocation& invocation, const CorpusOptions& options);

  App& app() { return session_->app(); }
  Interrupt& interrupt() { return session_->interrupt(); }
  Corpus& corpus() { return *opened_->corpus; }
  const CorpusConfig& config() const { return opened_->config; }
  Retriever MakeRetriever(RetrievalConfig config) {
    return Retriever(corpus(), app().pool(), std::move(config), RankerToolsFor(app()));
  }
  Call MakeCall() const;
  template <class T>
  T Run(Task<T> task) {
    return session_->Run(std::move(task));
  }
  void Use(std::shared_ptr<OpenedCorpus> opened) { opened_ = std::move(opened); }

 private:
  std::unique_ptr<Session> session_;
  std::shared_ptr<OpenedCorpus> opened_;
};

// "docs/engine.md, page 3, Scheduling > Preemption"
std::string PlaceText(const Passage& passage);

}  // namespace atelier
