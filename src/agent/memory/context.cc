#include "agent/memory/context.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/memory/learning.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kBytesOfToken = 4;  // by and large; a budget, no promise
constexpr size_t kMaxLineBytes = 1'000;

std::string Day(int64_t ms) { return ms == 0 ? "" : UtcText(ms * 1'000'000).substr(0, 10) + " "; }

std::string Line(std::string text) {
  if (text.size() > kMaxLineBytes) text = ReplaceInvalidUtf8(text.substr(0, kMaxLineBytes)) + " …";
  return text + "\n";
}
std::string Line(const MemoryTurn& turn) { return Line(Day(turn.said_ms) + SpokenText(turn)); }

// Lines under a title, as far as the budget goes.
class Budget {
 public:
  explicit Budget(int64_t bytes) : left_(bytes) {}

  // Those of `lines` that fit, from the first on, or from the last on where `last_count`.
  std::string Take(std::string_view title, std::vector<std::string> lines, bool last_count = false) {
    if (last_count) std::ranges::reverse(lines);
    const auto head = static_cast<int64_t>(title.size()) + 2;
    std::vector<std::string> taken;
    int64_t bytes = head;
    for (std::string& line : lines) {
      if (bytes + static_cast<int64_t>(line.size()) > left_) break;
      bytes += static_cast<int64_t>(line.size());
      taken.push_back(std::move(line));
    }
    if (taken.empty()) return {};
    left_ -= bytes;
    if (last_count) std::ranges::reverse(taken);
    std::string text = std::string(title) + ":\n";
    for (const std::string& line : taken) text += line;
    return text + "\n";
  }

 private:
  int64_t left_;
};

struct Remembered {
  std::vector<MemoryFact> episode;
  std::vector<MemoryTurn> recent;
};

Result<Remembered> SessionSoFar(const MemoryStore& store, const MemoryScope& scope, int32_t num_recent) {
  Remembered remembered;
  TRY(remembered.episode, store.Facts({EpisodeId(scope)}));
  TRY(const MemorySessionState state, store.StateOf(scope));
  TRY(remembered.recent, store.TurnsFrom(scope, std::max<int64_t>(0, state.num_places - num_recent), num_recent));
  return remembered;
}

}  // namespace

Task<Result<std::string>> MemoryContext(Call call, Memory& memory, ContextRequest request) {
  RecallRequest recall;
  recall.question = request.question, recall.top_k = request.num_recalled + request.num_recent;
  recall.scope.user = request.scope.user, recall.scope.agent = request.scope.agent;
  RecallRequest recall_facts = recall;
  recall_facts.top_k = request.num_facts;
  CO_TRY(const std::vector<RecalledFact> facts,
         co_await memory.RecallFacts(call, std::move(recall_facts), request.now_ms));
  CO_TRY(const std::vector<RecalledTurn> recalled, co_await memory.Recall(std::move(call), std::move(recall)));
  auto look = [&] { return SessionSoFar(memory.store(), request.scope, request.num_recent); };
  auto looking = OnPool(memory.pool(), look);
  CO_TRY(const Remembered so_far, co_await looking);

  std::vector<std::string> known, earlier, recent, summary;
  for (const RecalledFact& one : facts) {
    if (one.fact.id != EpisodeId(request.scope)) known.push_back(Line(Day(one.fact.valid_from_ms) + one.fact.text));
  }
  std::set<std::string_view> told;
  if (request.read.empty()) {
    for (const MemoryTurn& turn : so_far.recent) told.insert(turn.id), recent.push_back(Line(turn));
  }
  for (const RecalledTurn& one : recalled) {
    const bool is_known = told.contains(one.turn.id) || request.read.contains(one.turn.text);
    if (is_known || earlier.size() == static_cast<size_t>(request.num_recalled)) continue;
    earlier.push_back(Line(one.turn));
  }
  for (const MemoryFact& episode : so_far.episode) summary.push_back(Line(episode.text));
  Budget budget(request.max_tokens * kBytesOfToken);
  // The conversation under way comes first where there is little room, whatever the order of reading.
  const std::string last = budget.Take("The conversation so far", std::move(recent), true);
  std::string text = budget.Take("Known", std::move(known));
  text += budget.Take("Summary of the conversation before", std::move(summary));
  text += budget.Take("Said before", std::move(earlier));
  co_return text + last;
}

}  // namespace atelier
