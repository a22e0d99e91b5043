// JsonMachine: many threads at once. However a document is ambiguous, those of its threads that would go on alike are
// one, so a text is read in time that grows with its length, not with the number of ways to read it.
#include <algorithm>

#include "engine/grammar/json_machine.h"

namespace atelier {
namespace {

// More than any schema met so far comes to. Beyond it threads are let go: what is then written is still valid, as each
// thread that stays can be completed, but some of what would be valid is not written.
constexpr size_t kMaxThreads = 2000;

bool InToken(JsonPhase phase) {
  return phase == JsonPhase::kWord || phase == JsonPhase::kNumber || phase == JsonPhase::kText ||
         phase == JsonPhase::kName;
}

uint64_t HashOf(const JsonThread& thread) {
  uint64_t hash = static_cast<uint64_t>(thread.phase);
  const auto add = [&](uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 29;
  };
  add(static_cast<uint64_t>(thread.goal));
  if (thread.frame == nullptr) return hash;
  const JsonFrame& frame = *thread.frame;
  add(reinterpret_cast<uintptr_t>(frame.object) ^ reinterpret_cast<uintptr_t>(frame.array));
  add(reinterpret_cast<uintptr_t>(frame.parents.data()));
  if (frame.array != nullptr) {
    for (size_t i = 0; i < frame.array->counts.size(); ++i) add(static_cast<uint64_t>(frame.counted[i]));
  }
  return hash;
}

// Whether whatever completes an array or object that stands as `b` does completes one that stands as `a` does. Both
// have read the same text. Frames opened at one place for one goal share their parents; names and items are those of
// the text, so their numbers tell whether they are the same.
bool Covers(const JsonFrame& a, const JsonFrame& b) {
  if (a.object != b.object || a.array != b.array || a.parents.data() != b.parents.data() || a.num != b.num ||
      a.last != b.last || a.num_others != b.num_others || a.item_begin != b.item_begin || a.compared != b.compared) {
    return false;
  }
  if (a.object == nullptr) return std::equal(a.counted, a.counted + a.array->counts.size(), b.counted);
  return (b.demands_met & ~a.demands_met) == 0 &&
         std::equal(a.seen, a.seen + (a.object->names.size() + 63) / 64, b.seen);
}

bool Covers(const JsonThread& a, const JsonThread& b) {
  JsonThread there = b;
  there.frame = a.frame;
  if (there != a) return false;
  return a.frame == b.frame || (a.frame != nullptr && b.frame != nullptr && Covers(*a.frame, *b.frame));
}

}  // namespace

void JsonMachine::StepAll(std::span<const JsonThread> threads, uint8_t byte, std::string_view text, Arena& arena,
                          JsonThreads& out) {
  if (threads.size() == 1) return Step(threads[0], byte, text, arena, out);
  const size_t begin = out.size();
  if ((byte == '{' || byte == '[') && !threads.empty() && !InToken(threads[0].phase)) {
    StepContext c{text, byte, arena, out};
    OpenTogether(threads, c);
  } else {
    for (const JsonThread& thread : threads) Step(thread, byte, text, arena, out);
  }
  if (out.size() > begin + 1 && !InToken(out[begin].phase)) Merge(begin, out);
  if (out.size() > begin + kMaxThreads) out.resize(begin + kMaxThreads);
}

// Threads that want a value of one goal begin it as one, if it has to differ from the same values in each.
void JsonMachine::OpenTogether(std::span<const JsonThread> threads, StepContext& c) {
  opening_.clear();
  for (const JsonThread& thread : threads) {
    if (thread.phase == JsonPhase::kValue && !Space(thread, c)) opening_.push_back(thread);
  }
  const auto kind = [](const JsonThread& thread) {
    const JsonFrame* frame = thread.frame;
    if (frame == nullptr || !frame->compared) return 0;
    if (!HasRivals(*frame)) return 1;
    return frame->array != nullptr ? 2 : 3;
  };
  std::ranges::stable_sort(opening_, {}, [&](const JsonThread& thread) { return thread.goal * 4 + kind(thread); });
  for (size_t first = 0, last = 0; first < opening_.size(); first = last) {
    const JsonThread& thread = opening_[first];
    const auto together = [&](const JsonThread& other) {
      return other.goal == thread.goal && kind(other) == kind(thread) && kind(thread) != 3;
    };
    for (last = first + 1; last < opening_.size() && together(opening_[last]);) ++last;
    if (thread.frame == nullptr) {  // so it is for all: the document begins
      Open(thread.goal, {}, c);
      continue;
    }
    const JsonFrame** parents = c.arena.MakeArray<const JsonFrame*>(last - first);
    for (size_t i = first; i < last; ++i) parents[i - first] = opening_[i].frame;
    Open(thread.goal, {parents, last - first}, c);
  }
}

void JsonMachine::Open(GoalId goal, Parents parents, StepContext& c) {
  JsonFrame within{.parents = parents};
  if (!parents.empty()) {
    within.depth = parents[0]->depth + 1;
    within.compared = parents[0]->compared;
  }
  if (within.depth > kMaxNesting) return;
  if (c.byte == '{') {
    if (within.compared) within.rivals = RivalsWithin(*parents[0], c.arena);
    return OpenObjects(goal, within, c);
  }
  OpenArrays(goal, within, c);
}

void JsonMachine::Close(const JsonFrame& frame, StepContext& c) {
  if (frame.parents.empty()) return EndValue(nullptr, true, c);
  for (const JsonFrame* parent : frame.parents) EndValue(parent, true, c);
}

// Leaves out threads from `begin` on that others cover.
void JsonMachine::Merge(size_t begin, JsonThreads& threads) {
  alike_.clear();
  for (size_t i = begin; i < threads.size(); ++i) alike_.emplace_back(HashOf(threads[i]), i);
  std::ranges::sort(alike_);
  constexpr uint8_t kGone = 1;
  std::vector<uint8_t> state(threads.size() - begin);
  const auto gone = [&](size_t at) -> uint8_t& { return state[alike_[at].second - begin]; };
  bool any = false;
  for (size_t i = 0; i < alike_.size(); ++i) {
    const JsonThread& one = threads[alike_[i].second];
    for (size_t j = i + 1; j < alike_.size() && alike_[j].first == alike_[i].first && gone(i) == 0; ++j) {
      if (gone(j) != 0) continue;
      const JsonThread& other = threads[alike_[j].second];
      if (Covers(one, other)) {
        gone(j) = kGone;
      } else if (Covers(other, one)) {
        gone(i) = kGone;
      }
    }
    any |= gone(i) != 0;
  }
  if (!any) return;
  size_t kept = begin;
  for (size_t i = begin; i < threads.size(); ++i) {
    if (state[i - begin] == 0) threads[kept++] = threads[i];
  }
  threads.resize(kept);
}

}  // namespace atelier
