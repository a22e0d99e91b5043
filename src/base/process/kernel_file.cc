#include "base/process/kernel_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace atelier {

std::string ReadKernelFile(const std::string& path) {
  constexpr size_t kMostBytes = 1 << 20;
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return text;
  std::array<char, 8192> buffer;
  while (text.size() < kMostBytes) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  close(fd);
  return text;
}

int64_t NumberAfter(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return -1;
  return std::atoll(std::string(text.substr(at + key.size(), 40)).c_str());
}

}  // namespace atelier
