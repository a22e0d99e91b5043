// A chat model decides which of several passages answers the question best; windows of them go from the last to the
// first, each half over the one before, so that a good passage far behind rises to the front.
//                                                  [the windows: Sun et al., "Is ChatGPT Good at Search?", 2023]
//
// Nothing is written: the probabilities of the options order a window, corrected for what the model would choose
// without the question. COST: about 2 N / kWindow decisions of kWindow passages, twice as many readings.
#include <algorithm>
#include <numeric>

#include "knowledge/retrieve/ranker.h"

namespace atelier {
namespace {

constexpr size_t kWindow = 8;
constexpr size_t kPassageBytes = 800;  // of each that are shown, so that a window fits into a small model's context

// What stands at the beginning of a text, up to a whole character.
std::string Beginning(const std::string& text) {
  size_t end = std::min(text.size(), kPassageBytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return text.substr(0, end);
}

DecisionRequest AskWhich(const std::string& model, const RankRequest& request, std::span<const size_t> window) {
  DecisionQuestion question;
  question.kind = QuestionKind::kChoice;
  question.instructions = "Which passage answers the question best?";
  for (size_t i = 0; i < window.size(); ++i) {
    question.options.push_back({std::to_string(i + 1), Beginning(request.passages[window[i]].text)});
  }
  DecisionRequest asked = DecisionRequest::Of(model, "Question: " + request.query, {std::move(question)});
  asked.orders = 1;  // the passages are the options, so they are shown
  return asked;
}

void SortWindow(const std::vector<double>& probabilities, std::span<size_t> window) {
  std::vector<size_t> places(window.size());
  std::iota(places.begin(), places.end(), size_t{0});
  std::ranges::stable_sort(places, std::greater<>(), [&](size_t place) { return probabilities.at(place); });
  std::vector<size_t> sorted;
  for (const size_t place : places) sorted.push_back(window[place]);
  std::ranges::copy(sorted, window.begin());
}

Task<Result<std::vector<double>>> ScoreWindows(Call call, RankRequest request) {
  CO_TRY(const std::string model, ModelOf(request, "chat"));
  std::vector<size_t> order(request.passages.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t end = order.size(); end > 1; end -= kWindow / 2) {
    if (call.stopped(request.tools.clock->Now())) co_return Error::Timeout("rerank", "the time is over");
    const size_t begin = end > kWindow ? end - kWindow : 0;
    const std::span<size_t> window = std::span(order).subspan(begin, end - begin);
    auto asked = AskWhich(model, request, window);
    CO_TRY(const Decision decision, co_await request.tools.model->Decide(call, std::move(asked)));
    const DecisionAnswer& answer = decision.answers.at(0);
    if (!answer.refused) SortWindow(answer.probabilities, window);
    if (begin == 0) break;
  }
  std::vector<double> scores(order.size());
  for (size_t place = 0; place < order.size(); ++place) {
    scores[order[place]] = 1 - static_cast<double>(place) / static_cast<double>(order.size());
  }
  co_return scores;
}

}  // namespace

extern const RankerEntry ranker_decisions_listwise{
    "decisions_listwise", "a chat model decides which of several passages answers the question best", ScoreWindows,
    "chat"};

}  // namespace atelier
