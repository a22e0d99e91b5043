#include "base/net/http_server.h"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <random>
#include <unordered_map>

#include "base/net/asio.h"
#include "base/net/asio_transport.h"
#include "base/net/http_session.h"
#include "base/random.h"

namespace atelier {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr int kMaxRefusing = 256;  // connections being told 503 at once; more are closed without a word
constexpr std::chrono::milliseconds kAcceptPause{50};  // after an error such as "too many open files"
constexpr std::chrono::milliseconds kDrainPoll{5};

HttpResponse RenderPlain(int status, const Error& error, std::string_view /*path*/) {
  return HttpResponse::Text(error.Message() + "\n", status);
}

// "req-" and 128 random bits in hex.
std::function<std::string()> RequestIds() {
  std::random_device device;
  const uint64_t seed = (uint64_t{device()} << 32) | device();
  const uint64_t stream = (uint64_t{device()} << 32) | device();
  return [random = Random(seed, stream)]() mutable {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string id = "req-";
    for (int i = 0; i < 2; ++i) {
      uint64_t bits = random.Next64();
      for (int digit = 0; digit < 16; ++digit, bits >>= 4) id += kDigits[bits & 15];
    }
    return id;
  };
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(IoLoop& loop, ServerOptions options, Router router)
      : host(std::make_shared<SessionHost>(
            SessionHost{loop, std::move(options), std::move(router), {}, false, {}, RequestIds()})),
        io_loop(loop),
        acceptor(loop.asio().context) {
    host->on_closed = [this](HttpSession* session) { Forget(session); };
  }

  Result<void> Listen() {
    const ServerOptions& options = host->options;
    const std::string where = options.host + ":" + std::to_string(options.port);
    if (options.certificate_file.empty() != options.private_key_file.empty()) {
      return Error::Invalid(where, "got a certificate without a key or a key without a certificate, want both");
    }
    if (!options.certificate_file.empty()) {
      TRY(identity, TlsIdentity::Load(options.certificate_file, options.private_key_file));
    }
    boost::system::error_code code;
    Tcp::resolver resolver(io_loop.asio().context);
    const auto endpoints = resolver.resolve(options.host, std::to_string(options.port), Tcp::resolver::passive, code);
    if (code || endpoints.empty()) return Error::Invalid(where, "cannot listen: " + code.message());
    const Tcp::endpoint endpoint = endpoints.begin()->endpoint();
    acceptor.open(endpoint.protocol(), code);
    if (!code) acceptor.set_option(Tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor.bind(endpoint, code);
    if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
    if (code) return Error::Unavailable(where, "cannot listen: " + code.message());
    const Tcp::endpoint bound = acceptor.local_endpoint(code);
    port = bound.port();
    url = (identity ? "https://" : "http://") + EndpointText(bound);
    Accept();
    return {};
  }

  void Accept() {
    acceptor.async_accept([self = shared_from_this()](const boost::system::error_code& code, Tcp::socket socket) {
      if (self->host->draining) return;
      if (!code) {
        self->Welcome(std::move(socket));
        return self->Accept();
      }
      self->io_loop.At(self->io_loop.Now() + kAcceptPause, [self] {
        if (!self->host->draining) self->Accept();
      });
    });
  }

  void Welcome(Tcp::socket socket) {
    const bool full = host->stats.open_connections >= host->options.max_connections;
    if (full) ++host->stats.refused;
    // A refused TLS client would need the handshake first, which costs what we have not got.
    if (full && (identity || num_refusing >= kMaxRefusing)) return;
    std::unique_ptr<Transport> transport =
        identity ? MakeTlsTransport(std::move(socket), identity) : MakeTcpTransport(std::move(socket));
    const auto session = std::make_shared<HttpSession>(host, std::move(transport));
    sessions.emplace(session.get(), Entry{session, full});
    if (full) {
      ++num_refusing;
      return session->StartRefused();
    }
    ++host->stats.accepted;
    ++host->stats.open_connections;
    session->Start();
  }

  void Forget(HttpSession* session) {
    const auto found = sessions.find(session);
    if (found == sessions.end()) return;
    if (found->second.refused) {
      --num_refusing;
    } else {
      --host->stats.open_connections;
    }
    sessions.erase(found);
  }

  template <class Action>
  void ForEachSession(Action action) {
    std::vector<std::shared_ptr<HttpSession>> open;  // a session that closes leaves the map
    for (const auto& [session, entry] : sessions) {
      if (auto alive = entry.session.lock()) open.push_back(std::move(alive));
    }
    for (const auto& session : open) action(*session);
  }

  bool Quiet() const { return sessions.empty() && host->stats.open_requests == 0; }

  Task<void> WaitQuiet(Clock::TimePoint until) {
    while (!Quiet() && io_loop.Now() < until) co_await SleepFor(io_loop, kDrainPoll);
  }

  Task<bool> Drain(Clock::TimePoint deadline, std::chrono::milliseconds grace) {
    const auto self = shared_from_this();
    host->draining = true;
    beside.request_stop();
    boost::system::error_code ignored;
    acceptor.close(ignored);
    ForEachSession([](HttpSession& session) { session.Drain(); });
    co_await WaitQuiet(deadline);
    if (!Quiet()) {
      ForEachSession([](HttpSession& session) { session.StopCall(); });
      co_await WaitQuiet(io_loop.Now() + grace);
      ForEachSession([](HttpSession& session) { session.Close(); });
      // Handlers whose client has just been cut off may still be on their way out.
      co_await WaitQuiet(io_loop.Now() + grace);
    }
    co_return Quiet();
  }

  static Task<void> Beside(std::shared_ptr<Impl> self, std::function<Task<void>(Call)> work) {
    Call call;
    call.stop = self->beside.get_token();
    ++self->host->stats.open_requests;
    co_await work(std::move(call));
    --self->host->stats.open_requests;
  }

  struct Entry {
    std::weak_ptr<HttpSession> session;
    bool refused = false;
  };

  const std::shared_ptr<SessionHost> host;
  IoLoop& io_loop;
  Tcp::acceptor acceptor;
  std::shared_ptr<TlsIdentity> identity;
  std::unordered_map<HttpSession*, Entry> sessions;
  std::stop_source beside;  // of work that is no request
  int num_refusing = 0;
  int port = 0;
  std::string url;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(IoLoop& loop, ServerOptions options, Router router) {
  if (!options.render_error) options.render_error = RenderPlain;
  auto impl = std::make_shared<Impl>(loop, std::move(options), std::move(router));
  TRY_VOID(impl->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->host->draining = true;
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->ForEachSession([](HttpSession& session) { session.Close(); });
  impl_->host->on_closed = nullptr;
}

int HttpServer::port() const { return impl_->port; }
std::string HttpServer::url() const { return impl_->url; }
ServerStats HttpServer::stats() const { return impl_->host->stats; }

void HttpServer::RunBeside(std::function<Task<void>(Call)> work) { Spawn(Impl::Beside(impl_, std::move(work))); }

Task<bool> HttpServer::Drain(Clock::TimePoint deadline, std::chrono::milliseconds grace) {
  return impl_->Drain(deadline, grace);
}

}  // namespace atelier
