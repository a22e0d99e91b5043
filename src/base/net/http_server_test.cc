#include "base/net/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "base/net/net_testing.h"
#include "base/net/sse.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;

// What the handlers of the server under test have seen.
struct Seen {
  std::atomic<int> stopped = 0;
  std::atomic<int> finished = 0;
  std::mutex mutex;
  std::vector<HttpExchange> exchanges;
};

HttpResponse::Producer EventsUntilStopped(IoLoop& loop, Seen& seen, std::stop_token stop, std::string payload) {
  return [&loop, &seen, stop, payload](BodyWriter writer) -> Task<void> {
    while (!stop.stop_requested() && writer.Write(FormatSse(payload))) co_await SleepFor(loop, 1ms, stop);
    if (stop.stop_requested()) ++seen.stopped;
    ++seen.finished;
  };
}

void AddRoutes(IoLoop& loop, Router& router, Seen& seen) {
  router.Add("GET", "/hello", [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse::Text("hello"); });
  router.Add("POST", "/echo", [](HttpRequest request) -> Task<HttpResponse> {
    co_return HttpResponse::Of(200, "application/octet-stream", std::move(request.body));
  });
  router.Add("GET", "/items/{id}", [](HttpRequest request) -> Task<HttpResponse> {
    co_return HttpResponse::Text(std::string(request.Path("id")) + "|" + std::string(request.Query("q")));
  });
  router.Add("GET", "/slow", [&](HttpRequest request) -> Task<HttpResponse> {
    const bool slept = co_await SleepFor(loop, 300ms, request.call.stop);
    if (!slept) ++seen.stopped;
    ++seen.finished;
    co_return HttpResponse::Text(slept ? "slept" : "stopped");
  });
  router.Add("GET", "/stuck", [&](HttpRequest request) -> Task<HttpResponse> {
    const bool slept = co_await SleepFor(loop, 1h, request.call.stop);
    if (!slept) ++seen.stopped;
    co_return HttpResponse::Text("over");
  });
  router.Add("GET", "/events/{n}", [&](HttpRequest request) -> Task<HttpResponse> {
    const int n = std::stoi(std::string(request.Path("n")));
    co_return HttpResponse::Events([n](BodyWriter writer) -> Task<void> {
      for (int i = 0; i < n; ++i) {
        writer.Write(FormatSse(std::to_string(i)));
        co_await writer.Flush();
      }
    });
  });
  router.Add("GET", "/forever", [&](HttpRequest request) -> Task<HttpResponse> {
    co_return HttpResponse::Events(EventsUntilStopped(loop, seen, request.call.stop, "tick"));
  });
  router.Add("GET", "/flood", [&](HttpRequest request) -> Task<HttpResponse> {
    co_return HttpResponse::Events(EventsUntilStopped(loop, seen, request.call.stop, std::string(64 << 10, 'x')));
  });
}

class HttpServerTest : public testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.on_done = [this](const HttpExchange& exchange) {
      std::lock_guard lock(seen_.mutex);
      seen_.exchanges.push_back(exchange);
    };
    server_.emplace(std::move(options), [this](IoLoop& loop, Router& router) { AddRoutes(loop, router, seen_); });
  }
  std::string Ask(std::string_view bytes) {
    RawClient client(server_->port());
    client.Send(bytes);
    return client.ReadAll();
  }

  Seen seen_;
  std::optional<TestServer> server_;
};

TEST_F(HttpServerTest, AnswersOnOneConnectionAgainAndAgain) {
  Start();
  RawClient client(server_->port());
  for (int i = 0; i < 100; ++i) {
    client.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string response = client.ReadResponse();
    ASSERT_EQ(StatusOf(response), 200);
    ASSERT_EQ(BodyOf(response), "hello");
    ASSERT_NE(response.find("X-Request-Id: req-"), std::string::npos);
  }
  EXPECT_EQ(server_->stats().accepted, 1);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Start();
  RawClient client(server_->port());
  std::string requests = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 50; ++i) {
    requests += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" + std::to_string(1000 + i);
  }
  client.Send(requests);
  EXPECT_EQ(BodyOf(client.ReadResponse()), "slept");
  for (int i = 0; i < 50; ++i) ASSERT_EQ(BodyOf(client.ReadResponse()), std::to_string(1000 + i));
}

