// One outgoing connection on an IoLoop: TCP, and TLS over it. Every wait ends by the peer, by a deadline or by a stop
// request; the last two close the connection. For async_http_client.cc. Loop thread; one operation at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/net/client_connection.h"
#include "base/net/egress_policy.h"
#include "base/net/io_loop.h"
#include "base/net/proxy.h"
#include "base/net/transport.h"
#include "base/result.h"
#include "base/task/patience.h"
#include "base/task/task.h"

namespace atelier {

class ClientWire {
 public:
  struct Target {
    Url url;
    Proxy proxy = {};                                 // used where it names a host
    std::shared_ptr<TlsTrust> trust = {};             // for https
    std::shared_ptr<const EgressPolicy> egress = {};  // null: any address may be dialled
    decltype(ClientOptions::resolve) resolve = {};    // empty: the system's
  };
  // Connects to the URL's host. Errors: Denied (the policy lets none of its addresses pass), Unavailable (no address,
  // nobody listens, a certificate that is not trusted or not the host's), Timeout, Cancelled.
  static Task<Result<std::unique_ptr<ClientWire>>> Open(IoLoop& loop, Target target, Patience patience);
  ~ClientWire();

  Task<Result<void>> Write(std::string bytes, Patience patience);
  // Some bytes; none at the end of the stream.
  Task<Result<std::string>> Read(Patience patience);
  bool quiet() const { return transport_->quiet(); }
  // What was dialled: the host's, or the proxy's.
  const IpAddress& address() const { return address_; }

 private:
  struct Operation;
  using Start = std::move_only_function<void(Transport::Done)>;

  ClientWire(IoLoop& loop, std::string where, IpAddress address, std::unique_ptr<Transport> transport)
      : loop_(loop), where_(std::move(where)), address_(address), transport_(std::move(transport)) {}
  // Bytes moved by one operation of the transport; `doing` says in errors what it was.
  Task<Result<size_t>> Run(std::string doing, Patience patience, Start start);

  IoLoop& loop_;
  const std::string where_;
  const IpAddress address_;
  std::unique_ptr<Transport> transport_;
  std::string buffer_;
};

}  // namespace atelier
