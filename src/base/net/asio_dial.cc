#include "base/net/asio_dial.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "base/net/asio.h"

namespace atelier {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr size_t kMaxProxyHeadBytes = 32 << 10;

}  // namespace

Dial::Dial(IoLoop& loop, std::string host, int port, std::string tunnel)
    : where_(host + ":" + std::to_string(port)),
      host_(std::move(host)),
      port_(port),
      tunnel_(std::move(tunnel)),
      resolver_(loop.asio().context),
      socket_(loop.asio().context) {}

Error Dial::Lost(std::string_view doing, const std::string& why) const {
  return Error::Unavailable(where_, std::string(doing) + ": " + why);
}

void Dial::Start(Done done) {
  done_ = std::move(done);
  // An address needs no resolver, whose answers come from a thread.
  boost::system::error_code code;
  const asio::ip::address address = asio::ip::make_address(host_, code);
  if (!code) {
    const Tcp::endpoint endpoint(address, static_cast<uint16_t>(port_));
    return Connect(Tcp::resolver::results_type::create(endpoint, host_, std::to_string(port_)));
  }
  resolver_.async_resolve(
      host_, std::to_string(port_),
      [self = shared_from_this()](const boost::system::error_code& fault, Tcp::resolver::results_type addresses) {
        if (!self->done_) return;
        if (fault) return self->Finish(self->Lost("cannot resolve", fault.message()));
        self->Connect(std::move(addresses));
      });
}

void Dial::Connect(Tcp::resolver::results_type addresses) {
  asio::async_connect(socket_, addresses,
                      [self = shared_from_this()](const boost::system::error_code& fault, const Tcp::endpoint&) {
                        if (!self->done_) return;
                        if (fault) return self->Finish(self->Lost("cannot connect", fault.message()));
                        if (!self->tunnel_.empty()) return self->OpenTunnel();
                        self->Finish(std::move(self->socket_));
                      });
}

void Dial::OpenTunnel() {
  asio::async_write(
      socket_, asio::buffer(tunnel_), [self = shared_from_this()](const boost::system::error_code& fault, size_t) {
        if (fault) return self->Finish(self->Lost("proxy", fault.message()));
        // A proxy says nothing after its head before the client has begun TLS.
        asio::async_read_until(self->socket_, asio::dynamic_buffer(self->answer_, kMaxProxyHeadBytes), "\r\n\r\n",
                               [self](const boost::system::error_code& unread, size_t) {
                                 if (unread) return self->Finish(self->Lost("proxy", unread.message()));
                                 const std::string status = self->answer_.substr(0, self->answer_.find("\r\n"));
                                 if (status.starts_with("HTTP/1.") && status.substr(8, 2) == " 2") {
                                   return self->Finish(std::move(self->socket_));
                                 }
                                 self->Finish(self->Lost("proxy", "got '" + status + "' for CONNECT, want 200"));
                               });
      });
}

void Dial::GiveUp(Error error) {
  boost::system::error_code ignored;
  socket_.close(ignored);
  resolver_.cancel();
  Finish(std::move(error));
}

void Dial::Finish(Result<Tcp::socket> result) {
  if (!done_) return;
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace atelier
