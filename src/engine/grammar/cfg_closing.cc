#include "engine/grammar/cfg_closing.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace atelier {
namespace {

constexpr int64_t kNever = JsonClosing::kNever;
constexpr size_t kMaxPiece = 4096;  // bytes at once; what is left is found from there

int64_t Sum(int64_t a, int64_t b) { return std::min(kNever, a + b); }

}  // namespace

CfgClosing::CfgClosing(CfgMachine& machine) : machine_(&machine) {
  for (int32_t i = 0; i < machine.num_documents(); ++i) documents_.emplace_back(machine.document(i));
}

int64_t CfgClosing::ShortestOf(LanguageId language) {
  const auto [at, is_new] = shortest_.try_emplace(language, kNever);
  if (!is_new) return at->second;
  const auto shortest = machine_->languages().Shortest(language);
  if (shortest) shortest_[language] = static_cast<int64_t>(shortest->size());
  return shortest_[language];
}

int64_t CfgClosing::BytesOf(const CfgMove& move) {
  switch (move.kind) {
    case CfgMove::Kind::kTerminal: return ShortestOf(move.value);
    case CfgMove::Kind::kCall: return BytesFrom(machine_->networks().networks[static_cast<size_t>(move.value)].start);
    case CfgMove::Kind::kJson: {
      const JsonThread start = machine_->document(move.value).Start();
      return documents_[static_cast<size_t>(move.value)].BytesLeft(start, "");
    }
  }
  return kNever;
}

// Dijkstra's algorithm, where a move needs two: what it reads and what follows it.     [Knuth 1977, A generalization of
// Dijkstra's algorithm]
void CfgClosing::MeasureStates() {
  struct Way {
    int64_t bytes;
    int32_t state, move;
    bool operator>(const Way& other) const { return bytes > other.bytes; }
  };
  const std::vector<CfgState>& states = machine_->networks().states;
  std::vector<std::vector<std::pair<int32_t, int32_t>>> users(states.size());  // moves, by a state that they need
  std::priority_queue<Way, std::vector<Way>, std::greater<>> ways;
  ways.push({0, CfgNetworks::kDone, -1});
  for (size_t i = 0; i < states.size(); ++i) {
    const auto state = static_cast<int32_t>(i);
    if (states[i].is_final) ways.push({0, state, -1});
    for (size_t m = 0; m < states[i].moves.size(); ++m) {
      const CfgMove& move = states[i].moves[m];
      users[static_cast<size_t>(move.to)].emplace_back(state, static_cast<int32_t>(m));
      if (move.kind != CfgMove::Kind::kCall) continue;
      const int32_t start = machine_->networks().networks[static_cast<size_t>(move.value)].start;
      users[static_cast<size_t>(start)].emplace_back(state, static_cast<int32_t>(m));
    }
  }
  states_.assign(states.size(), {kNever, -1});
  while (!ways.empty()) {
    const Way way = ways.top();
    ways.pop();
    FromState& from = states_[static_cast<size_t>(way.state)];
    if (way.bytes >= from.bytes) continue;
    from = {way.bytes, way.move};
    for (const auto& [user, m] : users[static_cast<size_t>(way.state)]) {
      const CfgMove& move = states[static_cast<size_t>(user)].moves[static_cast<size_t>(m)];
      const int64_t bytes = Sum(BytesOf(move), BytesFrom(move.to));
      if (bytes < BytesFrom(user)) ways.push({bytes, user, m});
    }
  }
}

bool CfgClosing::Relax(const CfgFrame* frame) {
  FromFrame& from = frames_.at(frame);
  bool better = false;
  for (const CfgEdge* edge = frame->edges; edge != nullptr; edge = edge->next) {
    const int64_t bytes = Sum(BytesFrom(edge->to), BytesBehind(edge->frame));
    if (bytes >= from.bytes) continue;
    from = {bytes, edge};
    better = true;
  }
  return better;
}

