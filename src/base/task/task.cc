#include "base/task/task.h"

#include <deque>

namespace atelier {
namespace {

struct ReadyQueue {
  std::deque<std::coroutine_handle<>> handles;
  bool running = false;
};

ReadyQueue& ThreadQueue() {
  thread_local ReadyQueue queue;
  return queue;
}

}  // namespace

void Resume(std::coroutine_handle<> handle) {
  ReadyQueue& queue = ThreadQueue();
  if (queue.running) {
    queue.handles.push_back(handle);
    return;
  }
  queue.running = true;
  handle.resume();
  while (!queue.handles.empty()) {
    const std::coroutine_handle<> next = queue.handles.front();
    queue.handles.pop_front();
    next.resume();
  }
  queue.running = false;
}

}  // namespace atelier
