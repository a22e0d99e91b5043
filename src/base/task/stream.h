// Two ways to give many values over time, both read by one consumer on a Loop's thread.
//
// Stream<T> is a coroutine that yields: it computes the next value only when asked (back-pressure).
//   Stream<int> Count(int n) { for (int i = 0; i < n; ++i) co_yield i; }
//   while (std::optional<int> i = co_await stream.Next()) ...
//
// Channel<T> joins a thread that must not wait (the engine) to a consumer: Push queues and, if the
// consumer sleeps, posts to its loop. The queue is bounded: what does not fit closes the channel and
// is reported as overflowed(), so that a slow reader costs bounded memory and nobody's time.
#pragma once

#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/task/loop.h"

namespace atelier {

template <class T>
class [[nodiscard]] Stream {
 public:
  class promise_type {
   public:
    Stream get_return_object() noexcept { return Stream(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept { return Handover{std::exchange(reader_, nullptr)}; }
    auto yield_value(T value) {
      value_.emplace(std::move(value));
      return Handover{std::exchange(reader_, nullptr)};
    }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { CheckFailed(__FILE__, __LINE__, "exception left a Stream", {}); }

   private:
    friend class Stream;
    struct Handover {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (reader) Resume(reader);
      }
      void await_resume() noexcept {}
      std::coroutine_handle<> reader;
    };
    std::optional<T> value_;
    std::coroutine_handle<> reader_;
  };

  Stream(Stream&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Stream() {
    if (handle_) handle_.destroy();
  }

  // The next value; nothing once the stream has ended. One Next at a time. The Stream must stay where
  // it is, and alive, until the awaiting is over.
  auto Next() noexcept {
    struct Awaiter {
      bool await_ready() noexcept { return handle.done(); }
      void await_suspend(std::coroutine_handle<> reader) {
        handle.promise().reader_ = reader;
        Resume(handle);
      }
      std::optional<T> await_resume() { return std::exchange(handle.promise().value_, std::nullopt); }
      std::coroutine_handle<promise_type> handle;
    };
    return Awaiter{handle_};
  }

 private:
  explicit Stream(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
class Channel : public std::enable_shared_from_this<Channel<T>> {
 public:
  // `loop` is the consumer's and must outlive the producer's last Push. capacity >= 1.
  static std::shared_ptr<Channel> Create(Loop& loop, size_t capacity) {
    return std::shared_ptr<Channel>(new Channel(loop, capacity));
  }

  // Any thread; never waits. False: closed, or no room (which closes it; what is queued stays readable).
  bool Push(T value) {
    std::unique_lock lock(mutex_);
    if (closed_) return false;
    if (values_.size() >= capacity_) {
      overflowed_ = closed_ = true;
      Wake(std::move(lock));
      return false;
    }
    values_.push_back(std::move(value));
    Wake(std::move(lock));
    return true;
  }
  // Ends the stream after what is queued. Any thread, any number of times, either side.
  void Close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    Wake(std::move(lock));
  }
  bool overflowed() const {
    std::lock_guard lock(mutex_);
    return overflowed_;
  }
  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }

  // co_await NextBatch(): all that is queued, at least one value; empty once closed and read out.
  auto NextBatch() { return Awaiter{this->shared_from_this()}; }

 private:
  struct Awaiter {
    bool await_ready() const {
      std::lock_guard lock(channel->mutex_);
      return channel->readable();
    }
    bool await_suspend(std::coroutine_handle<> reader) {
      std::lock_guard lock(channel->mutex_);
      if (channel->readable()) return false;
      CHECK_MSG(!channel->reader_, "one consumer at a time");
      channel->reader_ = reader;
      return true;
    }
    std::deque<T> await_resume() {
      std::lock_guard lock(channel->mutex_);
      return std::exchange(channel->values_, {});
    }
    std::shared_ptr<Channel> channel;
  };

  Channel(Loop& loop, size_t capacity) : loop_(loop), capacity_(capacity) {}
  bool readable() const { return closed_ || !values_.empty(); }
  void Wake(std::unique_lock<std::mutex> lock) {
    const std::coroutine_handle<> reader = std::exchange(reader_, nullptr);
    lock.unlock();
    if (reader) loop_.Post([reader] { Resume(reader); });
  }

  Loop& loop_;
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<T> values_;
  std::coroutine_handle<> reader_;
  bool closed_ = false;
  bool overflowed_ = false;
};

}  // namespace atelier
