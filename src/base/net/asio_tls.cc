#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/net/asio_transport.h"
#include "base/net/client_connection.h"

namespace atelier {

struct TlsIdentity::Context {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// A context that Asio may own beside its owner.
asio::ssl::context Shared(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  return asio::ssl::context(context);
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(Tcp::socket socket, std::shared_ptr<void> owner, asio::ssl::context& context,
               asio::ssl::stream_base::handshake_type side)
      : owner_(std::move(owner)), stream_(std::move(socket), context), side_(side) {
    boost::system::error_code ignored;
    peer_ = EndpointText(stream_.lowest_layer().remote_endpoint(ignored));
    stream_.lowest_layer().set_option(Tcp::no_delay(true), ignored);
  }

  void Handshake(Done done) override {
    stream_.async_handshake(side_, [this, done = std::move(done)](const boost::system::error_code& code) mutable {
      if (code && code != asio::error::operation_aborted) {
        const long verdict = SSL_get_verify_result(stream_.native_handle());
        fault_ = verdict == X509_V_OK ? code.message() : X509_verify_cert_error_string(verdict);
      }
      done(!code, 0);
    });
  }
  // Before the handshake: whose certificate it must be.
  void ExpectHost(const std::string& host) {
    SSL* tls = stream_.native_handle();
    in6_addr address;
    if (inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str());
    } else {
      SSL_set_tlsext_host_name(tls, host.c_str());
      SSL_set1_host(tls, host.c_str());
    }
  }
  void Read(std::span<char> buffer, Done done) override {
    stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                            [done = std::move(done)](const boost::system::error_code& code, size_t size) mutable {
                              done(!code || code == asio::error::eof, size);
                            });
  }
  void Write(std::string_view bytes, Done done) override {
    stream_.async_write_some(
        asio::buffer(bytes.data(), bytes.size()),
        [done = std::move(done)](const boost::system::error_code& code, size_t size) mutable { done(!code, size); });
  }
  void EndWrites(Done done) override {
    stream_.async_shutdown([done = std::move(done)](const boost::system::error_code&) mutable { done(true, 0); });
  }
  void Close() override {
    boost::system::error_code ignored;
    stream_.lowest_layer().close(ignored);
  }
  std::string peer() const override { return peer_; }
  bool secure() const override { return true; }
  std::string fault() const override { return fault_; }
  bool quiet() const override { return IsQuiet(const_cast<TlsTransport*>(this)->stream_.next_layer().native_handle()); }

 private:
  std::shared_ptr<void> owner_;  // of the context
  asio::ssl::stream<Tcp::socket> stream_;
  const asio::ssl::stream_base::handshake_type side_;
  std::string fault_;
  std::string peer_;
};

}  // namespace

TlsIdentity::TlsIdentity(std::unique_ptr<Context> context) : context_(std::move(context)) {}
TlsIdentity::~TlsIdentity() = default;

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::Load(const std::string& certificate_file,
                                                       const std::string& private_key_file) {
  auto context = std::make_unique<Context>();
  SSL_CTX* native = context->context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code code;
  context->context.use_certificate_chain_file(certificate_file, code);
  if (code) return Error::Invalid(certificate_file, "got " + code.message() + ", want a PEM certificate chain");
  context->context.use_private_key_file(private_key_file, asio::ssl::context::pem, code);
  if (code) return Error::Invalid(private_key_file, "got " + code.message() + ", want the certificate's PEM key");
  return std::shared_ptr<TlsIdentity>(new TlsIdentity(std::move(context)));
}

std::unique_ptr<Transport> MakeTlsTransport(Tcp::socket socket, std::shared_ptr<TlsIdentity> identity) {
  asio::ssl::context& context = identity->context().context;
  return std::make_unique<TlsTransport>(std::move(socket), std::move(identity), context,
                                        asio::ssl::stream_base::server);
}

std::unique_ptr<Transport> MakeTlsClientTransport(Tcp::socket socket, std::shared_ptr<TlsTrust> trust,
                                                  const std::string& host) {
  auto context = std::make_shared<asio::ssl::context>(Shared(trust->context()));
  auto transport = std::make_unique<TlsTransport>(std::move(socket), context, *context, asio::ssl::stream_base::client);
  transport->ExpectHost(host);
  return transport;
}

}  // namespace atelier
