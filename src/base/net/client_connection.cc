#include "base/net/client_connection.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>

namespace atelier {
namespace {

constexpr size_t kTlsPieceBytes = 16 << 10;  // a TLS record

Error Lost(const std::string& where, std::string_view doing, int code) {
  return Error::Unavailable(where, std::string(doing) + ": " + std::strerror(code));
}

}  // namespace

struct StopSignal::Callback {
  std::stop_callback<std::function<void()>> callback;
};

StopSignal::StopSignal(std::stop_token stop) : stop_(std::move(stop)) {
  if (!stop_.stop_possible()) return;
  fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd_ < 0) return;  // stop is still seen between waits
  std::function<void()> signal = [fd = fd_] {
    const uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
  };
  callback_ = std::unique_ptr<Callback>(new Callback{std::stop_callback(stop_, std::move(signal))});
}

StopSignal::~StopSignal() {
  callback_.reset();
  if (fd_ >= 0) close(fd_);
}

Result<std::shared_ptr<TlsTrust>> TlsTrust::Load(const std::string& ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (!context) return Error::Internal("TLS", "got no context from OpenSSL");
  std::shared_ptr<TlsTrust> trust(new TlsTrust(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded =
      ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1) {
    ERR_clear_error();
    return Error::Invalid(ca_file.empty() ? "system certificates" : ca_file, "got no readable PEM certificates");
  }
  return trust;
}

TlsTrust::~TlsTrust() { SSL_CTX_free(context_); }

Result<std::unique_ptr<ClientConnection>> ClientConnection::Open(const std::string& host, int port, Deadline deadline,
                                                                 const StopSignal& stop) {
  const std::string where = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0) {
    return Error::Unavailable(where, std::string("cannot resolve: ") + gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  Error last = Error::Unavailable(where, "got no address");
  for (const addrinfo* address = found; address; address = address->ai_next) {
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      last = Lost(where, "socket", errno);
      continue;
    }
    std::unique_ptr<ClientConnection> connection(new ClientConnection(fd, where));
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS) {
      last = Lost(where, "cannot connect", errno);
      continue;
    }
    if (Result<void> waited = connection->Wait(POLLOUT, deadline, stop); !waited) {
      last = std::move(waited).error();
      if (last.kind == ErrorKind::kCancelled) return last;
      continue;
    }
    int code = 0;
    socklen_t size = sizeof code;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code == 0) return connection;
    last = Lost(where, "cannot connect", code);
  }
  return last;
}

ClientConnection::~ClientConnection() {
  if (tls_) SSL_free(tls_);
  close(fd_);
}

Result<void> ClientConnection::Wait(short events, Deadline deadline, const StopSignal& stop) const {
  while (true) {
    if (stop.requested()) return Error::Cancelled(where_, "stopped by the caller");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::Real().Now()).count();
    if (left <= 0) return Error::Timeout(where_, "got no answer in time");
    pollfd fds[2] = {{fd_, events, 0}, {stop.fd(), POLLIN, 0}};
    const int ready = poll(fds, stop.fd() >= 0 ? 2 : 1, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
    if (ready < 0 && errno != EINTR) return Lost(where_, "poll", errno);
    if (ready > 0 && fds[0].revents != 0) return {};
  }
}

Result<void> ClientConnection::SendAll(std::string_view bytes, Deadline deadline, const StopSignal& stop) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY_VOID(Wait(POLLOUT, deadline, stop));
    } else if (errno != EINTR) {
      return Lost(where_, "cut off while sending", errno);
    }
  }
  return {};
}

Result<ssize_t> ClientConnection::Receive(char* buffer, size_t size, Deadline deadline, const StopSignal& stop) {
  while (true) {
    if (stop.requested()) return Error::Cancelled(where_, "stopped by the caller");
    const ssize_t got = recv(fd_, buffer, size, 0);
    if (got >= 0) return got;
    if (errno == EAGAIN) {
      TRY_VOID(Wait(POLLIN, deadline, stop));
    } else if (errno != EINTR) {
      return Lost(where_, "cut off while receiving", errno);
    }
  }
}

