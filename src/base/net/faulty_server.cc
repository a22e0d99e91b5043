#include "base/net/faulty_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "base/check.h"
#include "base/net/http.h"

namespace atelier {
namespace {

// Reads more into `buffer`; false when the client has left or the server stops.
bool ReadSome(int fd, std::string& buffer, const std::atomic<bool>& stopping) {
  while (!stopping) {
    pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, 20) == 0) continue;
    char piece[16384];
    const ssize_t got = recv(fd, piece, sizeof piece, 0);
    if (got <= 0) return false;
    buffer.append(piece, static_cast<size_t>(got));
    return true;
  }
  return false;
}

size_t BodyLength(const std::string& head) {
  constexpr std::string_view kName = "Content-Length: ";
  const size_t at = head.find(kName);
  size_t length = 0;
  if (at != std::string::npos) std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  return length;
}

}  // namespace

FaultyServer::FaultyServer(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(listen(listener_, 64) == 0);
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FaultyServer::~FaultyServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::string FaultyServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void FaultyServer::Accept() {
  while (!stopping_) {
    pollfd ready = {listener_, POLLIN, 0};
    if (poll(&ready, 1, 20) <= 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ++num_connections_;
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FaultyServer::Serve(int fd) {
  std::string buffer;
  for (bool going = true; going;) {
    size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos && (going = ReadSome(fd, buffer, stopping_))) {
    }
    if (!going) break;
    Request request;
    request.head = buffer.substr(0, end + 4);
    buffer.erase(0, end + 4);
    const size_t length = BodyLength(request.head);
    while (buffer.size() < length && (going = ReadSome(fd, buffer, stopping_))) {
    }
    if (!going) break;
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    Answer answer;
    {
      std::lock_guard lock(mutex_);
      request.index = num_requests_++;
      answer = script_(request);
    }
    going = Play(fd, answer);
  }
  close(fd);
}

bool FaultyServer::Play(int fd, const Answer& answer) {
  const size_t body_start = answer.bytes.find("\r\n\r\n") + 4;
  std::string_view rest = answer.bytes;
  while (!rest.empty() && !stopping_) {
    const std::string_view piece = rest.substr(0, answer.piece == 0 ? rest.size() : answer.piece);
    const ssize_t sent = send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      ++num_abandoned_;
      return false;
    }
    rest.remove_prefix(static_cast<size_t>(sent));
    if (rest.empty() && answer.endless) rest = std::string_view(answer.bytes).substr(body_start);
    if (answer.pause.count() > 0) std::this_thread::sleep_for(answer.pause);
  }
  if (answer.end == End::kHang) {
    std::string ignored;
    while (ReadSome(fd, ignored, stopping_)) {
    }
    if (!stopping_) ++num_abandoned_;
  }
  if (answer.end == End::kReset) {
    const linger now{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  return answer.end == End::kKeep;
}

std::string HttpAnswer(int status, std::string_view content_type, std::string_view body, std::string_view more) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(HttpReason(status)) +
         "\r\nContent-Type: " + std::string(content_type) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

std::string ChunkedAnswer(std::string_view content_type, const std::vector<std::string>& pieces) {
  std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(content_type) + "\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& piece : pieces) {
    char size[20];
    const auto [end, code] = std::to_chars(size, size + sizeof size, piece.size(), 16);
    answer.append(size, end).append("\r\n").append(piece).append("\r\n");
  }
  return answer + "0\r\n\r\n";
}

}  // namespace atelier
