// SQLite over Files: databases on a file system that a test can cut the power of.     [sqlite.org/vfs.html]
//
// Locks and the write-ahead log's index are kept in this process's memory, so all connections to a file must be of this
// process and of this VFS: as those of a simulated file system are anyway. A power cut loses that memory; a test plays
// that by closing every connection before SimFiles::Restart.
//
// It promises SQLite what its own VFS does on Linux: a write that is cut leaves its neighbours alone. Neither atomic
// writes nor an order without Sync. The first Sync of a journal makes the names in its folder durable, the database's
// among them. Thread-safe, as far as `files` is.
#pragma once

#include <memory>

#include "base/io/files.h"

namespace atelier {

class FilesVfs {
 public:
  // `files` outlives it, and it outlives every Db that was opened with it (DbOptions::vfs).
  explicit FilesVfs(Files& files);
  ~FilesVfs();
  FilesVfs(const FilesVfs&) = delete;
  FilesVfs& operator=(const FilesVfs&) = delete;

  // As SQLite knows it; of this process alone.
  const char* name() const;

 private:
  struct Registered;
  std::unique_ptr<Registered> registered_;
};

}  // namespace atelier
