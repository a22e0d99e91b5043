// Feeds bytes to a whole session, as a hostile client would: the input's first byte says how the rest
// is cut into reads. After each run every handler must have ended and the session be closed.
#include <algorithm>
#include <cstdint>
#include <deque>

#include "base/net/http_session.h"
#include "base/net/sse.h"
#include "base/task/manual_loop.h"

namespace atelier {
namespace {

// A client in memory: gives its bytes in pieces, then ends its side; takes everything.
class MemoryTransport final : public Transport {
 public:
  MemoryTransport(Loop& loop, std::string_view input, size_t piece) : loop_(loop), input_(input), piece_(piece) {}

  void Handshake(Done done) override { Later(std::move(done), true, 0); }
  void Read(std::span<char> buffer, Done done) override {
    const size_t size = std::min({piece_, buffer.size(), input_.size()});
    std::copy_n(input_.begin(), size, buffer.begin());
    input_.remove_prefix(size);
    Later(std::move(done), !closed_, size);
  }
  void Write(std::string_view bytes, Done done) override { Later(std::move(done), !closed_, bytes.size()); }
  void EndWrites(Done done) override { Later(std::move(done), true, 0); }
  void Close() override { closed_ = true; }
  std::string peer() const override { return "memory"; }
  bool secure() const override { return false; }

 private:
  void Later(Done done, bool ok, size_t size) {
    loop_.Post([done = std::move(done), ok, size]() mutable { done(ok, size); });
  }

  Loop& loop_;
  std::string_view input_;
  const size_t piece_;
  bool closed_ = false;
};

Router MakeRouter(Loop& loop) {
  Router router;
  router.Add("POST", "/echo",
             [](HttpRequest request) -> Task<HttpResponse> { co_return HttpResponse::Text(std::move(request.body)); });
  router.Add("GET", "/items/{id...}", [](HttpRequest request) -> Task<HttpResponse> {
    co_return HttpResponse::Text(std::string(request.Path("id")) + std::string(request.Query("q")));
  });
  router.Add("GET", "/events", [&loop](HttpRequest request) -> Task<HttpResponse> {
    co_return HttpResponse::Events([&loop, stop = request.call.stop](BodyWriter writer) -> Task<void> {
      for (int i = 0; i < 3 && !stop.stop_requested(); ++i) {
        writer.Write(FormatSse("tick"));
        co_await writer.Flush();
        co_await SleepFor(loop, std::chrono::milliseconds(1), stop);
      }
    });
  });
  return router;
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  if (size < 1) return 0;
  const size_t piece = data[0] == 0 ? size : data[0];
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  ManualLoop loop(data[0]);
  ServerOptions options;
  options.max_head_bytes = 2048;
  options.max_body_bytes = 4096;
  options.cors.allowed_origins = {"http://a"};
  options.render_error = [](int status, const Error& error, std::string_view) {
    return HttpResponse::Text(error.Message(), status);
  };
  bool closed = false;
  const auto host = std::make_shared<SessionHost>(SessionHost{loop,
                                                              std::move(options),
                                                              MakeRouter(loop),
                                                              {},
                                                              false,
                                                              [&closed](HttpSession*) { closed = true; },
                                                              [] { return std::string("id"); }});
  {
    const auto session = std::make_shared<HttpSession>(host, std::make_unique<MemoryTransport>(loop, input, piece));
    session->Start();
  }
  loop.Advance(std::chrono::seconds(300));
  CHECK(closed && host->stats.open_requests == 0);
  return 0;
}
