#include "agent/memory/recall.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace atelier {
namespace {

constexpr std::array<std::string_view, kNumRecallFigures> kNames = {
    "words",  "likeness", "window_words", "window_likeness", "neighbours", "session",       "speaker", "when",
    "number", "asks",     "date",         "recency",         "short",      "after_question"};

constexpr size_t kSessionTurns = 3;  // the best of a session, which stand for it
constexpr double kShortBytes = 60;   // a turn of so many bytes is half short

// Of one way of searching: by id, scaled.
using Scores = std::map<std::string, double, std::less<>>;

double Of(const Scores& scores, std::string_view id) {
  const auto at = scores.find(id);
  return at == scores.end() ? 0 : at->second;
}

// From `least` (of words 0, else the least found) to the greatest as 0 to 1.
Scores Scaled(const std::vector<MemoryHit>& hits, std::optional<double> MemoryHit::* score, bool from_zero) {
  double least = 0, greatest = 0;
  bool any = false;
  for (const MemoryHit& hit : hits) {
    if (!(hit.*score)) continue;
    const double value = *(hit.*score);
    least = !any ? value : std::min(least, value), greatest = !any ? value : std::max(greatest, value);
    any = true;
  }
  if (from_zero) least = 0;
  Scores scaled;
  for (const MemoryHit& hit : hits) {
    if (!(hit.*score)) continue;
    scaled[hit.id] = greatest > least ? std::max(0.0, (*(hit.*score) - least) / (greatest - least)) : 1;
  }
  return scaled;
}

// The best of the windows that hold the turn at `place`: its own, and those of the turns after it.
double BestWindow(const Scores& windows, const MemoryTurn& turn) {
  double best = 0;
  const int64_t place = PlaceOf(turn.id);
  for (int64_t at = place; at < place + kWindowTurns; ++at) best = std::max(best, Of(windows, TurnIdAt(turn.id, at)));
  return best;
}

double SpeakerFit(const QuestionCues& cues, const MemoryTurn& turn) {
  if (cues.speakers.empty()) return 0.5;
  return std::ranges::find(cues.speakers, turn.speaker) != cues.speakers.end() ? 1 : 0;
}

// The mean of the best turns of each session, scaled by the best session's.
Scores SessionScores(const std::vector<MemoryTurn>& turns, const Scores& base) {
  std::map<std::string, std::vector<double>> by_session;
  for (const MemoryTurn& turn : turns) by_session[turn.id.substr(0, turn.id.rfind('/'))].push_back(Of(base, turn.id));
  Scores scores;
  double greatest = 0;
  for (auto& [session, values] : by_session) {
    std::ranges::sort(values, std::greater<>());
    values.resize(kSessionTurns);
    double sum = 0;
    for (const double value : values) sum += value;
    scores[session] = sum / kSessionTurns;
    greatest = std::max(greatest, scores[session]);
  }
  for (auto& [session, score] : scores) score = greatest > 0 ? score / greatest : 0;
  return scores;
}

// By the rank of what was said last among the turns, since gaps between sessions say little: 1 is the newest.
Scores RecencyOf(const std::vector<MemoryTurn>& turns) {
  std::set<int64_t> times;
  for (const MemoryTurn& turn : turns) times.insert(turn.said_ms);
  std::map<int64_t, double> ranks;
  for (const int64_t time : times)
    ranks[time] = static_cast<double>(ranks.size() + 1) / static_cast<double>(times.size());
  Scores scores;
  for (const MemoryTurn& turn : turns) scores[turn.id] = ranks[turn.said_ms];
  return scores;
}

}  // namespace

std::span<const std::string_view> RecallFigureNames() { return kNames; }

