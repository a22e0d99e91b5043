// atelier eval retrieval
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "eval/retrieval_eval.h"

namespace atelier {
namespace {

constexpr uint64_t kBootstrapSeed = 1;
constexpr int64_t kWholeDocument = 1'000'000;  // characters

struct Row {
  std::string name;
  RetrievalScores scores;
};

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

std::string DifferenceText(const Interval& difference) {
  char text[64];
  std::snprintf(text, sizeof text, "%+.4f [%+.4f, %+.4f]", difference.mean, difference.low, difference.high);
  return text;
}

class EvalRetrievalCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("folder", folder_, "corpus.jsonl, queries.jsonl and qrels/, as BEIR has them");
    options.Takes("DIR", Completion::kFiles);
    options.Required();
    options.Text("--split", split_, "which of qrels/*.tsv");
    options.Text("--embedder", embedder_, "an embedding model; \"none\": by words alone; without, the default one");
    options.Text("--keep,-c", corpus_.corpus, "the name of the corpus to make and keep; without, eval-FOLDER-EMBEDDER");
    options.Integer("--threads", corpus_.threads, "threads that compute; 0: one for each core");
    options.Flag("--whole", whole_,
                 "documents are not cut, and their beginning is embedded, as published figures have it");
    rerank_.Declare(options);
    options.Integer("--queries", most_queries_, "ask only the first so many; 0: all");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(JudgedSet set, LoadJudgedSet(Files::Real(), folder_, split_));
    if (most_queries_ > 0 && set.queries.size() > static_cast<size_t>(most_queries_)) {
      set.queries.resize(static_cast<size_t>(most_queries_));
    }
    if (set.queries.empty()) return Error::Invalid(folder_, "got no query that " + split_ + ".tsv judges");
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, corpus_));
    TRY_VOID(OpenCorpus(*session));
    TRY(PreparationTools tools, ToolsFor(session->app(), session->config()));
    TRY_VOID(session->Run(IndexJudgedSet(session->MakeCall(), set, session->corpus(), PreparationFor(session->config()),
                                         tools, [&](size_t done) { ShowIndexing(done, set.documents.size()); })));
    if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\033[K");
    std::vector<Row> rows;
    TRY_VOID(Measure(*session, set, rows));
    invocation.json ? invocation.Print(Body(set, rows)) : Show(rows);
    return {};
  }

 private:
  Result<void> OpenCorpus(CorpusSession& session) {
    CorpusConfig config;
    config.embedder = embedder_;
    TRY(const std::optional<ModelListing> embedder, EmbedderFor(session.app(), config));
    config.embedder = embedder ? embedder->id : "none";
    config.name = corpus_.corpus;
    if (config.name.empty()) {
      std::string folder = folder_;
      while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
      config.name = "eval-" + std::string(NameOf(folder)) + "-" + config.embedder + (whole_ ? "-whole" : "");
    }
    if (whole_) {
      config.chunking.method = "fixed", config.chunking.unit = "characters";
      config.chunking.limit = kWholeDocument, config.chunking.overlap = 0;
    }
    TRY(std::shared_ptr<OpenedCorpus> opened,
        session.app().corpora().Make(config, embedder ? static_cast<int32_t>(embedder->vector_size) : 0));
    session.Use(std::move(opened));
    return {};
  }

  static void ShowIndexing(size_t done, size_t total) {
    if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\rindexing %zu of %zu documents\033[K", done, total);
  }

  Result<void> Measure(CorpusSession& session, const JudgedSet& set, std::vector<Row>& rows) const {
    struct Way {
      const char* name;
      bool words, vectors, reranks = false;
    };
    const bool has_vectors = !session.corpus().embedder().empty();
    RerankConfig rerank = session.config().retrieval.rerank;
    TRY_VOID(rerank_.Apply(rerank));
    for (const Way way : {Way{"BM25", true, false}, Way{"dense", false, true}, Way{"hybrid", true, true},
                          Way{"reranked", true, has_vectors, true}}) {
      if ((way.vectors && !has_vectors) || (way.reranks && rerank.method.empty())) continue;
      RetrievalConfig config = session.config().retrieval;
      config.rerank = way.reranks ? rerank : RerankConfig();
      config.words = way.words, config.vectors = way.vectors;
      config.candidates = 1000;
      const Retriever retriever = session.MakeRetriever(config);
      TRY(RetrievalScores scores, session.Run(ScoreRetrieval(session.MakeCall(), set, retriever)));
      rows.push_back({way.name, std::move(scores)});
    }
    return {};
  }

  static Json Body(const JudgedSet& set, const std::vector<Row>& rows) {
    Json ways = Json::Array();
    for (const Row& row : rows) {
      Json way = Json::Object({{"name", row.name},
                               {"ndcg_at_10", Mean(row.scores.ndcg_at_10)},
                               {"recall_at_100", Mean(row.scores.recall_at_100)},
                               {"mrr_at_10", Mean(row.scores.reciprocal_rank_at_10)},
                               {"median_ms", Median(row.scores.milliseconds)}});
      for (const Row& other : rows) {
        if (&other == &row) break;
        const Interval of = PairedDifference(row.scores.ndcg_at_10, other.scores.ndcg_at_10, kBootstrapSeed);
        way.Set("ndcg_over_" + other.name, Json::Object({{"mean", of.mean}, {"low", of.low}, {"high", of.high}}));
      }
      ways.Push(std::move(way));
    }
    return Json::Object({{"documents", static_cast<int64_t>(set.documents.size())},
                         {"queries", static_cast<int64_t>(set.queries.size())},
                         {"ways", std::move(ways)}});
  }

  static void Show(const std::vector<Row>& rows) {
    std::printf("%-8s %8s %10s %8s %9s  %s\n", "", "nDCG@10", "recall@100", "MRR@10", "ms", "nDCG@10 over each above");
    for (const Row& row : rows) {
      std::string over;
      for (const Row& other : rows) {
        if (&other == &row) break;
        over += "  " + DifferenceText(PairedDifference(row.scores.ndcg_at_10, other.scores.ndcg_at_10, kBootstrapSeed));
      }
      std::printf("%-8s %8.4f %10.4f %8.4f %9.2f%s\n", row.name.c_str(), Mean(row.scores.ndcg_at_10),
                  Mean(row.scores.recall_at_100), Mean(row.scores.reciprocal_rank_at_10),
                  Median(row.scores.milliseconds), over.c_str());
    }
  }

  CorpusOptions corpus_;
  RerankOptions rerank_;
  std::string folder_, split_ = "test", embedder_;
  int64_t most_queries_ = 0;
  bool whole_ = false;
};

}  // namespace

extern const CommandEntry command_eval_retrieval{
    "eval retrieval", "Measure search on a judged set",
    "Indexes the set's documents (once; the corpus is kept), asks its queries by words, by vectors and by both, and "
    "prints "
    "nDCG@10, recall@100, MRR@10 and the median time of a search, with the difference in nDCG@10 and its 95% interval "
    "by "
    "paired bootstrap.\n"
    "\n"
    "  atelier eval retrieval scifact --embedder bge-small-en-v1.5\n"
    "  atelier eval retrieval scifact --split train --json",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalRetrievalCommand>(); }};

}  // namespace atelier
