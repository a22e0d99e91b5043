#include "base/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/io/os_error.h"

namespace atelier {
namespace {

// Widens [offset, offset + size) to whole pages within the file and passes it on.
void Advise(std::span<const std::byte> file, size_t offset, size_t size, int advice) {
  if (file.empty() || offset >= file.size()) return;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t begin = offset / page * page;
  const size_t end = size > file.size() - offset ? file.size() : offset + size;
  // A hint: failing changes nothing that anybody can see.
  (void)madvise(const_cast<std::byte*>(file.data()) + begin, end - begin, advice);
}

}  // namespace

Result<MappedFile> MappedFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return OsError(path, "open", errno);
  struct stat info{};
  if (fstat(fd, &info) != 0) {
    const int error = errno;
    close(fd);
    return OsError(path, "stat", error);
  }
  if (!S_ISREG(info.st_mode)) {
    close(fd);
    return Error::Invalid(path, S_ISDIR(info.st_mode) ? "got a folder, want a file" : "want a regular file");
  }
  MappedFile file;
  file.path_ = path;
  file.size_ = static_cast<size_t>(info.st_size);
  if (file.size_ > 0) {
    void* data = mmap(nullptr, file.size_, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
      const int error = errno;
      close(fd);
      file.size_ = 0;
      return OsError(path, "mmap", error);
    }
    file.data_ = static_cast<const std::byte*>(data);
  }
  close(fd);
  return file;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::WillNeed(size_t offset, size_t size) const { Advise(bytes(), offset, size, MADV_WILLNEED); }
void MappedFile::DontNeed(size_t offset, size_t size) const { Advise(bytes(), offset, size, MADV_DONTNEED); }

}  // namespace atelier
