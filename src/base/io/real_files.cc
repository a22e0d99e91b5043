// Files on the machine's own file system.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "base/io/file_lock.h"
#include "base/io/files.h"
#include "base/io/mapped_file.h"
#include "base/io/os_error.h"

namespace atelier {
namespace {

class RealFile final : public File {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~RealFile() override { close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<size_t> ReadAt(int64_t offset, std::span<std::byte> dst) override {
    size_t done = 0;
    while (done < dst.size()) {
      const ssize_t got = pread(fd_, dst.data() + done, dst.size() - done, offset + static_cast<int64_t>(done));
      if (got == 0) break;
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return OsError(path_, "read", errno);
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Result<void> WriteAt(int64_t offset, std::span<const std::byte> src) override {
    size_t done = 0;
    while (done < src.size()) {
      const ssize_t got = pwrite(fd_, src.data() + done, src.size() - done, offset + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return OsError(path_, "write", errno);
      done += static_cast<size_t>(got);
    }
    return {};
  }

  Result<int64_t> Size() override {
    struct stat info{};
    if (fstat(fd_, &info) != 0) return OsError(path_, "stat", errno);
    return static_cast<int64_t>(info.st_size);
  }

  Result<void> Truncate(int64_t size) override {
    if (ftruncate(fd_, size) != 0) return OsError(path_, "truncate", errno);
    return {};
  }

  Result<void> Sync() override {
    if (fsync(fd_) != 0) return OsError(path_, "fsync", errno);
    return {};
  }

 private:
  const int fd_;
  const std::string path_;
};

class RealFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, FileMode mode) override {
    const int flags = mode == FileMode::kRead     ? O_RDONLY
                      : mode == FileMode::kUpdate ? O_RDWR | O_CREAT
                                                  : O_RDWR | O_CREAT | O_TRUNC;
    const int fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (fd < 0) return OsError(path, "open", errno);
    struct stat info{};
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
      close(fd);
      return Error::Invalid(path, "got a folder, want a file");
    }
    return std::unique_ptr<File>(std::make_unique<RealFile>(fd, path));
  }

  Result<FileBytes> Map(const std::string& path) override {
    TRY(auto mapped, MappedFile::Open(path));
    auto owner = std::make_shared<const MappedFile>(std::move(mapped));
    return FileBytes{.bytes = owner->bytes(), .owner = owner};
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat info{};
    if (stat(path.c_str(), &info) != 0) return OsError(path, "stat", errno);
    return FileInfo{.size = static_cast<int64_t>(info.st_size),
                    .modified_ns = static_cast<int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec,
                    .is_folder = S_ISDIR(info.st_mode)};
  }

  Result<std::vector<std::string>> List(const std::string& folder) override {
    DIR* dir = opendir(folder.c_str());
    if (dir == nullptr) return OsError(folder, "opendir", errno);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> MakeFolders(const std::string& folder) override {
    if (mkdir(folder.c_str(), 0755) == 0) return {};
    if (errno == ENOENT && folder != FolderOf(folder)) {
      TRY_VOID(MakeFolders(FolderOf(folder)));
      if (mkdir(folder.c_str(), 0755) == 0) return {};
    }
    const int error = errno;
    const auto info = Stat(folder);
    if (info.ok() && info->is_folder) return {};
    return OsError(folder, "mkdir", error);
  }

  Result<void> Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) return OsError(to, "rename", errno);
    return {};
  }

  Result<void> Link(const std::string& from, const std::string& to) override {
    if (link(from.c_str(), to.c_str()) != 0) return OsError(to, "link", errno);
    return {};
  }

  Result<void> Remove(const std::string& path) override {
    if (remove(path.c_str()) != 0) return OsError(path, "remove", errno);
    return {};
  }

  Result<void> SyncFolder(const std::string& folder) override {
    const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return OsError(folder, "open", errno);
    const int code = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    // Some file systems cannot sync a folder and say EINVAL; their names are durable by themselves or not at all.
    if (code != 0 && code != EINVAL) return OsError(folder, "fsync", code);
    return {};
  }

  Result<std::shared_ptr<const void>> Lock(const std::string& path) override {
    TRY(auto lock, FileLock::TryLock(path));
    return std::shared_ptr<const void>(std::make_shared<const FileLock>(std::move(lock)));
  }

  uint64_t Boot() override {
    static const uint64_t boot = [this] {
      uint64_t number = 0;
      const auto file = Open("/proc/sys/kernel/random/boot_id", FileMode::kRead);
      std::array<std::byte, 64> text{};
      const auto size = file.ok() ? (*file)->ReadAt(0, text) : Result<size_t>(0);
      for (size_t i = 0; size.ok() && i < *size; ++i) number = number * 31 + static_cast<uint64_t>(text[i]);
      return number;
    }();
    return boot;
  }
};

}  // namespace

Files& Files::Real() {
  static RealFiles files;
  return files;
}

}  // namespace atelier
