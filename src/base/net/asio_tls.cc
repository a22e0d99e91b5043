#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/net/asio_transport.h"

namespace atelier {

struct TlsIdentity::Context {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

class TlsTransport final : public Transport {
 public:
  TlsTransport(Tcp::socket socket, std::shared_ptr<TlsIdentity> identity)
      : identity_(std::move(identity)), stream_(std::move(socket), identity_->context().context) {
    boost::system::error_code ignored;
    peer_ = EndpointText(stream_.lowest_layer().remote_endpoint(ignored));
    stream_.lowest_layer().set_option(Tcp::no_delay(true), ignored);
  }

  void Handshake(Done done) override {
    stream_.async_handshake(
        asio::ssl::stream_base::server,
        [done = std::move(done)](const boost::system::error_code& code) mutable { done(!code, 0); });
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

 private:
  std::shared_ptr<TlsIdentity> identity_;
  asio::ssl::stream<Tcp::socket> stream_;
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
  return std::make_unique<TlsTransport>(std::move(socket), std::move(identity));
}

}  // namespace atelier
