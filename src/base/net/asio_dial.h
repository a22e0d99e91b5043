// An outgoing TCP connection, made without blocking: resolved, connected to the first address that answers of those
// that may be dialled and, where asked, tunnelled through a proxy. For client_wire.cc.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/net/http_client.h"
#include "base/net/io_loop.h"
#include "base/net/ip_address.h"
#include "base/result.h"

namespace atelier {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Done = std::move_only_function<void(Result<Tcp::socket>)>;

  struct Target {
    std::string host;
    int port = 0;
    std::string tunnel = {};                        // a CONNECT request to send once connected; empty: none
    decltype(ClientOptions::resolve) resolve = {};  // empty: the system's
    std::function<Result<void>(const IpAddress&)> may_dial = {};  // empty: any address
  };
  Dial(IoLoop& loop, Target target);
  // `done` is called once, never before Start returns. Keep the Dial until then.
  void Start(Done done);
  // Ends it with `error` unless it has ended. Loop thread.
  void GiveUp(Error error);

 private:
  void Connect(std::vector<Tcp::endpoint> addresses);
  void OpenTunnel();
  void Finish(Result<Tcp::socket> result);
  Error Lost(std::string_view doing, const std::string& why) const;

  const Target target_;
  const std::string where_;
  Tcp::resolver resolver_;
  Tcp::socket socket_;
  std::string answer_;  // of the proxy
  Done done_;
};

IpAddress AddressOf(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace atelier
