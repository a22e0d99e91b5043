#include "base/process/line_pipe.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace atelier {

struct LinePipe::State : std::enable_shared_from_this<State> {
  State(Loop& home, Options given, OnLine line, OnEnd end)
      : loop(home),
        options(given),
        on_line(std::move(line)),
        on_end(std::move(end)),
        wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(wake_fd >= 0);
  }
  ~State() { close(wake_fd); }

  void Wake() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_fd, &one, sizeof one);
  }

  void Run() {
    Result<void> ended;
    bool reads = true;
    while (reads && ended.ok()) {
      std::array<pollfd, 4> fds = Watched();
      poll(fds.data(), fds.size(), -1);
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = read(wake_fd, &count, sizeof count);
      {
        std::lock_guard lock(mutex);
        if (stopping) return;
      }
      if (fds[2].revents != 0) TakeSide();
      if (fds[1].revents != 0) ended = WriteSome();
      if (fds[0].revents != 0 && ended.ok()) ended = ReadSome(reads);
    }
    {
      std::lock_guard lock(mutex);
      over = true;
    }
    TakeSide();
    loop.Post([self = shared_from_this(), ended = std::move(ended)] {
      if (self->alive) self->on_end(ended);
    });
  }

  std::array<pollfd, 4> Watched() {
    std::lock_guard lock(mutex);
    return {{{waiting_bytes < options.max_waiting_bytes ? options.in : -1, POLLIN, 0},
             {queue.empty() ? -1 : options.out, POLLOUT, 0},
             {options.side, POLLIN, 0},
             {wake_fd, POLLIN, 0}}};
  }

  void TakeSide() {
    if (options.side < 0) return;
    std::array<char, 4096> buffer;
    pollfd ready{options.side, POLLIN, 0};
    if (poll(&ready, 1, 0) <= 0) return;
    const ssize_t got = read(options.side, buffer.data(), buffer.size());
    if (got <= 0) {
      options.side = -1;
      return;
    }
    std::lock_guard lock(mutex);
    side.append(buffer.data(), static_cast<size_t>(got));
    if (side.size() > options.side_bytes) side.erase(0, side.size() - options.side_bytes);
  }

  // A pipe that polls as writable takes PIPE_BUF bytes without making us wait.
  Result<void> WriteSome() {
    std::string piece;
    {
      std::lock_guard lock(mutex);
      piece = queue.substr(queue_begin, PIPE_BUF);
    }
    ssize_t sent = send(options.out, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) sent = write(options.out, piece.data(), piece.size());
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (sent < 0) return Error::Unavailable("pipe", "write: " + std::system_category().message(errno));
    std::lock_guard lock(mutex);
    queue_begin += static_cast<size_t>(sent);
    if (queue_begin == queue.size() || queue_begin > (1u << 20)) {
      queue.erase(0, queue_begin);
      queue_begin = 0;
    }
    return {};
  }

  Result<void> ReadSome(bool& reads) {
    std::array<char, 64 << 10> buffer;
    const ssize_t got = read(options.in, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (got < 0) return Error::Unavailable("pipe", "read: " + std::system_category().message(errno));
    if (got == 0) {
      reads = false;
      return {};
    }
    std::string_view rest(buffer.data(), static_cast<size_t>(got));
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      line.append(rest.substr(0, end));
      if (static_cast<int64_t>(line.size()) > options.max_line_bytes) {
        return Error::TooLarge("pipe", "got a line of more than " + std::to_string(options.max_line_bytes) + " bytes");
      }
      if (end == rest.size()) return {};
      rest.remove_prefix(end + 1);
      if (line.ends_with('\r')) line.pop_back();
      Give(std::exchange(line, {}));
    }
    return {};
  }

  void Give(std::string text) {
    const auto size = static_cast<int64_t>(text.size()) + 64;  // an empty line takes room too
    {
      std::lock_guard lock(mutex);
      waiting_bytes += size;
    }
    loop.Post([self = shared_from_this(), text = std::move(text), size]() mutable {
      if (self->alive) self->on_line(std::move(text));
      std::lock_guard lock(self->mutex);
      self->waiting_bytes -= size;
      self->Wake();
    });
  }

  Loop& loop;
  Options options;
  const OnLine on_line;
  const OnEnd on_end;
  const int wake_fd;
  bool alive = true;  // loop's thread
  std::string line;   // its own thread
  mutable std::mutex mutex;
  std::string queue;
  size_t queue_begin = 0;
  std::string side;
  int64_t waiting_bytes = 0;
  bool stopping = false;
  bool over = false;
  std::thread thread;
};

LinePipe::LinePipe(Loop& loop, Options options, OnLine on_line, OnEnd on_end)
    : state_(std::make_shared<State>(loop, options, std::move(on_line), std::move(on_end))) {
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

LinePipe::~LinePipe() {
  state_->alive = false;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->Wake();
  state_->thread.join();
}

bool LinePipe::Write(std::string_view line) {
  std::lock_guard lock(state_->mutex);
  const size_t queued = state_->queue.size() - state_->queue_begin;
  if (state_->over || static_cast<int64_t>(queued + line.size()) > state_->options.max_queued_bytes) return false;
  state_->queue.append(line).append("\n");
  state_->Wake();
  return true;
}

bool LinePipe::drained() const {
  std::lock_guard lock(state_->mutex);
  return state_->over || state_->queue.empty();
}

std::string LinePipe::side() const {
  std::lock_guard lock(state_->mutex);
  return state_->side;
}

}  // namespace atelier
