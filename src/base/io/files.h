// The file system as stores and downloads see it: the smallest set of calls with which a change can be made
// durable. Real() is the machine's; a simulated one can lose what was not synced, cut power and fill up.
//
// Durability: bytes are safe after File::Sync; a new name, a rename or a removal after SyncFolder of the folder
// that holds it. WriteAtomically does both: after a crash the path has its old content or its new one.
//
// Thread-safe: Files may be called from any thread; one File by one thread at a time.
// Errors: kNotFound, kDenied, kConflict (exists), kExhausted (disk full), kUnavailable; `where` is the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

class File {
 public:
  virtual ~File() = default;
  // Reads up to dst.size() bytes; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(int64_t offset, std::span<std::byte> dst) = 0;
  // Writes all of `src`; beyond the end the file grows.
  virtual Result<void> WriteAt(int64_t offset, std::span<const std::byte> src) = 0;
  virtual Result<int64_t> Size() = 0;
  virtual Result<void> Truncate(int64_t size) = 0;
  // Returns when what was written is on the disk.
  virtual Result<void> Sync() = 0;
};

enum class FileMode {
  kRead,     // must exist
  kUpdate,   // reads and writes; created empty if missing
  kReplace,  // reads and writes; emptied if it exists
};

struct FileInfo {
  int64_t size = 0;
  int64_t modified_ns = 0;  // since 1970-01-01 UTC
  bool is_folder = false;
};

// The content of a file, there as long as `owner` is held, whatever becomes of the file's name.
struct FileBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, FileMode mode) = 0;
  // What mapped_file.h says, files that are never written again alone.
  virtual Result<FileBytes> Map(const std::string& path) = 0;
  // kNotFound if there is nothing.
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  // Names (not paths) in a folder, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  // With all missing parents; fine if it exists.
  virtual Result<void> MakeFolders(const std::string& folder) = 0;
  // Replaces `to` if it exists. Both on one file system.
  virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  // A second name for the same file. kConflict if `to` exists; an error where the file system has no such links.
  virtual Result<void> Link(const std::string& from, const std::string& to) = 0;
  // A file or an empty folder.
  virtual Result<void> Remove(const std::string& path) = 0;
  // Makes names in `folder` durable.
  virtual Result<void> SyncFolder(const std::string& folder) = 0;
  // Holds the lock of file_lock.h until the last copy of what it returns is gone. kConflict if somebody else has it.
  virtual Result<std::shared_ptr<const void>> Lock(const std::string& path) = 0;
  // Another number whenever what was not synced may have been lost: since the machine has started anew.
  virtual uint64_t Boot() = 0;

  // The machine's file system. Lives as long as the program.
  static Files& Real();
};

bool FileExists(Files& files, const std::string& path);
// Removes a folder and all in it; a symbolic link is removed, not followed. Fine if there is none.
Result<void> RemoveTree(Files& files, const std::string& path);
// The whole file as a string. kTooLarge above max_bytes.
Result<std::string> ReadWholeFile(Files& files, const std::string& path, int64_t max_bytes);
// Replaces the file at `path` in one step: path.tmp is written, synced and renamed, the folder synced. One writer
// at a time a path.
Result<void> WriteAtomically(Files& files, const std::string& path, std::string_view content);

// "a/b" of "a" and "b"; "b" alone if the folder is empty.
std::string JoinPath(std::string_view folder, std::string_view name);
// "a" of "a/b", "." of "b", "/" of "/b".
std::string FolderOf(std::string_view path);
// "b" of "a/b".
std::string_view NameOf(std::string_view path);
// Whether `name` is a relative path that stays within its folder: no empty, "." or ".." part, no '\\', no NUL.
// What a manifest, an archive or a hub names must pass before it is joined to a folder of ours.
bool IsSafeRelativePath(std::string_view name);

}  // namespace atelier
