// The thread that merges and flushes, one for all indexes of the process, at low priority. It starts with the first
// request. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace atelier {

// Something that has work to do now and then.
class Upkept {
 public:
  virtual ~Upkept() = default;
  virtual void DoUpkeep() = 0;  // on the worker's thread
};

class UpkeepWorker {
 public:
  static UpkeepWorker& Shared();

  // Has it done soon; once, however often it is asked for before.
  void Request(Upkept& upkept);
  // Returns when it is not being done and will not be.
  void Forget(Upkept& upkept);

 private:
  UpkeepWorker() = default;
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Upkept*> waiting_;
  Upkept* running_ = nullptr;
  std::thread thread_;
};

}  // namespace atelier
