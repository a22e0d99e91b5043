#include "cli/judged_corpus.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "app/corpus_tools.h"
#include "app/vector_size.h"
#include "eval/retrieval_eval.h"
#include "knowledge/retrieve/embedder_profile.h"

namespace atelier {
namespace {

constexpr int64_t kWholeDocument = 1'000'000;  // characters

// The judged documents of the queries, then others, as they come; of a query's judgements those that are left.
void KeepDocuments(size_t most, JudgedSet& set) {
  std::set<std::string> judged;
  for (const JudgedSet::Text& query : set.queries) {
    for (const auto& [id, grade] : set.judgements.at(query.id)) judged.insert(id);
  }
  std::ranges::stable_partition(set.documents, [&](const auto& document) { return judged.contains(document.id); });
  if (most < set.documents.size()) set.documents.resize(most);
}

Error NotJudged(const std::set<std::string>& wanted, const std::string& split, const JudgedSet& set) {
  std::set<std::string> there;
  for (const JudgedSet::Text& query : set.queries) there.insert(query.id);
  const auto missing = std::ranges::find_if(wanted, [&](const std::string& query) { return !there.contains(query); });
  return Error::Invalid("query", "got " + *missing + ", which " + split + ".tsv does not judge");
}

std::string NameFor(const JudgedCorpus& judged, const std::string& embedder) {
  if (!judged.name.empty()) return judged.name;
  std::string folder = judged.folder;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  std::string name = "eval-" + std::string(NameOf(folder)) + "-" + embedder + (judged.whole ? "-whole" : "");
  if (judged.most_documents > 0) name += "-" + std::to_string(judged.most_documents);
  if (!judged.chunking.empty()) name += "-" + judged.chunking + (judged.oracle != nullptr ? "-oracle" : "");
  return name;
}

Result<void> Use(const JudgedCorpus& judged, CorpusSession& session) {
  CorpusConfig config;
  config.embedder = judged.embedder;
  TRY(const std::optional<ModelListing> embedder, EmbedderFor(session.app(), config));
  config.embedder = embedder ? embedder->id : "none";
  config.name = NameFor(judged, config.embedder);
  if (!judged.chunking.empty()) config.chunking.method = judged.chunking;
  if (judged.whole) {
    config.chunking.method = "fixed", config.chunking.unit = "characters";
    config.chunking.limit = kWholeDocument, config.chunking.overlap = 0;
  }
  TRY(const int32_t dimensions, session.Run(VectorSizeOf(session.MakeCall(), session.app(), embedder)));
  TRY(std::shared_ptr<OpenedCorpus> opened, session.app().corpora().Make(config, dimensions));
  session.Use(std::move(opened));
  return {};
}

// Of a model of this machine; elsewhere texts can only be cut where the model's context ends.
int64_t PublishedTokens(const App& app, const CorpusConfig& config) {
  const Result<std::optional<ModelListing>> embedder = EmbedderFor(app, config);
  const bool here = embedder.ok() && *embedder && (*embedder)->provider.empty();
  return here ? ProfileOf((*embedder)->id).published_tokens : 0;
}

}  // namespace

void JudgedOptions::Declare(Options& options) {
  options.Text("folder", folder, "corpus.jsonl, queries.jsonl and qrels/, as BEIR has them");
  options.Takes("DIR", Completion::kFiles);
  options.Required();
  options.Text("--split", split, "which of qrels/*.tsv");
  options.Text("--embedder", embedder, "an embedding model; \"none\": by words alone; without, the default one");
  options.Text("--keep,-c", corpus.corpus, "the name of the corpus to make and keep; without, eval-FOLDER-EMBEDDER");
  options.Integer("--threads", corpus.threads, "threads that compute; 0: one for each core");
  options.Integer("--documents", most_documents,
                  "index only so many: those that the asked queries are judged by, then the first others; 0: all");
}

JudgedCorpus JudgedOptions::Corpus() const {
  return {.folder = folder, .embedder = embedder, .name = corpus.corpus, .most_documents = most_documents};
}

Result<JudgedSet> JudgedCorpus::LoadSet(const std::string& split, int64_t most_queries) const {
  TRY(JudgedSet set, LoadJudgedSet(Files::Real(), folder, split));
  if (!only.empty()) {
    std::erase_if(set.queries, [&](const JudgedSet::Text& query) { return !only.contains(query.id); });
    if (set.queries.size() != only.size()) return NotJudged(only, split, set);
  }
  if (most_queries > 0 && set.queries.size() > static_cast<size_t>(most_queries)) {
    set.queries.resize(static_cast<size_t>(most_queries));
  }
  if (set.queries.empty()) return Error::Invalid(folder, "got no query that " + split + ".tsv judges");
  if (most_documents > 0) KeepDocuments(static_cast<size_t>(most_documents), set);
  return set;
}

Result<int64_t> JudgedCorpus::Open(CorpusSession& session, const JudgedSet& set) const {
  TRY_VOID(Use(*this, session));
  TRY(PreparationTools tools, ToolsFor(session.app(), session.config()));
  if (oracle != nullptr) tools.chunk.model = oracle;
  PreparationConfig preparation = PreparationFor(session.config());
  if (whole) preparation.max_tokens = PublishedTokens(session.app(), session.config());
  const size_t total = set.documents.size();
  TRY(const int64_t model_tokens,
      session.Run(IndexJudgedSet(session.MakeCall(), set, session.corpus(), preparation, tools,
                                 [total](size_t done) { ShowProgress("indexing", done, total); })));
  ClearProgress();
  return model_tokens;
}

void ShowProgress(const char* said, size_t done, size_t total) {
  if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r%s %zu of %zu\033[K", said, done, total);
}

void ClearProgress() {
  if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\033[K");
}

}  // namespace atelier
