// Says when a folder may have changed, so that it is scanned again (folder_scan.h tells what).
//
// The kernel tells of changes below the folder (inotify); a burst of them counts as one, which ends when nothing has
// come for `quiet`, or after `longest_burst`. Where the kernel cannot tell (too many folders, a network file system),
// and to be safe everywhere, it also says so every `rescan`.   One thread waits; another may request stop.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "knowledge/load/folder_scan.h"

namespace atelier {

struct WatchTimes {
  std::chrono::milliseconds quiet{300};
  std::chrono::milliseconds longest_burst{5'000};
  std::chrono::milliseconds rescan{60'000};
};

class FolderWatch {
 public:
  // Errors: the folder cannot be read. A kernel that gives no watches is none: rescans remain.
  static Result<std::unique_ptr<FolderWatch>> Start(const FolderSpec& spec, const WatchTimes& times = {});
  ~FolderWatch();

  enum class Event : uint8_t { kChanged, kRescan, kStopped };
  // Returns when the folder should be scanned again, or stop is requested. Changes since Start, or since the last
  // return, are told; none is lost between two calls.
  Event Wait(const std::stop_token& stop);

  // Folders that the kernel watches. 0: rescans alone.
  int64_t num_watches() const;

 private:
  class Impl;
  explicit FolderWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace atelier
