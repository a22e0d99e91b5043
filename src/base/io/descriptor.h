// An open file of the operating system's, closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace atelier {

class Descriptor {
 public:
  // Owns it; negative: nothing is open.
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // Whoever calls it owns it from then on.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace atelier