Error ClientConnection::TlsError(std::string_view what) const {
  std::string why = std::string(what);
  if (const long verdict = SSL_get_verify_result(tls_); verdict != X509_V_OK) {
    why += std::string(": ") + X509_verify_cert_error_string(verdict);
  } else if (const unsigned long code = ERR_get_error(); code != 0) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    why += std::string(": ") + text;
  }
  ERR_clear_error();
  return Error::Unavailable(where_, why);
}

Result<void> ClientConnection::FlushTls(Deadline deadline, const StopSignal& stop) {
  char piece[kTlsPieceBytes];
  while (BIO_ctrl_pending(SSL_get_wbio(tls_)) > 0) {
    const int size = BIO_read(SSL_get_wbio(tls_), piece, sizeof piece);
    if (size <= 0) break;
    TRY_VOID(SendAll({piece, static_cast<size_t>(size)}, deadline, stop));
  }
  return {};
}

Result<bool> ClientConnection::FeedTls(Deadline deadline, const StopSignal& stop) {
  TRY_VOID(FlushTls(deadline, stop));
  char piece[kTlsPieceBytes];
  TRY(const ssize_t got, Receive(piece, sizeof piece, deadline, stop));
  if (got == 0) return false;
  BIO_write(SSL_get_rbio(tls_), piece, static_cast<int>(got));
  return true;
}

Result<void> ClientConnection::StartTls(std::shared_ptr<TlsTrust> trust, const std::string& host, Deadline deadline,
                                        const StopSignal& stop) {
  trust_ = std::move(trust);
  tls_ = SSL_new(trust_->context());
  CHECK(tls_);
  // Memory buffers instead of the socket: sends are then ours, without SIGPIPE.
  SSL_set_bio(tls_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(tls_);
  in6_addr address;
  const bool is_address =
      inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), host.c_str());
  } else {
    SSL_set_tlsext_host_name(tls_, host.c_str());
    SSL_set1_host(tls_, host.c_str());
  }
  while (true) {
    ERR_clear_error();
    const int done = SSL_do_handshake(tls_);
    if (done == 1) return FlushTls(deadline, stop);
    if (SSL_get_error(tls_, done) != SSL_ERROR_WANT_READ) {
      Error error = TlsError("TLS handshake failed");
      (void)FlushTls(deadline, stop);  // the alert; the error stands whether it arrives or not
      return error;
    }
    TRY(const bool more, FeedTls(deadline, stop));
    if (!more) return TlsError("cut off during the TLS handshake");
  }
}

Result<void> ClientConnection::Write(std::string_view bytes, Deadline deadline, const StopSignal& stop) {
  if (!tls_) return SendAll(bytes, deadline, stop);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kTlsPieceBytes);
    ERR_clear_error();
    const int written = SSL_write(tls_, piece.data(), static_cast<int>(piece.size()));
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
      TRY_VOID(FlushTls(deadline, stop));
    } else if (SSL_get_error(tls_, written) == SSL_ERROR_WANT_READ) {
      TRY(const bool more, FeedTls(deadline, stop));
      if (!more) return TlsError("cut off while sending");
    } else {
      return TlsError("cannot send");
    }
  }
  return {};
}

Result<size_t> ClientConnection::Read(char* buffer, size_t size, Deadline deadline, const StopSignal& stop) {
  if (!tls_) {
    TRY(const ssize_t got, Receive(buffer, size, deadline, stop));
    return static_cast<size_t>(got);
  }
  while (true) {
    ERR_clear_error();
    const int got = SSL_read(tls_, buffer, static_cast<int>(std::min<size_t>(size, 1 << 30)));
    if (got > 0) return static_cast<size_t>(got);
    const int why = SSL_get_error(tls_, got);
    if (why == SSL_ERROR_ZERO_RETURN) return size_t{0};
    if (why != SSL_ERROR_WANT_READ) return TlsError("cannot receive");
    TRY(const bool more, FeedTls(deadline, stop));
    // Without close_notify the end may be an attacker's.
    if (!more) return TlsError("cut off without a TLS close");
  }
}

bool ClientConnection::IsQuiet() const {
  pollfd fd = {fd_, POLLIN, 0};
  return poll(&fd, 1, 0) == 0;
}

}  // namespace atelier
