// A local folder. Each path is opened part by part without following symbolic links (openat2, RESOLVE_BENEATH), so that
// no link within it leads out of it, whoever changes it meanwhile.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/tools/drive_store.h"
#include "base/io/descriptor.h"
#include "base/io/files.h"

namespace atelier {
namespace {

Error Failed(const std::string& path) {
  const int code = errno;
  const std::string what = std::strerror(code);
  switch (code) {
    case ENOENT:
    case ENOTDIR: return Error::NotFound(path, "there is no such file or folder");
    case EEXIST: return Error::Conflict(path, "there is a file already, want replace = true");
    case ELOOP:
    case EXDEV: return Error::Denied(path, "got a link, which is not followed");
    case EACCES:
    case EPERM: return Error::Denied(path, what);
    case EISDIR: return Error::Invalid(path, "got a folder, want a file");
    case ENOSPC:
    case EDQUOT: return Error::Exhausted(path, what);
    default: return Error::Unavailable(path, what);
  }
}

Result<Descriptor> OpenBeneath(int root, const std::string& path, int flags, mode_t mode = 0) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const char* const name = path.empty() ? "." : path.c_str();
  const long fd = syscall(SYS_openat2, root, name, &how, sizeof how);
  if (fd < 0) return Failed(path);
  return Descriptor(static_cast<int>(fd));
}

class LocalDrive final : public DriveStore {
 public:
  LocalDrive(Descriptor root, Pool& pool) : root_(std::move(root)), pool_(pool) {}

  Task<Result<std::vector<DriveEntry>>> List(Call, std::string path) override {
    auto work = [this, &path] { return ListNow(path); };
    auto working = OnPool(pool_, work);
    Result<std::vector<DriveEntry>> entries = co_await working;
    co_return entries;
  }
  Task<Result<std::string>> Read(Call, std::string path, int64_t max_bytes) override {
    auto work = [this, &path, max_bytes] { return ReadNow(path, max_bytes); };
    auto working = OnPool(pool_, work);
    Result<std::string> content = co_await working;
    co_return content;
  }
  Task<Result<void>> Write(Call, std::string path, std::string content, bool replace) override {
    auto work = [this, &path, &content, replace] { return WriteNow(path, content, replace); };
    auto working = OnPool(pool_, work);
    Result<void> written = co_await working;
    co_return written;
  }

 private:
  Result<std::vector<DriveEntry>> ListNow(const std::string& path) const {
    TRY(Descriptor folder, OpenBeneath(root_.get(), path, O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(folder.get()), closedir);
    if (listing == nullptr) return Failed(path);
    const int fd = folder.Release();  // the listing's now
    std::vector<DriveEntry> entries;
    while (const dirent* entry = readdir(listing.get())) {
      const std::string name = entry->d_name;
      struct stat info{};
      if (name == "." || name == ".." || fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) continue;  // links and devices are not for models
      if (entries.size() >= kMaxDriveEntries) break;
      entries.push_back({name, S_ISDIR(info.st_mode), S_ISDIR(info.st_mode) ? 0 : info.st_size});
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  Result<std::string> ReadNow(const std::string& path, int64_t max_bytes) const {
    TRY(const Descriptor file, OpenBeneath(root_.get(), path, O_RDONLY | O_NONBLOCK));  // a pipe must not hold us
    struct stat info{};
    if (fstat(file.get(), &info) != 0) return Failed(path);
    if (!S_ISREG(info.st_mode)) return Error::Invalid(path, "got no plain file");
    std::string content;
    char bytes[64 << 10];
    while (true) {
      const ssize_t got = read(file.get(), bytes, sizeof bytes);
      if (got < 0) return Failed(path);
      if (got == 0) return content;
      if (static_cast<int64_t>(content.size()) + got > max_bytes) {
        return Error::TooLarge(path, "got more than " + std::to_string(max_bytes) + " bytes");
      }
      content.append(bytes, static_cast<size_t>(got));
    }
  }

  // A file beside it, renamed when it is whole; without `replace` linked, which fails where there is one.
  Result<void> WriteNow(const std::string& path, const std::string& content, bool replace) const {
    std::string made;
    for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
      TRY(const Descriptor outer, OpenBeneath(root_.get(), made, O_RDONLY | O_DIRECTORY));
      const std::string name(NameOf(path.substr(0, at)));
      if (mkdirat(outer.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return Failed(path);
      made = path.substr(0, at);
    }
    TRY(const Descriptor folder, OpenBeneath(root_.get(), made, O_RDONLY | O_DIRECTORY));
    const std::string name(NameOf(path));
    struct stat info{};
    if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
      if (!S_ISREG(info.st_mode)) return Error::Denied(path, "there is something that is no plain file");
      if (!replace) return Error::Conflict(path, "there is a file already, want replace = true");
    }
    const std::string beside = "." + name.substr(0, 200) + ".atelier-tmp";
    unlinkat(folder.get(), beside.c_str(), 0);
    TRY(const Descriptor file, OpenBeneath(folder.get(), beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
    Result<void> done = Fill(file.get(), folder.get(), path, content);
    const bool placed = done && (replace ? renameat(folder.get(), beside.c_str(), folder.get(), name.c_str()) == 0
                                         : linkat(folder.get(), beside.c_str(), folder.get(), name.c_str(), 0) == 0);
    if (done && !placed) done = Failed(path);
    if (!placed || !replace) unlinkat(folder.get(), beside.c_str(), 0);
    return done;
  }

  static Result<void> Fill(int file, int, const std::string& path, std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = write(file, content.data(), content.size());
      if (written < 0) return Failed(path);
      content.remove_prefix(static_cast<size_t>(written));
    }
    if (fsync(file) != 0) return Failed(path);
    return {};
  }

  const Descriptor root_;
  Pool& pool_;
};

}  // namespace

Result<std::string> DrivePath(const std::string& path) {
  std::string clean = path;
  while (clean.starts_with('/')) clean.erase(0, 1);
  while (clean.ends_with('/')) clean.pop_back();
  if (clean.empty() || clean == ".") return std::string();
  if (clean.size() > 2'000 || !IsSafeRelativePath(clean)) {
    return Error::Invalid("path", "got '" + clean.substr(0, 200) + "', want one within the drive, without . and ..");
  }
  return clean;
}

Result<std::shared_ptr<DriveStore>> OpenLocalDrive(const std::string& folder, Pool& pool) {
  Descriptor root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return Failed(folder);
  return std::shared_ptr<DriveStore>(std::make_shared<LocalDrive>(std::move(root), pool));
}

}  // namespace atelier
