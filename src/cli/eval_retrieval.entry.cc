// atelier eval retrieval
#include <cstdio>
#include <numeric>

#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/judged_corpus.h"
#include "cli/retrieval_rows.h"
#include "eval/oracle_model.h"
#include "eval/retrieval_eval.h"

namespace atelier {
namespace {

class EvalRetrievalCommand final : public Command {
 public:
  void Declare(Options& options) override {
    judged_.Declare(options);
    options.Flag("--whole", whole_,
                 "documents are not cut, and what published figures read of them is embedded: their beginning, for "
                 "all-minilm-l6-v2 256 tokens");
    rerank_.Declare(options);
    options.Integer("--queries", most_queries_, "ask only the first so many; 0: all");
    options.Text("--legs", legs_, "only write what words and vectors found for each query to this file");
    options.Takes("FILE", Completion::kFiles);
    options.Text("--chunking", chunking_, "how documents are cut (docs/chunking.md); without, by what each is");
    options.Number("--vector-weight", vector_weight_,
                   "of hybrid search, 0 to 1, the same for all; without, the default");
    options.Texts("--stage", stages_, "measure the search with this stage too, each in a row of its own");
    options.Text("--stage-model", stage_model_,
                 "that stages ask; \"oracle\": one that knows the judgements, for what a stage can bring at best");
    options.Takes("MODEL", Completion::kModels);
  }

  Result<void> Run(const Invocation& invocation) override {
    JudgedCorpus judged = judged_.Corpus();
    judged.chunking = chunking_, judged.whole = whole_;
    TRY(const JudgedSet set, judged.LoadSet(judged_.split, most_queries_));
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, judged_.corpus));
    OracleModel oracle(session->app().loop(), set);
    if (stage_model_ == "oracle") judged.oracle = &oracle;
    TRY(const int64_t model_tokens, judged.Open(*session, set));
    if (!legs_.empty()) {
      const Retriever retriever = session->MakeRetriever(session->config().retrieval);
      TRY(const std::string lines, session->Run(LegsOf(session->MakeCall(), set, retriever)));
      return WriteAtomically(Files::Real(), legs_, lines);
    }
    std::vector<RetrievalRow> rows;
    TRY_VOID(Measure(*session, set, oracle, rows));
    if (invocation.json) {
      invocation.Print(Json::Object({{"documents", static_cast<int64_t>(set.documents.size())},
                                     {"queries", static_cast<int64_t>(set.queries.size())},
                                     {"indexing_model_tokens", model_tokens},
                                     {"ways", RetrievalRowsBody(rows)}}));
    } else {
      if (model_tokens > 0) {
        std::printf("indexing: %lld tokens of a chat model for %zu documents\n", static_cast<long long>(model_tokens),
                    set.documents.size());
      }
      ShowRetrievalRows(rows, "each above; of stages, over the search without");
    }
    return {};
  }

 private:
  struct Way {
    std::string name;
    bool words, vectors, reranks = false;
    std::vector<StageConfig> stages = {};
  };

  Result<std::vector<Way>> Ways(bool has_vectors) const {
    std::vector<Way> ways = {
        {"BM25", true, false}, {"dense", false, true}, {"hybrid", true, true}, {"reranked", true, has_vectors, true}};
    for (const std::string& name : stages_) {
      TRY_VOID(FindStage(name));
      StageConfig stage;
      stage.stage = name;
      stage.model = stage_model_;
      stage.budget_ms = kMeasuredStageBudgetMs;
      ways.push_back({name, true, has_vectors, false, {stage}});
    }
    return ways;
  }

  Result<void> Measure(CorpusSession& session, const JudgedSet& set, OracleModel& oracle,
                       std::vector<RetrievalRow>& rows) const {
    const bool has_vectors = !session.corpus().embedder().empty();
    RerankConfig rerank = session.config().retrieval.rerank;
    TRY_VOID(rerank_.Apply(rerank));
    TRY(const std::vector<Way> ways, Ways(has_vectors));
    size_t searched = 0;  // the row of the search that stages are added to
    for (const Way& way : ways) {
      if ((way.vectors && !has_vectors) || (way.reranks && rerank.method.empty())) continue;
      RetrievalConfig config = session.config().retrieval;
      config.rerank = way.reranks ? rerank : RerankConfig();
      config.words = way.words, config.vectors = way.vectors;
      config.candidates = 1000;
      if (vector_weight_ >= 0) config.fusion.vector_weight = vector_weight_, config.fusion.quoted = 0;
      config.stages = way.stages;
      RankerTools tools = RankerToolsFor(session.app());
      if (stage_model_ == "oracle") tools.model = &oracle;
      const Retriever retriever(session.corpus(), session.app().pool(), std::move(config), std::move(tools));
      TRY(RetrievalScores scores, session.Run(ScoreRetrieval(session.MakeCall(), set, retriever)));
      RetrievalRow row{way.name, std::move(scores)};
      if (way.stages.empty()) {
        row.over.resize(rows.size());
        std::iota(row.over.begin(), row.over.end(), size_t{0});
        if (!way.reranks) searched = rows.size();
      } else {
        row.over = {searched};
      }
      rows.push_back(std::move(row));
    }
    return {};
  }

  JudgedOptions judged_;
  RerankOptions rerank_;
  std::string stage_model_, chunking_, legs_;
  std::vector<std::string> stages_;
  int64_t most_queries_ = 0;
  double vector_weight_ = -1;
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
