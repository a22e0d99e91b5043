#include "knowledge/load/folder_watch.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

#include "base/io/files.h"
#include "base/io/os_error.h"

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_MODIFY | IN_ONLYDIR | IN_EXCL_UNLINK | IN_DONT_FOLLOW;

}  // namespace

class FolderWatch::Impl {
 public:
  Impl(const FolderSpec& spec, const WatchTimes& times)
      : spec_(spec),
        times_(times),
        inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
        stop_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (inotify_ >= 0) close(inotify_);
    if (stop_event_ >= 0) close(stop_event_);
  }

  // Watches a folder and those below it. What appears in a folder before its watch stands is found by the scan that
  // follows the event that told of the folder.
  void Add(const std::string& below, int depth) {
    if (inotify_ < 0 || depth > spec_.max_depth) return;
    const std::string folder = JoinPath(spec_.folder, below);
    const int watch = inotify_add_watch(inotify_, (folder.empty() ? "." : folder).c_str(), kEvents);
    if (watch < 0) return;
    folders_[watch] = below;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    if (dir == nullptr) return;
    while (const dirent* entry = readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
      const std::string path = JoinPath(below, name);
      if (Enters(path)) Add(path, depth + 1);
    }
  }

  Event Wait(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] {
      const uint64_t one = 1;
      // Full means that it is awake already.
      [[maybe_unused]] const ssize_t written = write(stop_event_, &one, sizeof one);
    });
    const auto rescan_at = SteadyClock::now() + times_.rescan;
    while (!stop.stop_requested()) {
      if (Poll(rescan_at) && Drain()) {
        const auto burst_end = SteadyClock::now() + times_.longest_burst;
        while (!stop.stop_requested() && Poll(std::min(SteadyClock::now() + times_.quiet, burst_end))) {
          Drain();
          if (SteadyClock::now() >= burst_end) break;
        }
        return stop.stop_requested() ? Event::kStopped : Event::kChanged;
      }
      if (SteadyClock::now() >= rescan_at) return Event::kRescan;
    }
    return Event::kStopped;
  }

  int64_t num_watches() const { return static_cast<int64_t>(folders_.size()); }

 private:
  bool Enters(const std::string& path) const {
    FolderSpec all = spec_;
    all.include.clear();
    return MatchesFolder(all, path);
  }

  // Whether there is something to read before the time is over.
  bool Poll(SteadyClock::time_point until) const {
    std::array<pollfd, 2> fds{{{inotify_, POLLIN, 0}, {stop_event_, POLLIN, 0}}};
    const auto left = std::chrono::ceil<milliseconds>(until - SteadyClock::now()).count();
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(std::clamp<int64_t>(left, 0, 3'600'000)));
    return ready > 0 && (fds[0].revents & POLLIN) != 0;
  }

  // Reads the events that are there; whether one of them matters.
  bool Drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    bool matters = false;
    for (;;) {
      const ssize_t got = read(inotify_, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return matters;
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        matters |= Take(*event);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
  }

  bool Take(const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return true;  // events were lost: look at all
    const auto folder = folders_.find(event.wd);
    if (folder == folders_.end()) return false;
    if ((event.mask & IN_IGNORED) != 0) {
      folders_.erase(folder);
      return true;
    }
    if (event.len == 0) return true;
    const std::string path = JoinPath(folder->second, event.name);
    if ((event.mask & IN_ISDIR) == 0) return MatchesFolder(spec_, path);
    if (!Enters(path)) return false;
    if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) Add(path, static_cast<int>(std::ranges::count(path, '/')) + 1);
    return true;
  }

  const FolderSpec spec_;
  const WatchTimes times_;
  const int inotify_;
  const int stop_event_;
  std::unordered_map<int, std::string> folders_;  // by watch: the path below the folder
};

FolderWatch::FolderWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FolderWatch::~FolderWatch() = default;

Result<std::unique_ptr<FolderWatch>> FolderWatch::Start(const FolderSpec& spec, const WatchTimes& times) {
  TRY(const auto names, Files::Real().List(spec.folder));
  (void)names;
  auto impl = std::make_unique<Impl>(spec, times);
  impl->Add("", 0);
  return std::unique_ptr<FolderWatch>(new FolderWatch(std::move(impl)));
}

FolderWatch::Event FolderWatch::Wait(const std::stop_token& stop) { return impl_->Wait(stop); }
int64_t FolderWatch::num_watches() const { return impl_->num_watches(); }

}  // namespace atelier
