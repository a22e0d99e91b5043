// Which proxy the environment wants for a URL: http_proxy, https_proxy, all_proxy, no_proxy, in lower
// or upper case as curl reads them. Loopback is never proxied. For both clients.
#pragma once

#include <string>

#include "base/net/client_connection.h"
#include "base/net/http_client.h"

namespace atelier {

struct Proxy {
  std::string host;  // empty: none
  int port = 0;
  std::string authorization;  // "Basic …" or empty
};

Proxy ProxyFor(const Url& url);
// "host:port", with the brackets of an IPv6 address.
std::string AuthorityOf(const Url& url);
// The head that asks a proxy for a tunnel to the URL's host.
std::string ConnectRequest(const Url& url, const Proxy& proxy);
// Asks the proxy at the other end of `connection` for a tunnel to the URL's host (CONNECT).
Result<void> OpenTunnel(ClientConnection& connection, const Proxy& proxy, const Url& url, Clock::TimePoint deadline,
                        const StopSignal& stop);

}  // namespace atelier
