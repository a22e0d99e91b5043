// Responses under way, whose events anybody may watch from any point, whoever asked for them. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/task/loop.h"
#include "base/task/stream.h"
#include "base/text/json.h"

namespace atelier {

class LiveResponse {
 public:
  LiveResponse(Loop& loop, std::string principal) : loop_(loop), principal_(std::move(principal)) {}

  const std::string& principal() const { return principal_; }
  const std::vector<Json>& events() const { return events_; }
  bool is_over() const { return is_over_; }
  // The response, as it is now.
  Json body;
  // Asks the work to end.
  std::function<void()> cancel;
  bool is_cancelled = false;

  void Add(Json event) {
    events_.push_back(std::move(event));
    for (const auto& watcher : watchers_) watcher->Push(0);
  }
  void End() {
    is_over_ = true;
    for (const auto& watcher : watchers_) watcher->Close();
    watchers_.clear();
  }
  // Something is pushed for each event from now on; closed at the end.
  std::shared_ptr<Channel<int>> Watch() {
    auto watcher = Channel<int>::Create(loop_, 1 << 20);
    if (is_over_) {
      watcher->Close();
    } else {
      watchers_.push_back(watcher);
    }
    return watcher;
  }

 private:
  Loop& loop_;
  std::string principal_;
  std::vector<Json> events_;
  std::vector<std::shared_ptr<Channel<int>>> watchers_;
  bool is_over_ = false;
};

class LiveResponses {
 public:
  std::shared_ptr<LiveResponse> Begin(Loop& loop, const std::string& id, const std::string& principal) {
    auto live = std::make_shared<LiveResponse>(loop, principal);
    by_id_[id] = live;
    return live;
  }
  // Null: none, or another key's.
  std::shared_ptr<LiveResponse> Find(const std::string& id, const std::string& principal) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() || found->second->principal() != principal ? nullptr : found->second;
  }
  void Forget(const std::string& id) { by_id_.erase(id); }

 private:
  std::map<std::string, std::shared_ptr<LiveResponse>> by_id_;
};

}  // namespace atelier
