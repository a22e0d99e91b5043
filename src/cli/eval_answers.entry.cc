// atelier eval answers
#include <algorithm>
#include <cstdio>

#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/judged_corpus.h"
#include "eval/answer_eval.h"
#include "knowledge/answerability.h"

namespace atelier {
namespace {

struct Way {
  const char* name;
  AnswerConfig config;
};

class EvalAnswersCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("questions", questions_, "JSONL: id, question, answerable, gold places");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    corpus_.Declare(options);
    options.Text("--prefix", prefix_, "what gold documents have in front that the corpus has not, \"docs/\"");
    options.OneOf("--mode", mode_, {"extractive", "abstractive"},
                  "abstractive: a model writes, and what the documents do not support is left out");
    options.Text("--model", model_, "that writes (default: the one that answers chats)");
    options.Takes("MODEL", Completion::kModels);
    options.Text("--figures", figures_, "write what each sentence is judged by to this file, a line each");
    options.Takes("FILE", Completion::kFiles);
    options.Text("--cues", cues_, "write what each refusal is decided by to this file, a line a question");
    options.Takes("FILE", Completion::kFiles);
    options.Flag("--each", each_, "print each question, how it was answered, and how sure");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::vector<JudgedQuestion> questions, LoadQuestions(Files::Real(), questions_));
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::OpenCorpus(invocation, corpus_));
    AnswerConfig config = session->config().answers;
    config.mode = mode_;
    if (!model_.empty()) config.model = model_;
    if (mode_ == "abstractive") {
      TRY(config, AnswersFor(session->app(), std::move(config)));
    }
    const Retriever retriever = session->MakeRetriever(session->config().retrieval);
    const Answerer answerer(session->corpus(), retriever, AnswerToolsFor(session->app()), config);
    TRY(const std::vector<ConsideredQuestion> considered, Consider(*session, answerer, questions, prefix_));
    if (!figures_.empty()) {
      TRY_VOID(WriteAtomically(Files::Real(), figures_, FigureLines(considered)));
    }
    Json ways = Json::Array();
    if (!invocation.json) {
      std::printf("%-15s %9s %9s %9s %9s %9s %9s %9s %9s\n", "", "accuracy", "precision", "recall", "gold read",
                  "AUROC", "refused:", "wrongly", "left out");
    }
    const auto tell = [&](const char* name, const std::vector<AnsweredQuestion>& answered, bool each) {
      const AnswerFigures figures = FiguresOf(answered);
      if (invocation.json) ways.Push(Body(name, figures));
      if (!invocation.json) Show(name, figures);
      if (each) ShowEach(answered);
    };
    if (mode_ == "abstractive") {
      TRY(const std::vector<AnsweredQuestion> written, Write(*session, answerer, considered));
      tell("written", written, each_);
    }
    for (const Way& way : Ways(config)) {
      TRY(const std::vector<AnsweredQuestion> answered, AnswerAll(considered, session->corpus(), way.config));
      if (!cues_.empty() && std::string_view(way.name) == "never refuse") {
        TRY(const std::string lines, CueLines(session->corpus(), considered, answered));
        TRY_VOID(WriteAtomically(Files::Real(), cues_, lines));
      }
      tell(way.name, answered, each_ && mode_ != "abstractive" && std::string_view(way.name) == "as configured");
    }
    if (invocation.json)
      invocation.Print(Json::Object({{"questions", static_cast<int64_t>(questions.size())}, {"ways", ways}}));
    return {};
  }

 private:
  // As configured, and what is to be beaten.
  static std::vector<Way> Ways(const AnswerConfig& configured) {
    AnswerConfig always = configured, never = configured, first = configured;
    always.refuse_below = 2;  // no sentence comes so near
    never.refuse_below = 0;
    first.refuse_below = 0, first.first_sentence = true;
    return {
        {"as configured", configured}, {"always refuse", always}, {"never refuse", never}, {"first sentence", first}};
  }

  static Result<std::vector<ConsideredQuestion>> Consider(CorpusSession& session, const Answerer& answerer,
                                                          const std::vector<JudgedQuestion>& questions,
                                                          const std::string& prefix) {
    auto considered =
        session.Run(ConsiderAll(session.MakeCall(), questions, session.corpus(), answerer, prefix,
                                [&](size_t done) { ShowProgress("considered", done, questions.size()); }));
    ClearProgress();
    return considered;
  }

  static Result<std::vector<AnsweredQuestion>> Write(CorpusSession& session, const Answerer& answerer,
                                                     const std::vector<ConsideredQuestion>& considered) {
    auto written = session.Run(WriteAll(session.MakeCall(), considered, answerer,
                                        [&](size_t done) { ShowProgress("written", done, considered.size()); }));
    ClearProgress();
    return written;
  }

  // A line a candidate, for tools/fit_relevance.py.
  static std::string FigureLines(const std::vector<ConsideredQuestion>& all) {
    std::string lines;
    for (const ConsideredQuestion& one : all) {
      for (size_t i = 0; i < one.considered.candidates.size(); ++i) {
        const Quotable& candidate = one.considered.candidates[i];
        const QuotableFigures& of = one.considered.figures[i];
        const std::string& document = one.considered.passages[candidate.passage].document_id;
        lines += Json::Object({{"question", one.question->id},
                               {"answerable", one.question->answerable},
                               {"right", IsRight(document, candidate.span, one.gold)},
                               {"cosine", of.cosine},
                               {"share", of.share},
                               {"share_in_place", of.share_in_place},
                               {"passage", of.passage},
                               {"passage_cosine", of.passage_cosine},
                               {"text", candidate.text}})
                     .Dump() +
                 "\n";
      }
    }
    return lines;
  }

  // A line a question, for tools/fit_answerability.py; `answered` without refusals.
  static Result<std::string> CueLines(const Corpus& corpus, const std::vector<ConsideredQuestion>& all,
                                      const std::vector<AnsweredQuestion>& answered) {
    TRY(const Analyzer analyzer, Analyzer::Create(corpus.language()));
    std::string lines;
    for (size_t i = 0; i < all.size(); ++i) {
      const auto& [question, passages, candidates, figures] = all[i].considered;
      if (figures.empty()) continue;
      const auto likeliest = std::ranges::max_element(figures, {}, &Relevance);
      const AnswerCues cues = CuesOf(question.text, candidates[likeliest - figures.begin()], analyzer);
      lines += Json::Object({{"question", all[i].question->id},
                             {"answerable", all[i].question->answerable},
                             {"found", answered[i].found},
                             {"relevance", Relevance(*likeliest)},
                             {"specifics_missing", cues.specifics_missing},
                             {"quantity_asked", cues.quantity_asked},
                             {"quantity_missing", cues.quantity_missing}})
                   .Dump() +
               "\n";
    }
    return lines;
  }

  static Json Body(const char* name, const AnswerFigures& figures) {
    return Json::Object({{"name", name},
                         {"accuracy", figures.accuracy},
                         {"citation_precision", figures.citation_precision},
                         {"citation_recall", figures.citation_recall},
                         {"passage_recall", figures.passage_recall},
                         {"refusal_auroc", figures.refusal_auroc},
                         {"right_refusals", figures.right_refusals},
                         {"wrong_refusals", figures.wrong_refusals},
                         {"left_out", figures.left_out}});
  }

  static void Show(const char* name, const AnswerFigures& figures) {
    std::printf("%-15s %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", name, figures.accuracy,
                figures.citation_precision, figures.citation_recall, figures.passage_recall, figures.refusal_auroc,
                figures.right_refusals, figures.wrong_refusals, figures.left_out);
  }

  static void ShowEach(const std::vector<AnsweredQuestion>& answered) {
    for (const AnsweredQuestion& one : answered) {
      const char* outcome = one.answer.refused ? (one.question->answerable ? "REFUSED" : "refused")
                                               : (one.found           ? "right"
                                                  : one.gold_was_read ? "WRONG"
                                                                      : "NOT FOUND");
      std::printf("%-10s %.3f %s  %s\n", outcome, one.answer.confidence, one.question->id.c_str(),
                  one.question->question.c_str());
      for (const CitedClaim& claim : one.answer.claims) std::printf("    %s\n", claim.text.c_str());
    }
  }

  CorpusOptions corpus_;
  std::string questions_, prefix_, figures_, cues_, mode_ = "extractive", model_;
  bool each_ = false;
};

}  // namespace

extern const CommandEntry command_eval_answers{
    "eval answers", "Measure answers and refusals on judged questions",
    "Asks every question and compares the places that the answers cite with the gold ones, and the refusals with the "
    "questions that the documents do not answer; beside it, what refusing always, refusing never and quoting the best "
    "passage's first sentence would give. With --mode abstractive a row before these tells what a model writes.\n"
    "\n"
    "  atelier eval answers tests/knowledge/questions/open.jsonl --corpus docs --prefix docs/",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalAnswersCommand>(); }};

}  // namespace atelier
