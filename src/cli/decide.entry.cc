// atelier decide
#include <cstdio>

#include "cli/input.h"
#include "cli/session.h"
#include "cli/terminal_text.h"
#include "provider/decision.h"
#include "serve/decision_body.h"

namespace atelier {
namespace {

// "billing: charges and invoices" is a value with what it stands for.
DecisionOption OptionOf(const std::string& text) {
  const size_t colon = text.find(": ");
  if (colon == std::string::npos) return {text};
  return {text.substr(0, colon), text.substr(colon + 2)};
}

// The API's names of what the terminal calls otherwise.
Error InOptionsWords(Error error) {
  const auto rename = [&](std::string_view api, std::string_view here) {
    if (!error.where.starts_with(api)) return;
    error.where = std::string(here) + error.where.substr(api.size());
  };
  rename("questions[0].choices", "--option");
  rename("questions[0].levels", "--option");
  rename("questions[0].instructions", "question");
  rename("questions[0]", "question");
  return error;
}

void ShowAnswer(const DecisionQuestion& question, const DecisionAnswer& answer) {
  if (answer.refused) {
    std::printf("refused\n");
    return;
  }
  const bool is_predicate = question.kind == QuestionKind::kPredicate;
  for (size_t i = 0; i < answer.probabilities.size(); ++i) {
    const std::string value = is_predicate ? OptionValue(question, i).Dump() : question.options[i].value;
    std::printf("%c %.4f  %s\n", i == answer.choice ? '*' : ' ', answer.probabilities[i],
                SafeForTerminal(value).c_str());
  }
  if (answer.unseen > 0) std::printf("up to %.4f may belong to answers that count 0 here\n", answer.unseen);
  if (question.kind != QuestionKind::kScore) return;
  std::printf("score %.3f of 0 to %zu\n", answer.score, question.options.size() - 1);
}

class DecideCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("question", question_, "a statement that may be true, or a question that the options answer");
    options.Required();
    options.Texts("text", words_, "what it is about; words are joined with blanks; without, or as -, standard input");
    options.Texts("--option,-o", options_,
                  "an answer, or \"answer: what it stands for\", which --orders shows; none: it is a statement");
    options.Flag("--score", score_, "the options are levels of a scale, from the lowest up");
    options.Integer("--orders", orders_, "show the model the options, in so many orders, and average; 0: do not show");
    options.Flag("--uncalibrated", uncalibrated_, "leave out the calibration that is stored for the model");
    options.Flag("--biased", biased_, "leave in what the model prefers whatever the text");
    model_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(DecisionRequest request, Request());
    TRY(const std::unique_ptr<Session> session, Session::Open(invocation, model_));
    TRY(const ModelListing model, session->FindModel("chat"));
    const Result<Decision> decision = session->Decide(model, request);
    if (session->interrupt().requested()) return Error::Cancelled("", "stopped by Ctrl-C; nothing was decided");
    if (!decision.ok()) return InOptionsWords(decision.error());
    if (invocation.json) {
      invocation.Print(DecisionReply(request, *decision, model.id));
    } else {
      ShowAnswer(request.questions.front(), decision->answers.front());
    }
    return {};
  }

 private:
  Result<DecisionRequest> Request() const {
    DecisionQuestion question = DecisionQuestion::Predicate(question_);
    if (score_) question.kind = QuestionKind::kScore;
    if (!score_ && !options_.empty()) question.kind = QuestionKind::kChoice;
    for (const std::string& option : options_) question.options.push_back(OptionOf(option));
    DecisionRequest request = DecisionRequest::Of("", "", {std::move(question)});
    if (orders_ < 0 || orders_ > kMaxChoiceOptions) {
      return Error::Invalid("--orders",
                            "got " + std::to_string(orders_) + ", want 0 to " + std::to_string(kMaxChoiceOptions));
    }
    request.orders = static_cast<int32_t>(orders_);
    request.calibrated = !uncalibrated_;
    request.content_free = !biased_;
    Result<void> checked = CheckDecision(request);  // before standard input is waited for
    if (!checked.ok()) return InOptionsWords(std::move(checked).error());
    std::string& text = request.input.front().text;
    TRY(text, ReadText(words_, "the text"));
    // A file's last line end is the editor's, not the author's.
    if (text.ends_with('\n')) text.pop_back();
    return request;
  }

  ModelOptions model_;
  std::string question_;
  std::vector<std::string> words_, options_;
  int64_t orders_ = 0;
  bool score_ = false, uncalibrated_ = false, biased_ = false;
};

}  // namespace

extern const CommandEntry command_decide{
    "decide", "Ask how likely a statement or each of some answers is",
    "Prints the probability of each answer to a question about a text; nothing is generated. Without options the "
    "question is a statement, which is true or false; with them one of them fits; with --score they are levels, and "
    "the expected one is printed too. The likeliest has a star.\n"
    "\n"
    "  atelier decide 'The customer wants their money back.' 'I was charged twice!'\n"
    "  atelier decide 'What is this about?' -o billing -o delivery -o 'access: cannot log in' < mail.txt\n"
    "  atelier decide --score 'How satisfied is the writer?' -o unhappy -o indifferent -o happy < review.txt\n"
    "  atelier --json decide 'It is about a bill.' 'Please pay by Friday.'",
    []() -> std::unique_ptr<Command> { return std::make_unique<DecideCommand>(); }};

}  // namespace atelier
