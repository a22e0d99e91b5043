// atelier eval routing
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>

#include "cli/judged_corpus.h"
#include "cli/routing_judge.h"
#include "eval/agent_score.h"

namespace atelier {
namespace {

constexpr double kShownThresholds[] = {0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr size_t kNumBins = 10;

// One or several judges, the cheap one first, and what their threshold is.
struct RoutingWay {
  std::string name;
  std::vector<size_t> judges;
  double at_least = 0;
};

Json FiguresBody(const RoutingFigures& figures) {
  return Json::Object({{"at_least", figures.at_least},
                       {"requests", figures.num},
                       {"coverage", figures.coverage()},
                       {"accuracy_of_sent", figures.accuracy()},
                       {"right", figures.right},
                       {"strangers", figures.strangers},
                       {"strangers_kept", figures.strangers_kept},
                       {"mean_cost", figures.mean_cost()},
                       {"asked", figures.asked}});
}

Json CalibrationBody(const RouteCalibration& calibration) {
  Json bins = Json::Array();
  for (const ReliabilityBin& bin : calibration.bins) {
    bins.Push(Json::Object({{"requests", bin.num}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}}));
  }
  return Json::Object({{"accuracy", calibration.accuracy},
                       {"ece", calibration.ece},
                       {"brier", calibration.brier},
                       {"bins", std::move(bins)}});
}

Interval IntervalOf(const std::vector<RoutingCase>& cases, size_t judge) {
  std::vector<bool> right;
  for (const RoutingCase& one : cases) right.push_back(one.judged[judge].best() == one.wanted);
  return WilsonInterval(right);
}

class EvalRoutingCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("file", file_, "requests, a JSON object a line: input, choice, half");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    model_.Declare(options);
    options.Text("--workflow,-w", workflow_, "whose route is measured; without, the first of atelier.yaml");
    options.Text("--node", node_, "the name of the route in it; without, the first");
    options.Texts("--judge", judges_, "who decides: meaning, or a model; several: the cheap one first");
    options.Texts("--cost", costs_, "of asking each judge once, in any unit; without, the milliseconds that it took");
    options.Number("--accuracy", accuracy_, "of what is sent somewhere, that the threshold is fitted to");
    options.Text("--key", key_, "the member of a line that names the option");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, Session::Open(invocation, model_));
    TRY(const RouteNodeConfig* route, FindNode(session->app().config()));
    TRY(cases_, ReadRoutingCases(Files::Real(), file_, key_));
    TRY_VOID(TakeWanted(*route));
    TRY_VOID(AskAll(*session, *route));
    TRY_VOID(TakeCosts());
    fit_ = HalfOf(cases_, true), test_ = HalfOf(cases_, false);
    if (fit_.empty() || test_.empty()) return Error::Invalid(file_, "got one half, want requests of both");
    for (size_t i = 0; i < names_.size(); ++i) ways_.push_back({names_[i], {i}});
    if (names_.size() > 1) {
      RoutingWay chain{.name = names_[0], .judges = {0}};
      for (size_t i = 1; i < names_.size(); ++i) chain.name += " then " + names_[i], chain.judges.push_back(i);
      ways_.push_back(std::move(chain));
    }
    for (RoutingWay& way : ways_) way.at_least = FitThreshold(fit_, way.judges, otherwise_, accuracy_);
    invocation.json ? invocation.Print(Body()) : Show();
    return {};
  }

 private:
  Result<const RouteNodeConfig*> FindNode(const Config& config) {
    for (const WorkflowConfig& workflow : config.workflows) {
      if (!workflow_.empty() && workflow.name != workflow_) continue;
      const NodeConfig* node = FindRoute(workflow.nodes, node_);
      if (node == nullptr && workflow_.empty()) continue;
      if (node == nullptr || node->route->by == "rule") break;
      return &*node->route;
    }
    return Error::NotFound("workflow", "got '" + workflow_ + "', want one with a route by meaning or decision" +
                                           (node_.empty() ? "" : " called '" + node_ + "'"));
  }

  // Which option each case names, and which is taken where nobody is sure: without, one that no case can have.
  Result<void> TakeWanted(const RouteNodeConfig& route) {
    std::map<std::string, size_t> index;
    for (const RouteOption& option : route.options) index.emplace(option.name, index.size());
    otherwise_ = route.otherwise.empty() ? route.options.size() : index.at(route.otherwise);
    for (size_t i = 0; i < cases_.size(); ++i) {
      const auto at = index.find(cases_[i].choice);
      if (at == index.end()) {
        return Error::Invalid(file_, "request " + std::to_string(i + 1) + ": " + key_ + ": got '" + cases_[i].choice +
                                         "', want the name of an option");
      }
      cases_[i].wanted = at->second;
    }
    if (!judges_.empty()) return {};
    if (route.by == "meaning") judges_.emplace_back(kByMeaning);
    judges_.insert(judges_.end(), route.model.values.begin(), route.model.values.end());
    if (judges_.empty()) judges_.emplace_back();
    return {};
  }

  Result<void> AskAll(Session& session, const RouteNodeConfig& route) {
    const std::string folder =
        (std::filesystem::temp_directory_path() / ("atelier-routing-" + std::to_string(getpid()))).string();
    for (size_t j = 0; j < judges_.size(); ++j) {
      TRY(const auto judge, RoutingJudge::Create(session, route, judges_[j], folder + "-" + std::to_string(j)));
      names_.push_back(judge->name());
      for (size_t i = 0; i < cases_.size(); ++i) {
        Call call;
        call.stop = session.interrupt().token();
        TRY(RouteJudgement said, session.Run(judge->Ask(std::move(call), cases_[i].input)));
        cases_[i].judged.push_back(std::move(said));
        ShowProgress(judge->name().c_str(), i + 1, cases_.size());
      }
    }
    ClearProgress();
    return {};
  }

  Result<void> TakeCosts() {
    if (costs_.empty()) return {};
    if (costs_.size() != names_.size()) {
      return Error::Invalid("--cost", "got " + std::to_string(costs_.size()) + ", want one for each of " +
                                          std::to_string(names_.size()) + " judges");
    }
    for (size_t j = 0; j < costs_.size(); ++j) {
      const auto cost = Json::Parse(costs_[j]);
      if (!cost.ok() || !cost->is_number()) return Error::Invalid("--cost", "got '" + costs_[j] + "', want a number");
      for (RoutingCase& one : cases_) one.judged[j].cost = cost->AsDouble();
    }
    return {};
  }

  Json Body() const {
    Json rows = Json::Array();
    for (const RoutingWay& way : ways_) {
      Json row = Json::Object({{"judges", way.name}, {"at_least", way.at_least}});
      row.Set("fit", FiguresBody(RouteAll(fit_, way.judges, otherwise_, way.at_least)));
      row.Set("test", FiguresBody(RouteAll(test_, way.judges, otherwise_, way.at_least)));
      Json thresholds = Json::Array();
      for (const double at : kShownThresholds) {
        thresholds.Push(FiguresBody(RouteAll(test_, way.judges, otherwise_, at)));
      }
      row.Set("thresholds", std::move(thresholds));
      if (way.judges.size() == 1)
        row.Set("calibration", CalibrationBody(CalibrationOf(test_, way.judges[0], kNumBins)));
      rows.Push(std::move(row));
    }
    return Json::Object(
        {{"requests", static_cast<int64_t>(cases_.size())}, {"accuracy_wanted", accuracy_}, {"ways", std::move(rows)}});
  }

  void ShowFigures(const char* what, const RoutingWay& way, const RoutingFigures& figures) const {
    std::printf("  %-9s %8.2f %9.3f %9.3f %9.3f", what, figures.at_least, figures.coverage(), figures.accuracy(),
                static_cast<double>(figures.right) / static_cast<double>(figures.num));
    std::printf("   %3lld of %-3lld %10.1f", static_cast<long long>(figures.strangers_kept),
                static_cast<long long>(figures.strangers), figures.mean_cost());
    for (size_t i = 1; i < way.judges.size(); ++i) {
      std::printf("  asks %s for %.2f", names_[way.judges[i]].c_str(),
                  static_cast<double>(figures.asked[i]) / static_cast<double>(figures.num));
    }
    std::printf("\n");
  }

  void ShowCalibration(size_t judge) const {
    const RouteCalibration calibration = CalibrationOf(test_, judge, kNumBins);
    const Interval accuracy = IntervalOf(test_, judge);
    std::printf("  likeliest right %.3f [%.3f, %.3f], ECE %.3f, Brier %.3f\n", accuracy.mean, accuracy.low,
                accuracy.high, calibration.ece, calibration.brier);
    for (size_t i = 0; i < kNumBins; ++i) {
      const ReliabilityBin& bin = calibration.bins[i];
      if (bin.num == 0) continue;
      std::printf("    said %.1f to %.1f  %4lld requests, mean %.3f, right %.3f\n", static_cast<double>(i) / kNumBins,
                  static_cast<double>(i + 1) / kNumBins, static_cast<long long>(bin.num), bin.confidence, bin.accuracy);
    }
  }

  void Show() const {
    std::printf(
        "%zu requests; threshold fitted on %zu so that %.2f of what is sent is right, reported on the other %zu\n",
        cases_.size(), fit_.size(), accuracy_, test_.size());
    for (const RoutingWay& way : ways_) {
      std::printf("\n%s\n  %-9s %8s %9s %9s %9s   %-10s %10s\n", way.name.c_str(), "", "at least", "sent", "of these",
                  "all", "strangers", costs_.empty() ? "ms" : "cost");
      std::printf("  %-9s %8s %9s %9s %9s   %-10s %10s\n", "", "", "", "right", "right", "kept", "each");
      ShowFigures("fitted on", way, RouteAll(fit_, way.judges, otherwise_, way.at_least));
      ShowFigures("reported", way, RouteAll(test_, way.judges, otherwise_, way.at_least));
      for (const double at : kShownThresholds) ShowFigures("", way, RouteAll(test_, way.judges, otherwise_, at));
      if (way.judges.size() == 1) ShowCalibration(way.judges[0]);
    }
  }

  ModelOptions model_;
  std::string file_, workflow_, node_, key_ = "choice";
  std::vector<std::string> judges_, costs_;
  double accuracy_ = 0.9;
  size_t otherwise_ = 0;
  std::vector<std::string> names_;  // of the judges
  std::vector<RoutingCase> cases_, fit_, test_;
  std::vector<RoutingWay> ways_;
};

}  // namespace

extern const CommandEntry command_eval_routing{
    "eval routing", "Measure how well a workflow's route sends requests",
    "Asks the judges of a route about each request of a file and prints, on the half that the threshold was not fitted "
    "on: how much is sent somewhere and how much of that is right, at thresholds; how many that belong nowhere stay "
    "away; whether the probabilities are what happens (ECE, reliability, Brier); and what a request costs where a "
    "dearer judge is asked only when the cheap one is not sure.\n"
    "\n"
    "  atelier --config examples/router/atelier.yaml eval routing tests/routing/requests.jsonl\n"
    "  atelier eval routing requests.jsonl --judge meaning --judge openai/gpt-5-mini --cost 0 --cost 0.002",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalRoutingCommand>(); }};

}  // namespace atelier
