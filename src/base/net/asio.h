// The Asio half of IoLoop. Only for this folder's .cc files that talk to sockets.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/net/io_loop.h"

namespace atelier {

struct IoLoop::Asio {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};

  // One Asio timer for all: it stands at the earliest of these.
  boost::asio::steady_timer timer{context};
  TimePoint armed_for = TimePoint::max();
  std::map<std::pair<TimePoint, TimerId>, Function> timers;
  std::unordered_map<TimerId, TimePoint> times;
  TimerId last_timer = 0;

  std::unique_ptr<boost::asio::signal_set> signals;
  std::move_only_function<void(int)> on_signal;

  void Arm();
  void FireDue();
  void WaitForSignal();
};

}  // namespace atelier
