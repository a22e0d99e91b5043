#include "knowledge/index/upkeep_worker.h"

#include <sys/resource.h>

#include <algorithm>

namespace atelier {
namespace {

constexpr int kNice = 10;

}  // namespace

UpkeepWorker& UpkeepWorker::Shared() {
  // Never destroyed: an index that lives as long as the program may still need it.
  static UpkeepWorker& worker = *new UpkeepWorker;
  return worker;
}

void UpkeepWorker::Request(Upkept& upkept) {
  const std::lock_guard lock(mutex_);
  if (std::find(waiting_.begin(), waiting_.end(), &upkept) != waiting_.end()) return;
  waiting_.push_back(&upkept);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
}

void UpkeepWorker::Forget(Upkept& upkept) {
  std::unique_lock lock(mutex_);
  std::erase(waiting_, &upkept);
  changed_.wait(lock, [&] { return running_ != &upkept; });
  std::erase(waiting_, &upkept);
}

void UpkeepWorker::Run() {
  setpriority(PRIO_PROCESS, 0, kNice);  // of this thread alone; without it the work is done all the same
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    running_ = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    running_->DoUpkeep();
    lock.lock();
    running_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace atelier
