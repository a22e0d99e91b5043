#include "knowledge/load/folder_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/io/files.h"
#include "base/io/os_error.h"

namespace atelier {
namespace {

constexpr size_t kPieceBytes = 1 << 16;
// A pipe opened so does not wait for its other end.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// For kernels before 5.6: the real path must lie below the real folder. A link swapped in between is not seen.
int OpenChecked(const std::string& folder, const std::string& path) {
  std::array<char, PATH_MAX> real_folder, real_path;
  if (realpath(folder.c_str(), real_folder.data()) == nullptr) return -1;
  if (realpath(JoinPath(folder, path).c_str(), real_path.data()) == nullptr) return -1;
  const std::string prefix = std::string(real_folder.data()) + "/";
  if (!std::string_view(real_path.data()).starts_with(prefix)) return errno = EXDEV, -1;
  return open(real_path.data(), kFlags | O_NOFOLLOW);
}

int OpenBelow(const std::string& folder, const std::string& path) {
  const int folder_fd = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0) return -1;
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const auto fd = static_cast<int>(syscall(SYS_openat2, folder_fd, path.c_str(), &how, sizeof how));
  const int fault = errno;
  close(folder_fd);
  errno = fault;
  if (fd < 0 && (fault == ENOSYS || fault == EPERM)) return OpenChecked(folder, path);
  return fd;
}

}  // namespace

Result<FolderFile> FolderFile::Open(const std::string& folder, const std::string& path) {
  if (!IsSafeRelativePath(path)) return Error::Invalid(path, "the path leads out of the folder");
  const int fd = OpenBelow(folder, path);
  if (fd < 0 && errno == EXDEV) return Error::Invalid(path, "a link that leads out of the folder");
  if (fd < 0 && errno == ELOOP) return Error::Invalid(path, "links that lead to each other");
  if (fd < 0) return OsError(path, "open", errno);
  struct stat info{};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return Error::Invalid(path, "got what is no regular file");
  }
  constexpr int64_t kNanos = 1'000'000'000;
  return FolderFile(fd, info.st_size, info.st_mtim.tv_sec * kNanos + info.st_mtim.tv_nsec);
}

FolderFile::~FolderFile() {
  if (fd_ >= 0) close(fd_);
}

Result<void> FolderFile::Read(int64_t max_bytes, const std::function<Result<void>(std::string_view)>& take) const {
  std::array<char, kPieceBytes> piece;
  for (int64_t offset = 0;;) {
    const ssize_t got = pread(fd_, piece.data(), piece.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return OsError({}, "read", errno);
    if (got == 0) return {};
    offset += got;
    if (offset > max_bytes)
      return Error::TooLarge({}, "the file is above the limit of " + std::to_string(max_bytes) + " bytes");
    TRY_VOID(take({piece.data(), static_cast<size_t>(got)}));
  }
}

}  // namespace atelier
