// An outgoing TCP connection, made without blocking: resolved, connected to the first address that answers and, where
// asked, tunnelled through a proxy. For client_wire.cc.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/net/io_loop.h"
#include "base/result.h"

namespace atelier {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Done = std::move_only_function<void(Result<Tcp::socket>)>;

  // `tunnel`: a CONNECT request to send once connected; empty: none.
  Dial(IoLoop& loop, std::string host, int port, std::string tunnel);
  // `done` is called once, never before Start returns. Keep the Dial until then.
  void Start(Done done);
  // Ends it with `error` unless it has ended. Loop thread.
  void GiveUp(Error error);

 private:
  void Connect(Tcp::resolver::results_type addresses);
  void OpenTunnel();
  void Finish(Result<Tcp::socket> result);
  Error Lost(std::string_view doing, const std::string& why) const;

  const std::string where_;
  const std::string host_;
  const int port_;
  const std::string tunnel_;
  Tcp::resolver resolver_;
  Tcp::socket socket_;
  std::string answer_;  // of the proxy
  Done done_;
};

}  // namespace atelier
