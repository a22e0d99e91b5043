#include "agent/tools/folder_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "base/io/descriptor.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 64;

Error Failed(std::string_view path, int code) {
  if (code == ELOOP || code == EMLINK) {
    return Error::Denied(std::string(path), "got a symbolic link, want a file or folder itself");
  }
  const ErrorKind kind = code == ENOENT    ? ErrorKind::kNotFound
                         : code == ENOTDIR ? ErrorKind::kDenied
                         : code == EACCES  ? ErrorKind::kDenied
                         : code == ENOSPC  ? ErrorKind::kExhausted
                                           : ErrorKind::kUnavailable;
  return Error::Of(kind, std::string(path), std::generic_category().message(code));
}

Result<std::vector<std::string>> PartsOf(std::string_view path) {
  std::vector<std::string> parts;
  if (path.find('\0') != std::string_view::npos) return Error::Invalid("path", "got a NUL character, want none");
  while (path.ends_with('/') && path.size() > 1) path.remove_suffix(1);
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.empty() || path == ".") return parts;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    std::string part(path.substr(at, end - at));
    if (part.empty() || part == "." || part == "..") {
      return Error::Invalid("path", "got '" + std::string(path.substr(0, 200)) +
                                        "', want a path within the folder, without '..' and no '/' at its beginning");
    }
    parts.push_back(std::move(part));
    at = end + 1;
  }
  if (parts.size() > kMaxDepth) return Error::Invalid("path", "got more than 64 folders, want fewer");
  return parts;
}

// The folder that `parts` lead to, made on the way where `make` says so.
Result<Descriptor> OpenFolder(const std::string& root, std::span<const std::string> parts, bool make) {
  Descriptor folder(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return Failed(root, errno);
  for (const std::string& part : parts) {
    if (make && mkdirat(folder.get(), part.c_str(), 0777) != 0 && errno != EEXIST) return Failed(part, errno);
    Descriptor next(openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.open()) {
      // A link is "no folder" to the system here.
      const int code = errno;
      struct stat info;
      const bool link = fstatat(folder.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
      return Failed(part, link ? ELOOP : code);
    }
    folder = std::move(next);
  }
  return folder;
}

Result<void> WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", errno);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

using Each = std::function<bool(const FolderEntry&)>;

// False: `each` has had enough.
bool WalkFolder(Descriptor folder, const std::string& prefix, bool recursive, int depth, const Each& each) {
  const int fd = dup(folder.get());
  DIR* const listing = fd < 0 ? nullptr : fdopendir(fd);
  if (listing == nullptr) {
    if (fd >= 0) close(fd);
    return true;
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(listing);
  std::ranges::sort(names);
  for (const std::string& name : names) {
    struct stat info;
    if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const bool is_folder = S_ISDIR(info.st_mode);
    if (!is_folder && !S_ISREG(info.st_mode)) continue;
    const std::string path = prefix.empty() ? name : prefix + "/" + name;
    if (!each({path, is_folder, is_folder ? 0 : static_cast<int64_t>(info.st_size)})) return false;
    if (!is_folder || !recursive || depth >= kMaxDepth) continue;
    Descriptor inner(openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (inner.open() && !WalkFolder(std::move(inner), path, recursive, depth + 1, each)) return false;
  }
  return true;
}

}  // namespace

Result<std::string> FolderView::Read(std::string_view path, int64_t max_bytes) const {
  TRY(const auto parts, PartsOf(path));
  if (parts.empty()) return Error::Invalid("path", "got the folder itself, want a file");
  TRY(const Descriptor folder, OpenFolder(folder_, std::span(parts).first(parts.size() - 1), false));
  // Opening a pipe must not wait for who writes to it.
  const Descriptor file(openat(folder.get(), parts.back().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.open()) return Failed(path, errno);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return Failed(path, errno);
  if (!S_ISREG(info.st_mode)) return Error::Denied(std::string(path), "got no regular file, want one");
  std::string content(static_cast<size_t>(std::min<int64_t>(info.st_size, max_bytes) + 1), '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed(path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (info.st_size > max_bytes || static_cast<int64_t>(size) > max_bytes) {
    return Error::TooLarge(std::string(path),
                           "got " + std::to_string(info.st_size) + " bytes, want at most " + std::to_string(max_bytes));
  }
  content.resize(size);
  return content;
}

Result<void> FolderView::Write(std::string_view path, std::string_view content) const {
  static std::atomic<int> num_written = 0;
  TRY(const auto parts, PartsOf(path));
  if (parts.empty()) return Error::Invalid("path", "got the folder itself, want a file");
  TRY(const Descriptor folder, OpenFolder(folder_, std::span(parts).first(parts.size() - 1), true));
  struct stat info;
  if (fstatat(folder.get(), parts.back().c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(info.st_mode)) {
    return Error::Denied(std::string(path), "got something that is no regular file, want a file or nothing there");
  }
  const std::string temporary = ".atelier-" + std::to_string(getpid()) + "-" + std::to_string(++num_written);
  const Descriptor file(
      openat(folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file.open()) return Failed(path, errno);
  auto written = WriteAll(file.get(), content);
  if (written.ok() && renameat(folder.get(), temporary.c_str(), folder.get(), parts.back().c_str()) != 0) {
    written = Failed(path, errno);
  }
  if (!written.ok()) unlinkat(folder.get(), temporary.c_str(), 0);
  return written;
}

Result<void> FolderView::Walk(std::string_view path, bool recursive, const Each& each) const {
  TRY(const auto parts, PartsOf(path));
  TRY(Descriptor folder, OpenFolder(folder_, parts, false));
  std::string prefix;
  for (const std::string& part : parts) prefix += (prefix.empty() ? "" : "/") + part;
  WalkFolder(std::move(folder), prefix, recursive, 0, each);
  return {};
}

}  // namespace atelier
