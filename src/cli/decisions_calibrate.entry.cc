// atelier decisions calibrate
#include <algorithm>
#include <cstdio>
#include <utility>

#include "app/calibration_store.h"
#include "base/io/files.h"
#include "base/text/describe_json.h"
#include "cli/session.h"
#include "provider/calibration.h"
#include "serve/decision_body.h"

namespace atelier {
namespace {

constexpr int64_t kMaxLabelsBytes = 64 << 20;
constexpr int64_t kNumFolds = 5;

Json ReliabilityBody(const Reliability& measured) {
  Json bins = Json::Array();
  for (const Reliability::Bin& bin : measured.bins) {
    if (bin.num == 0) continue;
    bins.Push(Json::Object({{"low", bin.low},
                            {"high", bin.high},
                            {"num", bin.num},
                            {"mean_confidence", bin.mean_confidence},
                            {"accuracy", bin.accuracy}}));
  }
  Json body = Json::Object({{"num", measured.num}, {"accuracy", measured.accuracy}, {"nll", measured.nll}});
  body.Set("ece", measured.ece);
  body.Set("adaptive_ece", measured.adaptive_ece);
  body.Set("bins", std::move(bins));
  return body;
}

void Show(const char* name, const Reliability& measured) {
  std::printf("%-24s accuracy %.3f  nll %.3f  ece %.3f  adaptive ece %.3f\n", name, measured.accuracy, measured.nll,
              measured.ece, measured.adaptive_ece);
}

void ShowBins(const Reliability& before, const Reliability& after) {
  std::printf("\n%-15s %8s %11s %9s   %8s %11s %9s\n", "confidence", "before", "mean conf.", "accuracy", "held out",
              "mean conf.", "accuracy");
  for (size_t i = 0; i < before.bins.size(); ++i) {
    const Reliability::Bin& a = before.bins[i];
    const Reliability::Bin& b = after.bins[i];
    if (a.num + b.num == 0) continue;
    std::printf("(%.3f, %.3f] %9ld %11.3f %9.3f   %8ld %11.3f %9.3f\n", a.low, a.high, static_cast<long>(a.num),
                a.mean_confidence, a.accuracy, static_cast<long>(b.num), b.mean_confidence, b.accuracy);
  }
}

class DecisionsCalibrateCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("file", file_, "lines of JSON: {\"input\", \"questions\", \"labels\"}");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    options.Integer("--orders", orders_, "as the decisions will ask: show the options, in so many orders; 0: do not");
    options.Flag("--dry-run", dry_run_, "measure and fit, and keep nothing");
    model_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::vector<LabelledBody> rows, ReadRows());
    TRY(const std::unique_ptr<Session> session, Session::Open(invocation, model_));
    TRY(const ModelListing model, session->FindModel("chat"));
    std::vector<LabelledDecision> decisions;
    for (size_t i = 0; i < rows.size(); ++i) {
      Result<void> added = Decide(*session, model.id, rows[i], static_cast<int64_t>(i), decisions);
      if (!added.ok()) return std::move(added).error().Under(file_ + " input " + std::to_string(i + 1));
      if (session->interrupt().requested()) return Error::Cancelled("", "stopped by Ctrl-C; nothing was kept");
    }
    const ModelCalibration calibration = FitCalibration(model.id, decisions);
    std::string path;
    if (!dry_run_) {
      TRY(path, session->app().calibrations().Keep(calibration));
    }
    Report(invocation, decisions, calibration, path);
    return {};
  }

 private:
  Result<std::vector<LabelledBody>> ReadRows() const {
    TRY(const std::string text, ReadWholeFile(Files::Real(), file_, kMaxLabelsBytes));
    std::vector<LabelledBody> rows;
    int64_t line_number = 0;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      begin = end + 1;
      ++line_number;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const std::string where = file_ + " line " + std::to_string(line_number);
      Result<Json> json = Json::Parse(line);
      if (!json.ok()) return std::move(json).error().Under(where);
      Result<LabelledBody> row = ReadJson<LabelledBody>(*json);
      if (!row.ok()) return std::move(row).error().Under(where);
      rows.push_back(std::move(*row));
    }
    if (rows.empty()) return Error::Invalid(file_, "got no line, want at least one");
    return rows;
  }

  Result<void> Decide(Session& session, const std::string& model, const LabelledBody& row, int64_t index,
                      std::vector<LabelledDecision>& decisions) const {
    TRY(DecisionRequest request, row.Request());
    TRY(const std::vector<size_t> labels, row.Labels(request));
    request.model = model;
    request.orders = static_cast<int32_t>(orders_);
    request.calibrated = false;
    TRY(const Decision decision, session.Run(session.app().language_model().Decide(Call(), request)));
    for (size_t i = 0; i < labels.size(); ++i) {
      if (decision.answers[i].refused) continue;
      LabelledDecision labelled{.question = request.questions[i], .answer = {}, .input_index = index};
      labelled.answer = {decision.answers[i].probabilities, labels[i]};
      decisions.push_back(std::move(labelled));
    }
    return {};
  }

  void Report(const Invocation& invocation, const std::vector<LabelledDecision>& decisions,
              const ModelCalibration& calibration, const std::string& path) const {
    std::vector<LabelledAnswer> raw;
    for (const LabelledDecision& decision : decisions) raw.push_back(decision.answer);
    std::vector<LabelledAnswer> fitted = raw;
    for (size_t i = 0; i < fitted.size(); ++i) {
      const double temperature = calibration.TemperatureOf(decisions[i].question);
      fitted[i].probabilities = Tempered(std::move(fitted[i].probabilities), temperature);
    }
    const Reliability before = MeasureReliability(raw);
    const Reliability after = MeasureReliability(fitted);
    const Reliability held_out = MeasureReliability(HeldOut(decisions, kNumFolds));
    if (invocation.json) {
      Json body = Json::Object({{"model", calibration.model}, {"path", path}});
      body.Set("before", ReliabilityBody(before));
      body.Set("after", ReliabilityBody(after));
      body.Set("held_out", ReliabilityBody(held_out));
      body.Set("questions", WriteJson(calibration)["questions"]);
      return invocation.Print(body);
    }
    std::printf("%ld answers of %s\n", static_cast<long>(before.num), calibration.model.c_str());
    Show("as they are", before);
    Show("calibrated, same labels", after);
    Show("calibrated, held out", held_out);
    ShowBins(before, held_out);
    if (!path.empty()) std::printf("\nkept in %s\n", path.c_str());
  }

  ModelOptions model_;
  std::string file_;
  int64_t orders_ = 0;
  bool dry_run_ = false;
};

}  // namespace

extern const CommandEntry command_decisions_calibrate{
    "decisions calibrate", "Make a model's decisions mean their probabilities",
    "Asks the model each question of a file whose right answers are known, measures how far its probabilities are from "
    "how often they are right (expected calibration error, 15 bins), fits a temperature for each type of question and "
    "for each question with 20 labels or more, and keeps them: decisions of that model use them from then on.\n"
    "'held out' is what to expect of new inputs: each fifth of them with temperatures fitted on the others.\n"
    "\n"
    "  atelier decisions calibrate labelled.jsonl\n"
    "  atelier --json decisions calibrate labelled.jsonl --dry-run",
    []() -> std::unique_ptr<Command> { return std::make_unique<DecisionsCalibrateCommand>(); }};

}  // namespace atelier
