// Transports over Asio sockets.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "base/net/transport.h"
#include "base/result.h"

namespace atelier {

// A server's certificate and key; OpenSSL stays behind it.
class TlsIdentity {
 public:
  // PEM files; TLS 1.2 and later.
  static Result<std::shared_ptr<TlsIdentity>> Load(const std::string& certificate_file,
                                                   const std::string& private_key_file);
  ~TlsIdentity();
  struct Context;
  Context& context() { return *context_; }

 private:
  explicit TlsIdentity(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;
};
class TlsTrust;  // client_connection.h

// Whether a socket has nothing to read, not even its end.
bool IsQuiet(int socket);

std::unique_ptr<Transport> MakeTcpTransport(boost::asio::ip::tcp::socket socket);
std::unique_ptr<Transport> MakeTlsTransport(boost::asio::ip::tcp::socket socket, std::shared_ptr<TlsIdentity> identity);
// A client's side: Handshake checks that the certificate is trusted and made out to `host`.
std::unique_ptr<Transport> MakeTlsClientTransport(boost::asio::ip::tcp::socket socket, std::shared_ptr<TlsTrust> trust,
                                                  const std::string& host);

// "127.0.0.1:8910", "[::1]:8910".
std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace atelier
