// A connection as an HTTP session sees it: bytes in, bytes out, TLS or not. The session knows no
// sockets, so that tests and fuzzers can play the client in memory. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace atelier {

class Transport {
 public:
  // ok: that many bytes moved (0 on reading: the peer has ended its side). Not ok: the connection is broken.
  using Done = std::move_only_function<void(bool ok, size_t num_bytes)>;

  virtual ~Transport() = default;
  // No method calls `done` before it returns. One read and one write may be under way together; buffers
  // must live until done.
  virtual void Handshake(Done done) = 0;
  virtual void Read(std::span<char> buffer, Done done) = 0;
  virtual void Write(std::string_view bytes, Done done) = 0;  // moves at least one byte
  // Says that no more will be written (FIN, close_notify); reading goes on.
  virtual void EndWrites(Done done) = 0;
  // Ends at once what is under way (with ok false).
  virtual void Close() = 0;
  virtual std::string peer() const = 0;
  virtual bool secure() const = 0;
  // Why the last operation failed, for messages; empty where nothing more is known than that it did.
  virtual std::string fault() const { return {}; }
  // Idle, and the peer has neither ended its side nor said anything.
  virtual bool quiet() const { return true; }
};

}  // namespace atelier