// All frames that the threads' may return to, by a walk that notes each after those behind it.
void CfgClosing::MeasureFrames(std::span<const CfgThread> threads) {
  frames_.clear();
  order_.clear();
  std::vector<std::pair<const CfgFrame*, const CfgEdge*>> open;  // a frame, and its edge to follow next
  const auto enter = [&](const CfgFrame* frame) {
    if (frame != nullptr && frames_.try_emplace(frame, kNever, nullptr).second) open.emplace_back(frame, frame->edges);
  };
  for (const CfgThread& thread : threads) {
    enter(thread.frame);
    while (!open.empty()) {
      const auto [frame, edge] = open.back();
      if (edge == nullptr) {
        order_.push_back(frame);
        open.pop_back();
        continue;
      }
      open.back().second = edge->next;
      enter(edge->frame);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const CfgFrame* frame : order_) changed |= Relax(frame);
  }
}

int64_t CfgClosing::BytesLeft(const CfgThread& thread, std::string_view text) {
  int64_t own = 0;
  if (thread.language == CfgThread::kInJson) {
    // Once it may end, what follows it has threads of its own.
    if (machine_->document(thread.document).Accepts(*thread.json)) return kNever;
    own = documents_[static_cast<size_t>(thread.document)].BytesLeft(*thread.json, text);
  } else {
    own = ShortestOf(thread.language);
  }
  if (thread.to == CfgNetworks::kDone) return own;
  return Sum(own, Sum(BytesFrom(thread.to), BytesBehind(thread.frame)));
}

bool CfgClosing::Write(int32_t state, std::string& out) {
  std::vector<int32_t> open = {state};
  while (!open.empty() && out.size() < kMaxPiece) {
    const auto at = static_cast<size_t>(open.back());
    open.pop_back();
    if (states_[at].move < 0) continue;
    const CfgMove& move = machine_->networks().states[at].moves[static_cast<size_t>(states_[at].move)];
    open.push_back(move.to);
    switch (move.kind) {
      case CfgMove::Kind::kTerminal: out += machine_->languages().Shortest(move.value).value_or(""); break;
      case CfgMove::Kind::kCall:
        open.push_back(machine_->networks().networks[static_cast<size_t>(move.value)].start);
        break;
      case CfgMove::Kind::kJson: return false;
    }
  }
  return open.empty();
}

std::string CfgClosing::RestOfDocument(const CfgThread& best, std::span<const CfgThread> threads,
                                       std::string_view text) {
  JsonThreads same;
  for (const CfgThread& thread : threads) {
    const bool is_same = thread.language == CfgThread::kInJson && thread.document == best.document &&
                         thread.frame == best.frame && thread.to == best.to;
    if (is_same) same.push_back(*thread.json);
  }
  return documents_[static_cast<size_t>(best.document)].Next(same, text);
}

std::string CfgClosing::Next(std::span<const CfgThread> threads, std::string_view text) {
  for (const CfgThread& thread : threads) {
    if (machine_->Accepts(thread)) return "";
  }
  if (states_.empty()) MeasureStates();
  MeasureFrames(threads);
  const CfgThread* best = nullptr;
  int64_t least = kNever;
  for (const CfgThread& thread : threads) {
    const int64_t bytes = BytesLeft(thread, text);
    if (bytes < least) best = &thread;
    least = std::min(least, bytes);
  }
  if (best == nullptr) return "";
  if (best->language == CfgThread::kInJson) return RestOfDocument(*best, threads, text);
  std::string out = machine_->languages().Shortest(best->language).value_or("");
  if (best->to == CfgNetworks::kDone || !Write(best->to, out)) return out;
  for (const CfgFrame* frame = best->frame; frame != nullptr;) {
    const CfgEdge* edge = frames_.at(frame).edge;
    if (!Write(edge->to, out)) return out;
    frame = edge->frame;
  }
  return out;
}

}  // namespace atelier
