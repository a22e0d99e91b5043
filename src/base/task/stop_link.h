// A stop of one's own under somebody else's: requested when theirs is, when Stop is called, and at the latest when the
// link goes. What is kept by who may end some work, so that letting go ends it.
#pragma once

#include <functional>
#include <stop_token>

namespace atelier {

class StopLink {
 public:
  explicit StopLink(std::stop_token outer) : on_stop_(std::move(outer), [this] { source_.request_stop(); }) {}
  ~StopLink() { source_.request_stop(); }
  StopLink(const StopLink&) = delete;
  StopLink& operator=(const StopLink&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  void Stop() { source_.request_stop(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace atelier
