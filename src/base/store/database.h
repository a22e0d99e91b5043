// One SQLite file shared by several stores: the one Writer, which commits in groups, and a reader beside it. Each store
// class owns its tables and migrations (MigrateStore); none refers to another's.
// Thread-safe; Write and Read block, so they belong on a Pool.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/store/db.h"
#include "base/store/writer.h"

namespace atelier {

class Database {
 public:
  // synchronous FULL: what was acknowledged survives a power cut.
  // `vfs`: whose files it lies on, and outlives it; null: the machine's.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, const FilesVfs* vfs = nullptr);
  // Commits what was submitted.
  ~Database() = default;

  // Before the store's first use.
  Result<void> Migrate(std::string_view store, std::span<const std::string_view> migrations);

  Writer& writer() { return writer_; }
  // Runs `change` on the writer's thread and returns once it is committed.
  Result<void> Write(Writer::Change change) { return writer_.Submit(std::move(change)).get(); }
  // Runs `work(db)` on the reader; sees what is committed. One at a time.
  template <class Work>
  auto Read(Work work) {
    const std::lock_guard lock(reader_mutex_);
    return work(reader_);
  }

 private:
  Database(Db writer, Db reader, const FilesVfs* vfs)
      : vfs_(vfs), writer_(std::move(writer)), reader_(std::move(reader)) {}

  const FilesVfs* const vfs_;
  Writer writer_;
  std::mutex reader_mutex_;
  Db reader_;
};

}  // namespace atelier
