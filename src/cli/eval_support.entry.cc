// atelier eval support
#include <cstdio>
#include <limits>

#include "cli/corpus_session.h"
#include "eval/support_eval.h"
#include "knowledge/sentence_choice.h"
#include "knowledge/support.h"

namespace atelier {
namespace {

constexpr int64_t kWholeText = std::numeric_limits<int64_t>::max();

// The sentences of every document of a corpus that could be cited.
Result<std::vector<std::vector<std::string>>> SentencesOf(const Corpus& corpus) {
  std::vector<std::vector<std::string>> documents;
  TRY(const auto listings, corpus.List({}, {}, "", std::numeric_limits<int32_t>::max()));
  for (const DocumentListing& listing : listings) {
    Passage whole;
    whole.document_id = listing.id;
    TRY(whole.text, corpus.Read(listing.id, {0, kWholeText}, {}));
    std::vector<std::string>& sentences = documents.emplace_back();
    for (const Quotable& quotable : QuotablesOf({whole})) sentences.push_back(quotable.text);
  }
  return documents;
}

class EvalSupportCommand final : public Command {
 public:
  void Declare(Options& options) override {
    corpus_.Declare(options);
    options.Number("--keep-from", keep_from_, "the score from which a claim is kept");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::OpenCorpus(invocation, corpus_));
    TRY(const Analyzer analyzer, Analyzer::Create(session->corpus().language()));
    TRY(const auto documents, SentencesOf(session->corpus()));
    std::vector<SupportCase> cases;
    for (const std::vector<std::string>& sentences : documents) {
      for (SupportCase& one : SupportCasesOf(sentences)) cases.push_back(std::move(one));
    }
    if (cases.empty()) return Error::Invalid("corpus", "got no sentence that a claim can be made of");
    const std::vector<SupportScores> rows = ScoreSupport(
        cases,
        [&](std::string_view claim, std::string_view source) {
          return Support(SupportFiguresOf(claim, source, analyzer));
        },
        keep_from_);
    invocation.json ? invocation.Print(Body(rows)) : Show(rows);
    return {};
  }

 private:
  static Json Body(const std::vector<SupportScores>& rows) {
    Json kinds = Json::Array();
    for (const SupportScores& row : rows) {
      kinds.Push(Json::Object({{"kind", row.kind},
                               {"cases", static_cast<int64_t>(row.num_cases)},
                               {"auroc", row.auroc},
                               {"right_dropped", row.right_dropped},
                               {"wrong_kept", row.wrong_kept}}));
    }
    return Json::Object({{"kinds", std::move(kinds)}});
  }

  static void Show(const std::vector<SupportScores>& rows) {
    std::printf("%-10s %8s %8s %14s %11s\n", "", "cases", "AUROC", "right dropped", "wrong kept");
    for (const SupportScores& row : rows) {
      std::printf("%-10s %8zu %8.4f %14.4f %11.4f\n", row.kind.c_str(), row.num_cases, row.auroc, row.right_dropped,
                  row.wrong_kept);
    }
  }

  CorpusOptions corpus_;
  double keep_from_ = 0.5;
};

}  // namespace

extern const CommandEntry command_eval_support{
    "eval support", "Measure the score that keeps or drops claims",
    "Retells the sentences of a corpus, makes one thing of each wrong (a number, a not, a name, its source), and "
    "prints "
    "how well the support score tells right from wrong: AUROC, and the shares that a threshold treats wrongly.\n"
    "\n"
    "  atelier eval support -c docs",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalSupportCommand>(); }};

}  // namespace atelier