TEST_F(HttpServerTest, AClientThatHalfClosesStillGetsItsAnswers) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /items/7 HTTP/1.1\r\nHost: x\r\n\r\n");
  client.EndWrites();
  const std::string all = client.ReadAll();
  EXPECT_NE(all.find("hello"), std::string::npos);
  EXPECT_NE(all.find("7|"), std::string::npos);
}

TEST_F(HttpServerTest, BytesMayComeOneByOne) {
  Start();
  RawClient client(server_->port());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nTrailer: z\r\n\r\n")) {
    client.Send(std::string_view(&c, 1));
    std::this_thread::sleep_for(100us);
  }
  EXPECT_EQ(BodyOf(client.ReadResponse()), "abcdefgh");
}

TEST_F(HttpServerTest, PathParametersAndQueriesAreDecoded) {
  Start();
  const std::string response = Ask("GET /items/a%2Fb?q=x+y%21&z HTTP/1.0\r\n\r\n");
  EXPECT_EQ(StatusOf(response), 200);
  EXPECT_EQ(BodyOf(response), "a/b|x y!");
}

TEST_F(HttpServerTest, HeadHasTheHeadOfGetAndNoBody) {
  Start();
  RawClient client(server_->port());
  client.Send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string response = client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(StatusOf(response), 200);
  EXPECT_NE(response.find("Content-Length: 5"), std::string::npos);
  client.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
}

