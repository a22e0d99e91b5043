// atelier eval tools
#include <cstdio>

#include "cli/session.h"
#include "eval/ranking_metrics.h"
#include "eval/tool_eval.h"

namespace atelier {
namespace {

constexpr uint64_t kBootstrapSeed = 1;

struct Way {
  std::string name;
  ToolScores scores;
};

class EvalToolsCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("folder", folder_, "of the Berkeley Function Calling Leaderboard's files");
    options.Takes("DIR", Completion::kFiles);
    options.Required();
    model_.Declare(options);
    options.Number("--name-boost", choice_.name_boost, "what a word in the name counts, beside 1 in the description");
    options.Number("--parameters-boost", choice_.parameters_boost, "what a word among the parameters counts");
    options.OneOf("--fusion", choice_.fusion.method, {"convex", "relative_score", "reciprocal_rank"},
                  "how both rankings become one");
    options.Number("--vector-weight", choice_.fusion.vector_weight, "of likeness; words have the rest");
    options.Number("--sentence-weight", choice_.sentence_weight,
                   "of the best sentence, beside 1 of the whole question");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(ToolSet set, ReadToolSet(Files::Real(), folder_));
    if (set.questions.empty()) return Error::Invalid("folder", "got no question with an answer");
    TRY(const auto session, Session::Open(invocation, model_));
    TRY(const ModelListing embedding, session->FindModel("embedding"));
    Call call;
    call.stop = session->interrupt().token();
    TRY(set, session->Run(Compare(std::move(call), std::move(set), session->app().embedder(), embedding.id)));
    std::vector<Way> ways(3);
    ways[0].name = "BM25", ways[1].name = "likeness", ways[2].name = "both";
    TRY(ways[0].scores, ScoreTools(set, true, false, choice_));
    TRY(ways[1].scores, ScoreTools(set, false, true, choice_));
    TRY(ways[2].scores, ScoreTools(set, true, true, choice_));
    invocation.json ? invocation.Print(Body(set, ways)) : Show(set, ways);
    return {};
  }

 private:
  static Json Body(const ToolSet& set, const std::vector<Way>& ways) {
    Json rows = Json::Array();
    for (const Way& way : ways) {
      rows.Push(Json::Object({{"name", way.name},
                              {"recall_at_1", way.scores.recall_at_1},
                              {"recall_at_5", way.scores.recall_at_5},
                              {"recall_at_10", way.scores.recall_at_10},
                              {"name_recall_at_5", way.scores.name_recall_at_5}}));
    }
    return Json::Object({{"tools", static_cast<int64_t>(set.tools.size())},
                         {"questions", static_cast<int64_t>(set.questions.size())},
                         {"ways", std::move(rows)}});
  }

  static void Show(const ToolSet& set, const std::vector<Way>& ways) {
    std::printf("%zu tools, %zu questions\n", set.tools.size(), set.questions.size());
    std::printf("%-10s %8s %8s %9s %15s  %s\n", "", "recall@1", "recall@5", "recall@10", "name recall@5",
                "recall@5 over each above, 95%");
    for (const Way& way : ways) {
      std::printf("%-10s %8.4f %8.4f %9.4f %15.4f", way.name.c_str(), way.scores.recall_at_1, way.scores.recall_at_5,
                  way.scores.recall_at_10, way.scores.name_recall_at_5);
      for (const Way& other : ways) {
        if (&other == &way) break;
        const Interval of = PairedDifference(way.scores.by_question, other.scores.by_question, kBootstrapSeed);
        std::printf("  %+.4f [%+.4f, %+.4f]", of.mean, of.low, of.high);
      }
      std::printf("\n");
    }
  }

  ModelOptions model_;
  ToolFinderOptions choice_;
  std::string folder_;
};

}  // namespace

extern const CommandEntry command_eval_tools{
    "eval tools", "Measure how tools are found among many",
    "Every distinct function of the Berkeley Function Calling Leaderboard's files is a tool; each question is asked "
    "among all of them, by words, by likeness and by both. Prints the share of the functions that the answer calls "
    "which are among the first 1, 5 and 10.\n"
    "\n"
    "  atelier eval tools bfcl",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalToolsCommand>(); }};

}  // namespace atelier
