// Questions that look at many states: is anything in it, what is shortest, how many.
//
// Whether an intersection or complement has a member is searched depth first towards acceptance. What is on the way to
// a living state lives; a strongly connected component without a way out to life is dead as a whole. [Tarjan 1972]
#include <algorithm>
#include <queue>

#include "engine/grammar/language_impl.h"

namespace atelier {

using language::AddCounts;
using language::ByteClasses;
using language::kInfinite;
using language::Node;
using language::NodeKind;

namespace {

constexpr int kMaxSplitDepth = 50;
constexpr int64_t kMaxSearchWork = 500'000;  // in one search: states and their parts, some microseconds each
constexpr size_t kMaxCountedStates = 100'000;

}  // namespace

class Languages::Impl::Search {
 public:
  explicit Search(Impl& all) : all_(all), last_work_(all.work_ + kMaxSearchWork) {}

  // False where the budget ended first: nothing is known then.
  bool Run(LanguageId root) {
    Push(root);
    while (!frames_.empty()) {
      if (++all_.work_ > last_work_ || all_.over_budget_) return false;
      if (Advance(frames_.back())) {
        for (const LanguageId id : open_) all_.life_[id] = Life::kAlive;
        return true;
      }
    }
    return true;
  }

 private:
  struct Frame {
    LanguageId state;
    int32_t order, low;
    size_t next_class = 0;
    Ids deferred = {};  // states no nearer to acceptance, tried last
    bool sorted = false;
  };

  void Push(LanguageId state) {
    const auto order = static_cast<int32_t>(order_.size());
    order_.emplace(state, order);
    open_.push_back(state);
    frames_.push_back({.state = state, .order = order, .low = order});
  }

  // One step of the frame on top; true: a living state was met.
  bool Advance(Frame& frame) {
    const ByteClasses& classes = all_.ClassesOf(frame.state);
    if (frame.next_class < classes.sample.size()) {
      const LanguageId next = all_.Next(frame.state, classes.sample[frame.next_class++]);
      if (Settled(frame, next)) return false;
      if (all_.QuickLife(next) == Life::kAlive) return true;
      if (all_.nodes_[next].hint <= all_.nodes_[frame.state].hint - WantedProgress(frame.state)) {
        Push(next);
      } else {
        frame.deferred.push_back(next);
      }
      return false;
    }
    if (!frame.sorted) {
      std::ranges::sort(frame.deferred, std::greater(), [this](LanguageId id) { return all_.nodes_[id].hint; });
      frame.sorted = true;
    }
    if (!frame.deferred.empty()) {
      const LanguageId next = frame.deferred.back();
      frame.deferred.pop_back();
      if (!Settled(frame, next)) Push(next);
      return false;
    }
    Close(frame);
    return false;
  }

  // How much nearer a byte can bring a state to acceptance: an intersection, each of its parts that are not there yet.
  int64_t WantedProgress(LanguageId state) const {
    const Node& node = all_.nodes_[state];
    if (node.kind != NodeKind::kAnd) return 1;
    const auto waits = [this](LanguageId id) { return all_.nodes_[id].hint > 0; };
    return std::max<int64_t>(1, std::ranges::count_if(all_.Parts(node), waits));
  }

  // Nothing new comes of `next`: it is dead, or open already.
  bool Settled(Frame& frame, LanguageId next) {
    if (all_.QuickLife(next) == Life::kDead) return true;
    const auto known = order_.find(next);
    if (known == order_.end()) return false;
    frame.low = std::min(frame.low, known->second);
    return true;
  }

  void Close(const Frame& frame) {
    const int32_t low = frame.low;
    if (low == frame.order) {
      LanguageId id;
      do {
        id = open_.back();
        open_.pop_back();
        all_.life_[id] = Life::kDead;
      } while (id != frame.state);
    }
    frames_.pop_back();
    if (!frames_.empty()) frames_.back().low = std::min(frames_.back().low, low);
  }

