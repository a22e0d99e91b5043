#include "engine/masks.h"

namespace atelier {

void PendingMasks::Get() {
  if (masks_ != nullptr) std::exchange(masks_, nullptr)->Finish();
}

Masks::~Masks() {
  if (!helper_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  helper_.join();
}

PendingMasks Masks::Start(std::vector<ConstrainedChoice*> choices) {
  std::erase_if(choices, [](const ConstrainedChoice* choice) { return !choice->needs_mask(); });
  if (choices.empty()) return PendingMasks(nullptr);
  {
    const std::lock_guard lock(mutex_);
    choices_ = std::move(choices);
    next_ = num_done_ = 0;
  }
  if (!has_helper_) return PendingMasks(this);
  if (!helper_.joinable()) helper_ = std::thread([this] { Help(); });
  wake_.notify_one();
  return PendingMasks(this);
}

bool Masks::MakeOne(std::unique_lock<std::mutex>& lock) {
  if (next_ == choices_.size()) return false;
  ConstrainedChoice* choice = choices_[next_++];
  lock.unlock();
  choice->MakeMask();
  lock.lock();
  if (++num_done_ == choices_.size()) done_.notify_one();
  return true;
}

void Masks::Finish() {
  std::unique_lock lock(mutex_);
  while (MakeOne(lock)) {
  }
  done_.wait(lock, [&] { return num_done_ == choices_.size(); });
}

void Masks::Help() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    while (MakeOne(lock)) {
    }
    wake_.wait(lock, [&] { return stopping_ || next_ < choices_.size(); });
  }
}

}  // namespace atelier
