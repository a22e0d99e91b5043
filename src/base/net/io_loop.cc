#include "base/net/io_loop.h"

#include <boost/asio/post.hpp>

#include "base/net/asio.h"

namespace atelier {

void IoLoop::Asio::Arm() {
  if (timers.empty()) return;  // a timer still set finds nothing due
  const TimePoint first = timers.begin()->first.first;
  if (first >= armed_for) return;
  armed_for = first;
  timer.expires_at(first);
  timer.async_wait([this](const boost::system::error_code& code) {
    if (!code) FireDue();
  });
}

void IoLoop::Asio::FireDue() {
  armed_for = TimePoint::max();
  // Only those due now: a function that sets another timer for now must not keep the loop here.
  const TimePoint now = std::chrono::steady_clock::now();
  while (!timers.empty() && timers.begin()->first.first <= now) {
    Function function = std::move(timers.begin()->second);
    times.erase(timers.begin()->first.second);
    timers.erase(timers.begin());
    function();
  }
  Arm();
}

void IoLoop::Asio::WaitForSignal() {
  signals->async_wait([this](const boost::system::error_code& code, int signal) {
    if (code) return;
    on_signal(signal);
    WaitForSignal();
  });
}

IoLoop::IoLoop() : asio_(std::make_unique<Asio>()) {}
IoLoop::~IoLoop() = default;

void IoLoop::Post(Function function) {
  boost::asio::post(asio_->context, [function = std::move(function)]() mutable { function(); });
}

Loop::TimerId IoLoop::At(TimePoint when, Function function) {
  const TimerId id = ++asio_->last_timer;
  asio_->timers.emplace(std::pair(when, id), std::move(function));
  asio_->times.emplace(id, when);
  asio_->Arm();
  return id;
}

void IoLoop::Cancel(TimerId timer) {
  const auto found = asio_->times.find(timer);
  if (found == asio_->times.end()) return;
  asio_->timers.erase({found->second, timer});
  asio_->times.erase(found);
}

Loop::TimePoint IoLoop::Now() const { return std::chrono::steady_clock::now(); }

void IoLoop::Run() {
  asio_->context.restart();
  asio_->context.run();
}

void IoLoop::Stop() { asio_->context.stop(); }

void IoLoop::RunTask(Task<void> task) {
  Post([&] { Spawn(std::move(task), [&] { Stop(); }); });
  Run();
}

void IoLoop::OnSignals(std::initializer_list<int> signals, std::move_only_function<void(int)> handler) {
  asio_->on_signal = std::move(handler);
  asio_->signals = std::make_unique<boost::asio::signal_set>(asio_->context);
  for (const int signal : signals) asio_->signals->add(signal);
  asio_->WaitForSignal();
}

}  // namespace atelier