TEST_F(HttpServerTest, UnknownPathsAndMethodsSayWhatThereIs) {
  Start();
  EXPECT_EQ(StatusOf(Ask("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 404);
  const std::string wrong = Ask("DELETE /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(StatusOf(wrong), 405);
  EXPECT_NE(wrong.find("Allow: GET, HEAD, OPTIONS"), std::string::npos);
  const std::string options = Ask("OPTIONS /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(StatusOf(options), 204);
  EXPECT_NE(options.find("Allow: OPTIONS, POST"), std::string::npos);
}

TEST_F(HttpServerTest, BrowsersOfAllowedOriginsMayAskOthersNot) {
  ServerOptions options;
  options.cors.allowed_origins = {"http://studio.example"};
  Start(std::move(options));
  const std::string preflight =
      Ask("OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: http://studio.example\r\n"
          "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n");
  EXPECT_NE(preflight.find("Access-Control-Allow-Origin: http://studio.example\r\n"), std::string::npos);
  EXPECT_NE(preflight.find("Access-Control-Allow-Methods: OPTIONS, POST\r\n"), std::string::npos);
  const std::string other =
      Ask("GET /hello HTTP/1.1\r\nHost: x\r\nOrigin: http://other.example\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(other.find("Access-Control-Allow-Origin"), std::string::npos);
}

TEST_F(HttpServerTest, MalformedRequestsGet400AndTheServerLives) {
  Start();
  const char* bad[] = {
      "\x16\x03\x01\x02\x00\x01\xfc\x03",
      "GET\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET hello HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 12x\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET /hello HTTP/1.1\r\nHost: x\r\nBad\x01Name: 1\r\n\r\n",
  };
  for (const char* bytes : bad) {
    SCOPED_TRACE(bytes);
    EXPECT_EQ(StatusOf(Ask(bytes)), 400);
  }
  EXPECT_EQ(StatusOf(Ask("GET /hello HTTP/3.7\r\nHost: x\r\n\r\n")), 505);
  EXPECT_EQ(StatusOf(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")), 417);
  EXPECT_EQ(StatusOf(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 200);
}

TEST_F(HttpServerTest, WhatIsTooLongIsRefusedWithItsOwnStatus) {
  ServerOptions options;
  options.max_head_bytes = 4096;
  options.max_body_bytes = 1000;
  Start(std::move(options));
  EXPECT_EQ(StatusOf(Ask("GET /" + std::string(5000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n")), 431);
  EXPECT_EQ(StatusOf(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(5000, 'a') + "\r\n\r\n")), 431);
  std::string many = "GET /hello HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 1000; ++i) many += "A" + std::to_string(i) + ": b\r\n";
  EXPECT_EQ(StatusOf(Ask(many + "\r\n")), 431);
  const std::string long_body = std::string(300'000, 'b');
  EXPECT_EQ(StatusOf(Ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + long_body)), 413);
  EXPECT_EQ(StatusOf(Ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999\r\n\r\n")), 413);
  EXPECT_EQ(StatusOf(Ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n")), 400);
  EXPECT_EQ(StatusOf(Ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n" + long_body)),
            413);
  EXPECT_EQ(StatusOf(Ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                         std::string(100'000, 'e'))),
            431);
}

TEST_F(HttpServerTest, SlowSendersGet408) {
  ServerOptions options;
  options.header_timeout = 100ms;
  options.body_timeout = 100ms;
  Start(std::move(options));
  EXPECT_EQ(StatusOf(Ask("GET /hello HT")), 408);
  EXPECT_EQ(StatusOf(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nA: ")), 408);
  EXPECT_EQ(StatusOf(Ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")), 408);
  EXPECT_EQ(Ask(""), "");
  // A byte now and then does not keep the connection.
  RawClient drip(server_->port());
  drip.Send("GET /hello HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 20; ++i) {
    drip.Send("A: b\r\n");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(StatusOf(drip.ReadAll()), 408);
}

TEST_F(HttpServerTest, AnIdleConnectionIsClosedInSilence) {
  ServerOptions options;
  options.idle_timeout = 50ms;
  Start(std::move(options));
  RawClient client(server_->port());
  client.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(StatusOf(client.ReadResponse()), 200);
  EXPECT_EQ(client.ReadAll(), "");
}

TEST_F(HttpServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abcde");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "abcde");
  RawClient refused(server_->port());
  refused.Send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(StatusOf(refused.ReadAll()), 404);
}

TEST_F(HttpServerTest, AHeadCanBeRefusedBeforeItsBodyComes) {
  ServerOptions options;
  options.on_head = [](HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.headers.Get("Authorization") == "Bearer good") return std::nullopt;
    return HttpResponse::Text("no", 401);
  };
  Start(std::move(options));
  RawClient client(server_->port());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n");
  EXPECT_EQ(StatusOf(client.ReadAll()), 401);
  RawClient small(server_->port());
  small.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(StatusOf(small.ReadResponse()), 401);
  small.Send("POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(BodyOf(small.ReadResponse()), "abc");
}

TEST_F(HttpServerTest, RequestIdsAreKeptWhenSaneAndNeverSplitAHeader) {
  Start();
  const std::string kept = Ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-7\r\nConnection: close\r\n\r\n");
  EXPECT_NE(kept.find("X-Request-Id: mine-7\r\n"), std::string::npos);
  const std::string made = Ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\nConnection: close\r\n\r\n");
  EXPECT_NE(made.find("X-Request-Id: req-"), std::string::npos);
}

TEST_F(HttpServerTest, AClientThatLeavesStopsItsCall) {
  Start();
  for (const bool reset : {false, true}) {
    const int before = seen_.stopped;
    RawClient client(server_->port());
    client.Send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(Eventually([&] { return server_->stats().open_requests == 1; }));
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return seen_.stopped == before + 1; }));
    EXPECT_TRUE(Eventually([&] { return server_->stats().open_requests == 0; }));
  }
}

TEST_F(HttpServerTest, AStreamWhoseReaderLeavesIsStopped) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(client.ReadUntil("data: tick").find("data: tick"), std::string::npos);
  client.Close();
  EXPECT_TRUE(Eventually([&] { return seen_.stopped == 1 && server_->stats().open_connections == 0; }));
  EXPECT_TRUE(seen_.exchanges.at(0).aborted);
}

TEST_F(HttpServerTest, ARequestDeadlineStopsItsCall) {
  ServerOptions options;
  options.request_timeout = 50ms;
  Start(std::move(options));
  RawClient client(server_->port());
  client.Send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "over");
  EXPECT_EQ(seen_.stopped, 1);
}

TEST_F(HttpServerTest, EventsArriveInOrderAndTheConnectionGoesOn) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /events/100 HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(head.find("Transfer-Encoding: chunked"), std::string::npos);
  for (int i = 0; i < 100; ++i) {
    const std::string want = "data: " + std::to_string(i) + "\n\n";
    EXPECT_NE(client.ReadUntil(want).find(want), std::string::npos);
  }
  EXPECT_EQ(client.ReadUntil("0\r\n\r\n"), "\r\n0\r\n\r\n");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "hello");
}

TEST_F(HttpServerTest, Http10StreamsEndWithTheConnection) {
  Start();
  const std::string response = Ask("GET /events/3 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(BodyOf(response), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
}

TEST_F(HttpServerTest, ASlowReaderIsCutAndCostsNoMoreThanTheBound) {
  ServerOptions options;
  options.max_queued_bytes = 256 << 10;
  Start(std::move(options));
  RawClient client(server_->port());
  client.ShrinkReceiveBuffer(4096);
  client.Send("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return server_->stats().slow_readers_cut == 1; }));
  EXPECT_TRUE(Eventually([&] { return seen_.stopped == 1; }));
  EXPECT_EQ(server_->stats().open_connections, 0);
}

TEST_F(HttpServerTest, AReaderThatNeverReadsABodyIsClosedInTime) {
  ServerOptions options;
  options.write_timeout = 100ms;
  Start(std::move(options));
  RawClient client(server_->port());
  client.ShrinkReceiveBuffer(4096);
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
  client.Send(std::string(20'000'000, 'z'));
  EXPECT_TRUE(Eventually([&] { return server_->stats().open_connections == 0; }));
}

TEST_F(HttpServerTest, TooManyConnectionsGet503AtOnce) {
  ServerOptions options;
  options.max_connections = 3;
  Start(std::move(options));
  std::vector<RawClient> held;
  for (int i = 0; i < 3; ++i) {
    held.emplace_back(server_->port());
    held.back().Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(StatusOf(held.back().ReadResponse()), 200);
  }
  const std::string refused = Ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(StatusOf(refused), 503);
  EXPECT_NE(refused.find("Retry-After: 1"), std::string::npos);
  held.clear();
  EXPECT_TRUE(Eventually([&] { return server_->stats().open_connections == 0; }));
  EXPECT_EQ(StatusOf(Ask("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 200);
}

TEST_F(HttpServerTest, DrainFinishesWhatIsUnderWayAndTakesNothingNew) {
  Start();
  RawClient busy(server_->port());
  busy.Send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  RawClient idle(server_->port());
  ASSERT_TRUE(Eventually([&] { return server_->stats().open_requests == 1; }));
  EXPECT_TRUE(server_->Drain(5000ms, 1000ms));
  EXPECT_EQ(BodyOf(busy.ReadAll()), "slept");
  EXPECT_EQ(idle.ReadAll(), "");
  EXPECT_FALSE(RawClient(server_->port()).connected());
}

TEST_F(HttpServerTest, DrainStopsWhatDoesNotFinishInTime) {
  Start();
  RawClient stuck(server_->port());
  stuck.Send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n");
  RawClient forever(server_->port());
  forever.Send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return server_->stats().open_requests == 2; }));
  EXPECT_TRUE(server_->Drain(20ms, 2000ms));
  EXPECT_EQ(seen_.stopped, 2);
  EXPECT_EQ(BodyOf(stuck.ReadAll()), "over");
  EXPECT_TRUE(forever.ReadAll().ends_with("0\r\n\r\n"));
}

}  // namespace
}  // namespace atelier
