#include "engine/grammar/text_runs.h"

#include <algorithm>
#include <array>
#include <limits>

namespace atelier {
namespace {

constexpr size_t kMaxReached = 48;  // states that a run comes to; with more of them a walk is as fast

void AddNext(LanguageId next, CharKinds kind, std::vector<std::pair<LanguageId, CharKinds>>& all) {
  for (auto& [state, kinds] : all) {
    if (state != next) continue;
    kinds |= kind;
    return;
  }
  all.emplace_back(next, kind);
}

}  // namespace

bool TextRuns::MayAllCome(LanguageId state, CharKinds kinds, int32_t num_chars) {
  // Most states say no to one of these.
  for (const char rare : {'q', 'Q', '7'}) {
    const auto byte = static_cast<uint8_t>(rare);
    if ((kinds & KindOfAscii(byte)) != 0 && languages_->IsNothing(languages_->Next(state, byte))) return false;
  }
  if ((kinds & ~StepsOf(state).alive) != 0) return false;
  const auto [at, added] = runs_.try_emplace({state, kinds}, 0);
  if (added) at->second = MakeRun(state, kinds);
  return num_chars <= at->second;
}

int32_t TextRuns::MakeRun(LanguageId state, CharKinds kinds) {
  std::vector<LanguageId> reached = {state};
  size_t level = 0;  // where the states begin that the last character led to first
  for (int32_t run = 0;; ++run) {
    const size_t end = reached.size();
    if (level == end) return std::numeric_limits<int32_t>::max();
    for (; level < end; ++level) {
      const Steps& steps = StepsOf(reached[level]);
      if ((kinds & ~steps.alive) != 0) return run;
      for (const auto& [next, by] : steps.next) {
        if ((by & kinds) == 0 || std::ranges::find(reached, next) != reached.end()) continue;
        if (reached.size() == kMaxReached) return run;
        reached.push_back(next);
      }
    }
  }
}

const TextRuns::Steps& TextRuns::StepsOf(LanguageId state) {
  if (const auto known = steps_.find(state); known != steps_.end()) return known->second;
  Steps made = MakeSteps(state);
  return steps_.emplace(state, std::move(made)).first->second;
}

TextRuns::Steps TextRuns::MakeSteps(LanguageId state) {
  Steps steps;
  StepAscii(state, steps);
  CharKinds dead = 0, seen = 0;
  for (const CharBlock& block : CharBlocks()) {
    seen |= block.kind;
    if ((dead & block.kind) == 0 && !StepBlock(state, block, steps)) dead |= block.kind;
  }
  steps.alive |= seen & ~dead;
  return steps;
}

void TextRuns::StepAscii(LanguageId state, Steps& steps) {
  CharKinds dead = 0;
  for (int first = 0x20, last = 0; first < 0x80; first = last + 1) {
    last = languages_->LastAlike(state, static_cast<uint8_t>(first), 0x7F);
    const LanguageId next = languages_->Next(state, static_cast<uint8_t>(first));
    CharKinds kinds = 0;
    for (int byte = first; byte <= last; ++byte) kinds |= KindOfAscii(static_cast<uint8_t>(byte));
    steps.alive |= kinds;
    if (languages_->IsNothing(next)) {
      dead |= kinds;
    } else {
      AddNext(next, kinds, steps.next);
    }
  }
  steps.alive &= ~dead;
}

// False: one of the block's characters may not come.
bool TextRuns::StepBlock(LanguageId state, const CharBlock& block, Steps& steps) {
  whole_.clear();
  return StepRange(state, block.first_lead, block.last_lead, [&](LanguageId lead) {
    return StepRange(lead, block.first_second, block.last_second,
                     [&](LanguageId second) { return StepTails(second, block.num_bytes - 2, block.kind, steps); });
  });
}

// Continuation bytes that are left of a character.
bool TextRuns::StepTails(LanguageId state, int num_bytes, CharKinds kind, Steps& steps) {
  if (num_bytes == 0) {
    AddNext(state, kind, steps.next);
    return true;
  }
  if (std::ranges::find(whole_, state) != whole_.end()) return true;
  whole_.push_back(state);
  return StepRange(state, 0x80, 0xBF, [&](LanguageId next) { return StepTails(next, num_bytes - 1, kind, steps); });
}

// Calls each(next) for what bytes of a range lead to, about once each. False: to nothing, or a call said so.
template <class Each>
bool TextRuns::StepRange(LanguageId state, uint8_t first, uint8_t last, Each each) {
  for (int byte = first; byte <= last; ++byte) {
    const LanguageId next = languages_->Next(state, static_cast<uint8_t>(byte));
    if (languages_->IsNothing(next) || !each(next)) return false;
    byte = languages_->LastAlike(state, static_cast<uint8_t>(byte), last);
  }
  return true;
}

}  // namespace atelier
