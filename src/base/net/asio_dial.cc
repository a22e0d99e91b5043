#include "base/net/asio_dial.h"

#include <algorithm>
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

Tcp::endpoint EndpointOf(const IpAddress& address, int port) {
  const auto number = static_cast<uint16_t>(port);
  if (!address.v4) return {asio::ip::address_v6(address.bytes), number};
  return {asio::ip::address_v4({address.bytes[0], address.bytes[1], address.bytes[2], address.bytes[3]}), number};
}

}  // namespace

IpAddress AddressOf(const Tcp::endpoint& endpoint) {
  IpAddress address;
  address.v4 = endpoint.address().is_v4();
  if (address.v4) {
    const auto bytes = endpoint.address().to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  } else {
    const auto bytes = endpoint.address().to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  }
  return address;
}

Dial::Dial(IoLoop& loop, Target target)
    : target_(std::move(target)),
      where_(target_.host + ":" + std::to_string(target_.port)),
      resolver_(loop.asio().context),
      socket_(loop.asio().context) {}

Error Dial::Lost(std::string_view doing, const std::string& why) const {
  return Error::Unavailable(where_, std::string(doing) + ": " + why);
}

void Dial::Start(Done done) {
  done_ = std::move(done);
  // An address needs no resolver, whose answers come from a thread.
  boost::system::error_code code;
  const asio::ip::address address = asio::ip::make_address(target_.host, code);
  if (!code) return Connect({Tcp::endpoint(address, static_cast<uint16_t>(target_.port))});
  if (target_.resolve) {
    Result<std::vector<IpAddress>> found = target_.resolve(target_.host);
    std::vector<Tcp::endpoint> endpoints;
    if (found) {
      for (const IpAddress& one : *found) endpoints.push_back(EndpointOf(one, target_.port));
    }
    return asio::post(resolver_.get_executor(), [self = shared_from_this(), found = std::move(found), endpoints] {
      if (!found) return self->Finish(self->Lost("cannot resolve", found.error().what));
      self->Connect(endpoints);
    });
  }
  resolver_.async_resolve(
      target_.host, std::to_string(target_.port),
      [self = shared_from_this()](const boost::system::error_code& fault, const Tcp::resolver::results_type& found) {
        if (!self->done_) return;
        if (fault) return self->Finish(self->Lost("cannot resolve", fault.message()));
        std::vector<Tcp::endpoint> endpoints;
        for (const auto& entry : found) endpoints.push_back(entry.endpoint());
        self->Connect(std::move(endpoints));
      });
}

void Dial::Connect(std::vector<Tcp::endpoint> addresses) {
  if (!done_) return;
  std::optional<Error> refusal;
  std::erase_if(addresses, [&](const Tcp::endpoint& endpoint) {
    const Result<void> may = target_.may_dial ? target_.may_dial(AddressOf(endpoint)) : Result<void>();
    if (!may && !refusal) refusal = may.error();
    return !may.ok();
  });
  if (addresses.empty()) {
    Error error = refusal ? *refusal : Lost("cannot resolve", "the name has no address");
    // Not before Start returns: the caller stores what it is told.
    return asio::post(resolver_.get_executor(),
                      [self = shared_from_this(), error = std::move(error)] { self->Finish(error); });
  }
  asio::async_connect(socket_, std::move(addresses),
                      [self = shared_from_this()](const boost::system::error_code& fault, const Tcp::endpoint&) {
                        if (!self->done_) return;
                        if (fault) return self->Finish(self->Lost("cannot connect", fault.message()));
                        if (!self->target_.tunnel.empty()) return self->OpenTunnel();
                        self->Finish(std::move(self->socket_));
                      });
}

void Dial::OpenTunnel() {
  asio::async_write(socket_, asio::buffer(target_.tunnel),
                    [self = shared_from_this()](const boost::system::error_code& fault, size_t) {
                      if (fault) return self->Finish(self->Lost("proxy", fault.message()));
                      // A proxy says nothing after its head before the client has begun TLS.
                      asio::async_read_until(
                          self->socket_, asio::dynamic_buffer(self->answer_, kMaxProxyHeadBytes), "\r\n\r\n",
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