std::optional<RecallFigure> RecallFigureOf(std::string_view name) {
  const auto at = std::ranges::find(kNames, name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<RecallFigure>(at - kNames.begin());
}

RecallWeights RecallWeights::Default() {
  using enum RecallFigure;
  RecallWeights weights{};
  weights[kWords] = 1, weights[kLikeness] = 1.1;
  weights[kWindowWords] = 0.9, weights[kWindowLikeness] = 1.5;
  weights[kNeighbours] = 0.2, weights[kSession] = 0.5, weights[kAfterQuestion] = 0.8;
  weights[kSpeaker] = 0.6, weights[kWhen] = 0.4, weights[kNumber] = 0.2;
  weights[kAsks] = -1, weights[kShort] = -1.4;
  weights[kRecency] = 0.2;
  weights[kDate] = 0.3;  // by reason, not by measure: few questions of the tuning half name a date
  return weights;
}

std::vector<RecalledFact> RankFacts(const std::vector<MemoryHit>& hits, std::vector<MemoryFact> facts, int64_t at_ms) {
  constexpr double kImportance = 0.5, kNew = 0.3;
  constexpr double kHalfLifeMs = 90 * 86'400'000.0;
  const Scores words = Scaled(hits, &MemoryHit::words, true);
  const Scores likeness = Scaled(hits, &MemoryHit::likeness, false);
  std::vector<RecalledFact> recalled;
  for (MemoryFact& fact : facts) {
    if (!fact.holds(at_ms)) continue;
    const auto age = static_cast<double>(std::max<int64_t>(0, at_ms - std::max(fact.valid_from_ms, fact.recorded_ms)));
    const double score = Of(words, fact.id) + Of(likeness, fact.id) + kImportance * fact.importance +
                         kNew * std::exp2(-age / kHalfLifeMs);
    const auto hit = std::ranges::find(hits, fact.id, &MemoryHit::id);
    recalled.push_back({std::move(fact), score, hit == hits.end() ? std::nullopt : hit->likeness});
  }
  std::ranges::stable_sort(recalled, std::greater<>(), &RecalledFact::score);
  return recalled;
}

std::vector<std::string> CandidatesOf(const MemoryHits& hits) {
  std::set<std::string> ids;
  for (const MemoryHit& hit : hits.turns) {
    const int64_t place = PlaceOf(hit.id);
    for (int64_t at = std::max<int64_t>(0, place - 1); at <= place + 1; ++at) ids.insert(TurnIdAt(hit.id, at));
  }
  for (const MemoryHit& hit : hits.windows) {
    const int64_t place = PlaceOf(hit.id);
    for (int64_t at = std::max<int64_t>(0, place - kWindowTurns + 1); at <= place; ++at)
      ids.insert(TurnIdAt(hit.id, at));
  }
  return {ids.begin(), ids.end()};
}

std::vector<RecalledTurn> RankTurns(const QuestionCues& cues, const MemoryHits& hits, std::vector<MemoryTurn> turns,
                                    const RecallWeights& weights) {
  const Scores words = Scaled(hits.turns, &MemoryHit::words, true);
  const Scores likeness = Scaled(hits.turns, &MemoryHit::likeness, false);
  const Scores window_words = Scaled(hits.windows, &MemoryHit::words, true);
  const Scores window_likeness = Scaled(hits.windows, &MemoryHit::likeness, false);
  Scores base;
  std::map<std::string_view, const MemoryTurn*> by_id;
  for (const MemoryTurn& turn : turns) {
    base[turn.id] = (Of(words, turn.id) + Of(likeness, turn.id)) / 2;
    by_id[turn.id] = &turn;
  }
  const Scores sessions = SessionScores(turns, base), recency = RecencyOf(turns);
  std::vector<RecalledTurn> recalled;
  for (const MemoryTurn& turn : turns) {
    RecalledTurn one;
    const auto set = [&](RecallFigure figure, double value) { one.figures[static_cast<size_t>(figure)] = value; };
    const int64_t place = PlaceOf(turn.id);
    const std::string before = place > 0 ? TurnIdAt(turn.id, place - 1) : "", after = TurnIdAt(turn.id, place + 1);
    set(RecallFigure::kWords, Of(words, turn.id));
    set(RecallFigure::kLikeness, Of(likeness, turn.id));
    set(RecallFigure::kWindowWords, BestWindow(window_words, turn));
    set(RecallFigure::kWindowLikeness, BestWindow(window_likeness, turn));
    set(RecallFigure::kNeighbours, std::max(Of(base, before), Of(base, after)));
    set(RecallFigure::kSession, Of(sessions, turn.id.substr(0, turn.id.rfind('/'))));
    set(RecallFigure::kSpeaker, SpeakerFit(cues, turn));
    set(RecallFigure::kWhen, cues.asks_when && SaysWhen(turn.text) ? 1 : 0);
    set(RecallFigure::kNumber, cues.asks_number && SaysNumber(turn.text) ? 1 : 0);
    set(RecallFigure::kAsks, Asks(turn.text) ? 1 : 0);
    set(RecallFigure::kDate, DateFit(cues.dates, turn.said_ms));
    set(RecallFigure::kRecency, cues.asks_now ? Of(recency, turn.id) : 0);
    set(RecallFigure::kShort, kShortBytes / (kShortBytes + static_cast<double>(turn.text.size())));
    const auto asked = by_id.find(before);
    set(RecallFigure::kAfterQuestion, asked != by_id.end() && Asks(asked->second->text) ? Of(base, before) : 0);
    one.turn = turn;
    recalled.push_back(std::move(one));
  }
  SortRecalled(weights, recalled);
  return recalled;
}

void SortRecalled(const RecallWeights& weights, std::vector<RecalledTurn>& recalled) {
  for (RecalledTurn& one : recalled) {
    one.score = 0;
    for (size_t i = 0; i < kNumRecallFigures; ++i) one.score += weights.weights[i] * one.figures[i];
  }
  std::ranges::sort(recalled, [](const RecalledTurn& a, const RecalledTurn& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.turn.said_ms != b.turn.said_ms) return a.turn.said_ms > b.turn.said_ms;
    return a.turn.id < b.turn.id;
  });
}

}  // namespace atelier
