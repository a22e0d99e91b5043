// One outgoing connection: TCP, and TLS over it, with every wait bounded by a deadline and ended by a
// stop request. For http_client.cc. One thread at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace atelier {

// A file descriptor that becomes readable when stop is requested, to wait for beside a socket.
class StopSignal {
 public:
  explicit StopSignal(std::stop_token stop);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  int fd() const { return fd_; }
  bool requested() const { return stop_.stop_requested(); }

 private:
  struct Callback;
  std::stop_token stop_;
  int fd_ = -1;
  std::unique_ptr<Callback> callback_;
};

// The certificates that a client trusts.
class TlsTrust {
 public:
  // `ca_file` empty: the system's.
  static Result<std::shared_ptr<TlsTrust>> Load(const std::string& ca_file);
  ~TlsTrust();
  ssl_ctx_st* context() const { return context_; }

 private:
  explicit TlsTrust(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

class ClientConnection {
 public:
  using Deadline = Clock::TimePoint;

  // Tries each address of `host`. `where` names the server in errors.
  static Result<std::unique_ptr<ClientConnection>> Open(const std::string& host, int port, Deadline deadline,
                                                        const StopSignal& stop);
  ~ClientConnection();

  // Begins TLS 1.2+ and checks that the certificate is trusted and made out to `host`.
  Result<void> StartTls(std::shared_ptr<TlsTrust> trust, const std::string& host, Deadline deadline,
                        const StopSignal& stop);
  Result<void> Write(std::string_view bytes, Deadline deadline, const StopSignal& stop);
  // At least one byte, or 0 at the end of the stream.
  Result<size_t> Read(char* buffer, size_t size, Deadline deadline, const StopSignal& stop);
  // Idle, and the server has neither closed it nor said anything.
  bool IsQuiet() const;

 private:
  ClientConnection(int fd, std::string where) : fd_(fd), where_(std::move(where)) {}
  Result<void> Wait(short events, Deadline deadline, const StopSignal& stop) const;
  Result<void> SendAll(std::string_view bytes, Deadline deadline, const StopSignal& stop);
  Result<ssize_t> Receive(char* buffer, size_t size, Deadline deadline, const StopSignal& stop);
  // Sends what TLS has to say; then, if it wants bytes, receives some. False: the stream ended.
  Result<void> FlushTls(Deadline deadline, const StopSignal& stop);
  Result<bool> FeedTls(Deadline deadline, const StopSignal& stop);
  Error TlsError(std::string_view what) const;

  int fd_;
  std::string where_;
  std::shared_ptr<TlsTrust> trust_;
  ssl_st* tls_ = nullptr;
};

}  // namespace atelier
