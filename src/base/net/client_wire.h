// One outgoing connection on an IoLoop: TCP, and TLS over it. Every wait ends by the peer, by a deadline or by a stop
// request; the last two close the connection. For async_http_client.cc. Loop thread; one operation at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/net/client_connection.h"
#include "base/net/io_loop.h"
#include "base/net/proxy.h"
#include "base/net/transport.h"
#include "base/result.h"
#include "base/task/patience.h"
#include "base/task/task.h"

namespace atelier {

class ClientWire {
 public:
  // Connects to the URL's host, through `proxy` where it names one; `trust` is used where the URL says https.
  // Errors: Unavailable (no address, nobody listens, a certificate that is not trusted or not the host's), Timeout,
  // Cancelled.
  static Task<Result<std::unique_ptr<ClientWire>>> Open(IoLoop& loop, Url url, Proxy proxy,
                                                        std::shared_ptr<TlsTrust> trust, Patience patience);
  ~ClientWire();

  Task<Result<void>> Write(std::string bytes, Patience patience);
  // Some bytes; none at the end of the stream.
  Task<Result<std::string>> Read(Patience patience);
  bool quiet() const { return transport_->quiet(); }

 private:
  struct Operation;
  using Start = std::move_only_function<void(Transport::Done)>;

  ClientWire(IoLoop& loop, std::string where, std::unique_ptr<Transport> transport)
      : loop_(loop), where_(std::move(where)), transport_(std::move(transport)) {}
  // Bytes moved by one operation of the transport; `doing` says in errors what it was.
  Task<Result<size_t>> Run(std::string doing, Patience patience, Start start);

  IoLoop& loop_;
  const std::string where_;
  std::unique_ptr<Transport> transport_;
  std::string buffer_;
};

}  // namespace atelier
