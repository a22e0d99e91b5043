// For tests of this folder: a server in a thread of its own, and a client that says exactly what it
// is told, byte by byte.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/net/http_server.h"

namespace atelier {

class TestServer {
 public:
  // Port 0 is used whatever the options say. CHECKs that listening succeeds.
  TestServer(ServerOptions options, const std::function<void(IoLoop&, Router&)>& add_routes);
  ~TestServer();

  HttpServer& server() { return *server_; }
  IoLoop& loop() { return loop_; }
  int port() const { return port_; }
  std::string url(std::string_view path) const;
  ServerStats stats();
  // Runs on the loop's thread and waits for it.
  void OnLoop(std::function<void()> function);
  bool Drain(std::chrono::milliseconds deadline, std::chrono::milliseconds grace);

 private:
  IoLoop loop_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
  std::thread thread_;
};

// A blocking socket; reads give up after ten seconds (and fail the test by giving too little).
class RawClient {
 public:
  explicit RawClient(int port);
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}
  ~RawClient();

  void Send(std::string_view bytes);
  // Everything until the server closes.
  std::string ReadAll();
  // Up to and with `mark`; what follows stays for the next call.
  std::string ReadUntil(std::string_view mark);
  // One response with Content-Length, head and body.
  std::string ReadResponse();
  bool connected() const { return fd_ >= 0; }
  void EndWrites();
  void Close();
  // With a reset instead of a goodbye.
  void Reset();
  void ShrinkReceiveBuffer(int bytes);

 private:
  bool Fill();
  int fd_ = -1;
  std::string buffer_;
};

// "200" of "HTTP/1.1 200 OK…"; 0 where there is none.
int StatusOf(std::string_view response);
std::string BodyOf(std::string_view response);

// Polls until `condition` holds, ten seconds at most.
bool Eventually(const std::function<bool()>& condition);

// PEM texts of a fresh self-signed certificate for localhost and 127.0.0.1, and its key.
struct TestCertificate {
  std::string certificate;
  std::string key;
};
TestCertificate MakeTestCertificate();

}  // namespace atelier
