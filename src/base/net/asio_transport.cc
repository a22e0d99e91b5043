#include "base/net/asio_transport.h"

#include <poll.h>

#include <boost/asio/post.hpp>

namespace atelier {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(Tcp::socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    peer_ = EndpointText(socket_.remote_endpoint(ignored));
    socket_.set_option(Tcp::no_delay(true), ignored);
  }

  void Handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)]() mutable { done(true, 0); });
  }
  void Read(std::span<char> buffer, Done done) override {
    socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                            [done = std::move(done)](const boost::system::error_code& code, size_t size) mutable {
                              done(!code || code == asio::error::eof, size);
                            });
  }
  void Write(std::string_view bytes, Done done) override {
    socket_.async_write_some(
        asio::buffer(bytes.data(), bytes.size()),
        [done = std::move(done)](const boost::system::error_code& code, size_t size) mutable { done(!code, size); });
  }
  void EndWrites(Done done) override {
    boost::system::error_code ignored;
    socket_.shutdown(Tcp::socket::shutdown_send, ignored);
    asio::post(socket_.get_executor(), [done = std::move(done)]() mutable { done(true, 0); });
  }
  void Close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  std::string peer() const override { return peer_; }
  bool secure() const override { return false; }
  bool quiet() const override { return IsQuiet(const_cast<TcpTransport*>(this)->socket_.native_handle()); }

 private:
  Tcp::socket socket_;
  std::string peer_;
};

}  // namespace

bool IsQuiet(int socket) {
  pollfd fd = {socket, POLLIN, 0};
  return poll(&fd, 1, 0) == 0;
}

std::unique_ptr<Transport> MakeTcpTransport(Tcp::socket socket) {
  return std::make_unique<TcpTransport>(std::move(socket));
}

std::string EndpointText(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace atelier
