#include "base/net/client_wire.h"

#include "base/net/asio_dial.h"
#include "base/net/asio_transport.h"

namespace atelier {
namespace {

constexpr size_t kReadBytes = 16 << 10;  // a TLS record

using Socket = Result<boost::asio::ip::tcp::socket>;

Dial::Target DialTargetOf(const ClientWire::Target& target) {
  const bool direct = target.proxy.host.empty();
  Dial::Target dial{direct ? target.url.host : target.proxy.host, direct ? target.url.port : target.proxy.port};
  if (!direct) {
    if (target.url.scheme == "https") dial.tunnel = ConnectRequest(target.url, target.proxy);
    return dial;
  }
  dial.resolve = target.resolve;
  if (target.egress) {
    dial.may_dial = [egress = target.egress, url = target.url](const IpAddress& address) {
      return egress->CheckAddress(url, address);
    };
  }
  return dial;
}

Task<Socket> Connect(IoLoop& loop, ClientWire::Target target, Patience patience) {
  auto dial = std::make_shared<Dial>(loop, DialTargetOf(target));
  const PatienceWatch watch(loop, AuthorityOf(target.url), "connecting", patience,
                            [dial](Error error) { dial->GiveUp(std::move(error)); });
  auto start = [&](std::move_only_function<void(Socket)> done) { dial->Start(std::move(done)); };
  auto waiting = AwaitCallback<Socket>(loop, start);
  Socket socket = co_await waiting;
  co_return socket;
}

}  // namespace

Task<Result<std::unique_ptr<ClientWire>>> ClientWire::Open(IoLoop& loop, Target target, Patience patience) {
  const std::string where = AuthorityOf(target.url);
  if (auto over = AlreadyOver(loop, where, "connecting", patience)) co_return *over;
  CO_TRY(auto socket, co_await Connect(loop, target, patience));
  boost::system::error_code gone;
  const auto peer = socket.remote_endpoint(gone);
  if (gone) co_return Error::Unavailable(where, "connecting: " + gone.message());
  const bool secure = target.url.scheme == "https";
  auto transport = secure ? MakeTlsClientTransport(std::move(socket), target.trust, target.url.host)
                          : MakeTcpTransport(std::move(socket));
  std::unique_ptr<ClientWire> wire(new ClientWire(loop, where, AddressOf(peer), std::move(transport)));
  if (secure) {
    Start start = [&](Transport::Done done) { wire->transport_->Handshake(std::move(done)); };
    CO_TRY([[maybe_unused]] const size_t none, co_await wire->Run("TLS handshake", patience, std::move(start)));
  }
  co_return wire;
}

ClientWire::~ClientWire() { transport_->Close(); }

Task<Result<size_t>> ClientWire::Run(std::string doing, Patience patience, Start start) {
  if (auto over = AlreadyOver(loop_, where_, doing, patience)) co_return *over;
  std::optional<Error> given_up;
  const PatienceWatch watch(loop_, where_, doing, patience, [&](Error error) {
    given_up = std::move(error);
    transport_->Close();
  });
  struct Outcome {
    bool ok = false;
    size_t num_bytes = 0;
  };
  auto begin = [&](std::move_only_function<void(Outcome)> done) {
    start([done = std::move(done)](bool ok, size_t num_bytes) mutable { done(Outcome{ok, num_bytes}); });
  };
  auto waiting = AwaitCallback<Outcome>(loop_, begin);
  const Outcome outcome = co_await waiting;
  if (given_up) co_return *given_up;
  if (!outcome.ok) {
    const std::string why = transport_->fault();
    co_return Error::Unavailable(where_, doing + ": " + (why.empty() ? "the connection was cut off" : why));
  }
  co_return outcome.num_bytes;
}

Task<Result<void>> ClientWire::Write(std::string bytes, Patience patience) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    Start start = [&](Transport::Done done) { transport_->Write(rest, std::move(done)); };
    CO_TRY(const size_t written, co_await Run("sending", patience, std::move(start)));
    rest.remove_prefix(written);
  }
  co_return Result<void>();
}

Task<Result<std::string>> ClientWire::Read(Patience patience) {
  buffer_.resize(kReadBytes);
  Start start = [&](Transport::Done done) { transport_->Read({buffer_.data(), buffer_.size()}, std::move(done)); };
  CO_TRY(const size_t got, co_await Run("receiving", patience, std::move(start)));
  co_return buffer_.substr(0, got);
}

}  // namespace atelier