  Impl& all_;
  int64_t last_work_;
  std::unordered_map<LanguageId, int32_t> order_;
  Ids open_;  // their component is not closed yet: each of them leads to a state of frames_
  std::vector<Frame> frames_;
};

// What can be said without a search.
Languages::Impl::Life Languages::Impl::QuickLife(LanguageId state) const {
  const Node& node = nodes_[state];
  if (state == kNothing) return Life::kDead;
  if (life_[state] != Life::kUnknown) return life_[state];
  if (node.accepts || !node.searched) return Life::kAlive;
  const auto life = [this](LanguageId id) {
    if (id == kNothing) return Life::kDead;
    return nodes_[id].accepts || !nodes_[id].searched ? Life::kAlive : life_[id];
  };
  if (node.kind == NodeKind::kConcat) {
    const Life a = life(node.a), b = life(node.b);
    if (a == Life::kDead || b == Life::kDead) return Life::kDead;
    return a == Life::kAlive && b == Life::kAlive ? Life::kAlive : Life::kUnknown;
  }
  if (node.kind != NodeKind::kOr) return Life::kUnknown;
  bool all_dead = true;
  for (const LanguageId id : Parts(node)) {
    const Life part = life(id);
    if (part == Life::kAlive) return Life::kAlive;
    all_dead = all_dead && part == Life::kDead;
  }
  return all_dead ? Life::kDead : Life::kUnknown;
}

bool Languages::Impl::IsAlive(LanguageId state, int depth) {
  if (const Life life = QuickLife(state); life != Life::kUnknown) return life == Life::kAlive;
  const Node& node = nodes_[state];
  if (depth < kMaxSplitDepth && node.kind == NodeKind::kConcat) {
    const bool alive = IsAlive(node.b, depth + 1) && IsAlive(node.a, depth + 1);
    if (!over_budget_) life_[state] = alive ? Life::kAlive : Life::kDead;
    return alive;
  }
  if (depth < kMaxSplitDepth && node.kind == NodeKind::kRepeat) return IsAlive(node.a, depth + 1);
  if (depth < kMaxSplitDepth && node.kind == NodeKind::kOr) {
    const auto span = Parts(node);
    const Ids parts(span.begin(), span.end());
    const bool alive = std::ranges::any_of(parts, [&](LanguageId id) { return IsAlive(id, depth + 1); });
    if (!over_budget_) life_[state] = alive ? Life::kAlive : Life::kDead;
    return alive;
  }
  if (!Search(*this).Run(state)) {
    over_budget_ = true;
    return true;
  }
  return life_[state] == Life::kAlive;
}

// A*: a state's least number of bytes to go never says too much.
std::optional<std::string> Languages::Impl::Shortest(LanguageId start) {
  if (!IsAlive(start, 0)) return std::nullopt;
  struct Visit {
    LanguageId from;
    uint8_t byte;
    int64_t length;
  };
  struct Todo {
    int64_t estimate, length;
    int64_t serial;
    LanguageId state;
    bool operator<(const Todo& other) const {
      return std::tuple(other.estimate, length, other.serial) < std::tuple(estimate, other.length, serial);
    }
  };
  std::unordered_map<LanguageId, Visit> visits{{start, {start, 0, 0}}};
  std::priority_queue<Todo> todo;
  todo.push({nodes_[start].length.min_bytes, 0, 0, start});
  int64_t serial = 0;
  const int64_t last_work = work_ + kMaxSearchWork;
  while (!todo.empty()) {
    const Todo at = todo.top();
    todo.pop();
    if (visits[at.state].length < at.length) continue;
    if (nodes_[at.state].accepts) {
      std::string bytes;
      for (LanguageId id = at.state; id != start; id = visits[id].from)
        bytes.push_back(static_cast<char>(visits[id].byte));
      return std::string(bytes.rbegin(), bytes.rend());
    }
    const ByteClasses& classes = ClassesOf(at.state);
    for (const uint8_t byte : classes.sample) {
      const LanguageId next = Next(at.state, byte);
      if (QuickLife(next) == Life::kDead) continue;
      const auto [visit, is_new] = visits.try_emplace(next, Visit{at.state, byte, at.length + 1});
      if (!is_new && visit->second.length <= at.length + 1) continue;
      visit->second = {at.state, byte, at.length + 1};
      todo.push({AddCounts(at.length + 1, nodes_[next].length.min_bytes), at.length + 1, ++serial, next});
      if (++work_ > last_work) over_budget_ = true;
    }
    if (over_budget_) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<int64_t> Languages::Impl::Count(LanguageId start, int64_t limit) {
  if (!IsAlive(start, 0)) return 0;
  struct Frame {
    LanguageId state;
    size_t next_class;
    int64_t total;
  };
  constexpr int64_t kOpen = -1;  // on the way here: meeting it again is a loop, so there is no end of members
  std::unordered_map<LanguageId, int64_t> counts{{start, kOpen}};
  std::vector<Frame> frames{{start, 0, Accepts(start) ? 1 : 0}};
  while (true) {
    Frame& frame = frames.back();
    const ByteClasses& classes = ClassesOf(frame.state);
    if (frame.next_class == classes.sample.size()) {
      const int64_t total = frame.total;
      counts[frame.state] = total;
      frames.pop_back();
      if (frames.empty()) return total <= limit ? std::optional(total) : std::nullopt;
      continue;
    }
    const LanguageId next = Next(frame.state, classes.sample[frame.next_class]);
    if (!IsAlive(next, 0)) {
      ++frame.next_class;
      continue;
    }
    const auto [count, is_new] = counts.try_emplace(next, kOpen);
    if (!is_new && count->second == kOpen) return std::nullopt;
    if (is_new) {
      if (counts.size() > kMaxCountedStates || over_budget_) return std::nullopt;
      frames.push_back({next, 0, Accepts(next) ? 1 : 0});
      continue;
    }
    frame.total = AddCounts(frame.total, language::MultiplyCounts(count->second, classes.counts[frame.next_class]));
    if (frame.total > limit) return std::nullopt;
    ++frame.next_class;
  }
}

}  // namespace atelier
