#include "engine/grammar/cfg_masks.h"

#include <algorithm>
#include <utility>

namespace atelier {

int64_t CfgMasks::NumberOf(const CfgFrame* frame) {
  if (machine_->IsCommon(frame)) return reinterpret_cast<intptr_t>(frame);  // even, as frames are aligned
  const auto found = std::ranges::find(frames_, frame);
  const auto number = found - frames_.begin();
  if (found == frames_.end()) frames_.push_back(frame);
  return 2 * number + 1;
}

void CfgMasks::Begin(std::span<const CfgThread> threads) {
  place_.clear();
  frames_.clear();
  num_written_ = 0;
  for (const CfgThread& thread : threads) {
    place_.push_back(int64_t{thread.language} << 32 | thread.to);
    place_.push_back(NumberOf(thread.frame));
  }
}

bool CfgMasks::Deepen() {
  const size_t end = frames_.size();
  if (num_written_ == end) return false;
  for (; num_written_ < end; ++num_written_) {
    place_.push_back(-1);
    for (const CfgEdge* edge = frames_[num_written_]->edges; edge != nullptr; edge = edge->next) {
      place_.push_back(edge->to);
      place_.push_back(NumberOf(edge->frame));
    }
  }
  return true;
}

const CfgMasks::Mask* CfgMasks::Find(std::span<const CfgThread> threads) {
  Begin(threads);
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    const auto found = masks_.find(place_);
    if (found == masks_.end()) return nullptr;
    if (found->second) return &*found->second;
    if (!Deepen()) return nullptr;
  }
  return nullptr;
}

void CfgMasks::Keep(std::span<const CfgThread> threads, std::span<const CfgFrame* const> looked_into, Mask mask) {
  Begin(threads);
  const auto is_written = [&](const CfgFrame* frame) {
    return std::find(frames_.begin(), frames_.begin() + static_cast<ptrdiff_t>(num_written_), frame) !=
           frames_.begin() + static_cast<ptrdiff_t>(num_written_);
  };
  std::vector<Place> shallower;
  while (!std::ranges::all_of(looked_into, is_written)) {
    shallower.push_back(place_);
    if (std::ssize(shallower) > kMaxDepth || !Deepen()) return;
  }
  if (masks_.size() >= 4 * kMaxMasks || num_masks_ >= kMaxMasks) masks_.clear(), num_masks_ = 0;
  for (Place& place : shallower) masks_.try_emplace(std::move(place));
  masks_.insert_or_assign(place_, std::move(mask));
  ++num_masks_;
}

}  // namespace atelier
