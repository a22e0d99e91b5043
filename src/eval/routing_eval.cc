#include "eval/routing_eval.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "eval/json_lines.h"

namespace atelier {
namespace {

constexpr size_t kMaxCases = 100'000;

struct Sent {
  size_t option = 0;
  double cost = 0;
  size_t num_asked = 0;
};

Sent Send(const RoutingCase& one, const std::vector<size_t>& judges, size_t otherwise, double at_least) {
  Sent sent{.option = otherwise};
  for (const size_t judge : judges) {
    const RouteJudgement& said = one.judged.at(judge);
    sent.cost += said.cost, ++sent.num_asked;
    if (said.probabilities[said.best()] < at_least) continue;
    sent.option = said.best();
    break;
  }
  return sent;
}

}  // namespace

size_t RouteJudgement::best() const {
  CHECK(!probabilities.empty());
  return static_cast<size_t>(std::ranges::max_element(probabilities) - probabilities.begin());
}

Result<std::vector<RoutingCase>> ReadRoutingCases(Files& files, const std::string& path, const std::string& key) {
  std::vector<RoutingCase> cases;
  const auto read = [&](const Json& line) -> Result<void> {
    if (cases.size() == kMaxCases)
      return Error::TooLarge("", "want at most " + std::to_string(kMaxCases) + " requests");
    RoutingCase one{.is_fit = cases.size() % 2 == 0};
    TRY(one.input, TextMember(line, "input"));
    TRY(one.choice, TextMember(line, key.c_str()));
    if (line.Has("half")) {
      TRY(const std::string half, TextMember(line, "half"));
      if (half != "fit" && half != "test") return Error::Invalid("half", "got '" + half + "', want fit or test");
      one.is_fit = half == "fit";
    }
    cases.push_back(std::move(one));
    return {};
  };
  TRY_VOID(EachJsonLine(files, path, read));
  if (cases.empty()) return Error::Invalid(path, "got no requests");
  return cases;
}

RoutingFigures RouteAll(const std::vector<RoutingCase>& cases, const std::vector<size_t>& judges, size_t otherwise,
                        double at_least) {
  RoutingFigures figures{.at_least = at_least};
  figures.asked.resize(judges.size());
  for (const RoutingCase& one : cases) {
    const Sent sent = Send(one, judges, otherwise, at_least);
    const bool is_right = sent.option == one.wanted;
    ++figures.num, figures.cost += sent.cost;
    figures.right += is_right ? 1 : 0;
    if (sent.option != otherwise) ++figures.sent, figures.sent_right += is_right ? 1 : 0;
    if (one.wanted == otherwise) ++figures.strangers, figures.strangers_kept += is_right ? 1 : 0;
    for (size_t i = 0; i < sent.num_asked; ++i) ++figures.asked[i];
  }
  return figures;
}

double FitThreshold(const std::vector<RoutingCase>& cases, const std::vector<size_t>& judges, size_t otherwise,
                    double accuracy) {
  for (int hundredths = 0; hundredths < 100; ++hundredths) {
    const RoutingFigures figures = RouteAll(cases, judges, otherwise, hundredths / 100.0);
    if (figures.sent > 0 && figures.accuracy() >= accuracy) return hundredths / 100.0;
  }
  return 1;
}

RouteCalibration CalibrationOf(const std::vector<RoutingCase>& cases, size_t judge, size_t num_bins) {
  CHECK(num_bins > 0);
  RouteCalibration calibration;
  calibration.bins.resize(num_bins);
  for (const RoutingCase& one : cases) {
    const RouteJudgement& said = one.judged.at(judge);
    const double confidence = said.probabilities[said.best()];
    const bool is_right = said.best() == one.wanted;
    const auto at = static_cast<size_t>(confidence * static_cast<double>(num_bins));
    ReliabilityBin& bin = calibration.bins[std::min(at, num_bins - 1)];
    ++bin.num, bin.confidence += confidence, bin.accuracy += is_right ? 1 : 0;
    calibration.accuracy += is_right ? 1 : 0;
    for (size_t i = 0; i < said.probabilities.size(); ++i) {
      const double off = said.probabilities[i] - (i == one.wanted ? 1 : 0);
      calibration.brier += off * off;
    }
  }
  const auto num = static_cast<double>(std::max<size_t>(cases.size(), 1));
  for (ReliabilityBin& bin : calibration.bins) {
    calibration.ece += std::abs(bin.accuracy - bin.confidence) / num;
    if (bin.num > 0) bin.accuracy /= static_cast<double>(bin.num), bin.confidence /= static_cast<double>(bin.num);
  }
  calibration.brier /= num, calibration.accuracy /= num;
  return calibration;
}

std::vector<RoutingCase> HalfOf(const std::vector<RoutingCase>& cases, bool is_fit) {
  std::vector<RoutingCase> half;
  for (const RoutingCase& one : cases) {
    if (one.is_fit == is_fit) half.push_back(one);
  }
  return half;
}

}  // namespace atelier
