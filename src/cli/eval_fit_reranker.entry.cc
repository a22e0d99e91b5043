// atelier eval fit-reranker
#include <algorithm>
#include <cstdio>
#include <iterator>

#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/judged_corpus.h"
#include "eval/ranking_examples.h"
#include "eval/ranking_fit.h"

namespace atelier {
namespace {

constexpr uint64_t kSeed = 1;  // of folds and of the bootstrap

class EvalFitRerankerCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("folder", folders_,
                  "corpus.jsonl, queries.jsonl and qrels/, as BEIR has them; several: all together");
    options.Takes("DIR", Completion::kFiles);
    options.Required();
    options.Text("--out,-o", out_, "where the fitted model goes: what --rerank-model and rerank.model name");
    options.Takes("FILE", Completion::kFiles);
    options.Text("--split", split_, "which of qrels/*.tsv");
    options.Text("--embedder", embedder_, "an embedding model; \"none\": by words alone; without, the default one");
    options.Integer("--threads", threads_, "threads that compute; 0: one for each core");
    options.Integer("--candidates", candidates_, "of each question's search, that are learned from");
    options.Flag("--max-sim", max_sim_, "with late interaction, which embeds each candidate");
    options.Texts("--without", without_,
                  "a figure of knowledge/retrieve/rank_features.h that gets no weight; again: more");
    options.Text("--figures", figures_, "write what each candidate is judged by to this file, a line each");
    options.Takes("FILE", Completion::kFiles);
    options.Integer("--queries", most_queries_, "of each folder, only the first so many; 0: all");
  }

  Result<void> Run(const Invocation& invocation) override {
    if (candidates_ < 2 || candidates_ > 1000) {
      return Error::Invalid("--candidates", "got " + std::to_string(candidates_) + ", want 2 to 1000");
    }
    TRY(const std::vector<RankFeature> without, Without());
    std::vector<RankingExample> examples;
    std::vector<size_t> ends;  // of each folder's
    CorpusOptions options;
    options.threads = threads_;
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, options));
    for (const std::string& folder : folders_) {
      TRY_VOID(Collect(*session, folder, examples));
      ends.push_back(examples.size());
    }
    if (!figures_.empty()) TRY_VOID(WriteAtomically(Files::Real(), figures_, FigureLines(examples)));
    LeaveOut(without, examples);
    const RankingFit fit = CrossValidated(examples, kSeed);
    if (!out_.empty()) {
      TRY_VOID(WriteAtomically(Files::Real(), out_, fit.model.ToJson().DumpPretty() + "\n"));
    }
    invocation.json ? invocation.Print(Body(fit, ends)) : Show(fit, ends);
    return {};
  }

 private:
  Result<std::vector<RankFeature>> Without() const {
    std::vector<RankFeature> without;
    for (const std::string& name : without_) {
      const std::optional<RankFeature> figure = RankFeatureOf(name);
      if (!figure) return Error::Invalid("--without", "got '" + name + "', want a figure of rank_features.h");
      without.push_back(*figure);
    }
    return without;
  }

  Result<void> Collect(CorpusSession& session, const std::string& folder, std::vector<RankingExample>& examples) const {
    const JudgedCorpus judged{.folder = folder, .embedder = embedder_};
    TRY(const JudgedSet set, judged.LoadSet(split_, most_queries_));
    TRY_VOID(judged.Open(session, set));
    RetrievalConfig config = session.config().retrieval;
    config.rerank = RerankConfig();
    const Retriever retriever = session.MakeRetriever(config);
    RankerTools tools = RankerToolsFor(session.app());
    if (!max_sim_) tools.embedder = nullptr;
    const size_t total = set.queries.size();
    TRY(std::vector<RankingExample> collected,
        session.Run(CollectRankingExamples(session.MakeCall(), set, session.corpus(), retriever,
                                           static_cast<int32_t>(candidates_), tools,
                                           [total](size_t done) { ShowProgress("searching", done, total); })));
    ClearProgress();
    std::ranges::move(collected, std::back_inserter(examples));
    return {};
  }

  struct Part {
    std::string name;
    std::vector<double> held_out, search;
  };

  // Each folder's questions, and all together where there are several.
  std::vector<Part> PartsOf(const RankingFit& fit, const std::vector<size_t>& ends) const {
    std::vector<Part> parts;
    size_t begin = 0;
    const auto add = [&](std::string name, size_t from, size_t to) {
      const auto at = [](const std::vector<double>& all, size_t place) {
        return all.begin() + static_cast<std::ptrdiff_t>(place);
      };
      parts.push_back({std::move(name),
                       {at(fit.held_out, from), at(fit.held_out, to)},
                       {at(fit.search, from), at(fit.search, to)}});
    };
    for (size_t i = 0; i < ends.size(); begin = ends[i++]) add(folders_[i], begin, ends[i]);
    if (ends.size() > 1) add("all", 0, ends.back());
    return parts;
  }

  Json Body(const RankingFit& fit, const std::vector<size_t>& ends) const {
    Json parts = Json::Array();
    for (const Part& part : PartsOf(fit, ends)) {
      const Interval over = PairedDifference(part.held_out, part.search, kSeed);
      parts.Push(
          Json::Object({{"name", part.name},
                        {"queries", static_cast<int64_t>(part.search.size())},
                        {"search_ndcg_at_10", Mean(part.search)},
                        {"held_out_ndcg_at_10", Mean(part.held_out)},
                        {"over_search", Json::Object({{"mean", over.mean}, {"low", over.low}, {"high", over.high}})}}));
    }
    return Json::Object({{"penalty", fit.penalty}, {"parts", std::move(parts)}, {"model", fit.model.ToJson()}});
  }

  void Show(const RankingFit& fit, const std::vector<size_t>& ends) const {
    std::printf("nDCG@10 of questions that the weights have not seen (%zu folds, penalty %g):\n", kNumFolds,
                fit.penalty);
    for (const Part& part : PartsOf(fit, ends)) {
      const Interval over = PairedDifference(part.held_out, part.search, kSeed);
      std::printf("  %s, %zu questions: search %.4f, reranked %.4f, %+.4f [%+.4f, %+.4f]\n", part.name.c_str(),
                  part.search.size(), Mean(part.search), Mean(part.held_out), over.mean, over.low, over.high);
    }
    std::printf("\n%s\n", fit.model.ToJson().DumpPretty().c_str());
  }

  std::vector<std::string> folders_, without_;
  std::string out_, split_ = "train", embedder_, figures_;
  int64_t threads_ = 0, candidates_ = 30, most_queries_ = 0;
  bool max_sim_ = false;
};

}  // namespace

extern const CommandEntry command_eval_fit_reranker{
    "eval fit-reranker", "Fit the learned reranker to judged sets",
    "Searches each training question, looks at its candidates, and fits the weights of the learned reranker to what "
    "was "
    "judged relevant. Prints nDCG@10 of the search and of the reranked order of questions that were held out, with the "
    "difference and its 95% interval by paired bootstrap.\n"
    "\n"
    "  atelier eval fit-reranker scifact --split train --out ranker.json\n"
    "  atelier search 'prefix cache' --rerank learned --rerank-model ranker.json",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalFitRerankerCommand>(); }};

}  // namespace atelier
