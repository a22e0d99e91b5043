// For tests: a server that answers with exactly the bytes it is told, as slowly as it is told, and breaks off where it
// is told.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace atelier {

class FaultyServer {
 public:
  enum class End {
    kKeep,   // read the next request
    kClose,  // in the orderly way
    kReset,  // in the rude way
    kHang,   // say nothing more, until the client leaves
  };
  // What one request is answered with.
  struct Answer {
    std::string bytes;  // head and all
    End end = End::kKeep;
    size_t piece = 0;                    // bytes at a time; 0: all at once
    std::chrono::milliseconds pause{0};  // between pieces
    bool endless = false;                // `bytes` after its head again and again, until the client leaves
  };
  struct Request {
    std::string head, body;
    int index = 0;  // of all requests, from 0
  };
  // Called from the threads of connections, one at a time.
  using Script = std::function<Answer(const Request&)>;

  explicit FaultyServer(Script script);
  ~FaultyServer();

  // Changes what the script reads, between two calls of it.
  template <class Fn>
  void Change(Fn change) {
    const std::lock_guard lock(mutex_);
    change();
  }

  int port() const { return port_; }
  std::string url(std::string_view path = "") const;
  int num_connections() const { return num_connections_; }
  int num_requests() const { return num_requests_; }
  // Connections that the client closed before it had the whole answer.
  int num_abandoned() const { return num_abandoned_; }

 private:
  void Accept();
  void Serve(int fd);
  bool Play(int fd, const Answer& answer);

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> num_connections_ = 0, num_requests_ = 0, num_abandoned_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards what follows, and calls of the script
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK…" with Content-Length.
std::string HttpAnswer(int status, std::string_view content_type, std::string_view body, std::string_view more = {});
// The same in chunks, one for each piece.
std::string ChunkedAnswer(std::string_view content_type, const std::vector<std::string>& pieces);

}  // namespace atelier
