#include "base/net/async_http_client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/net/faulty_server.h"
#include "base/net/net_testing.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using End = FaultyServer::End;

struct Fetched {
  int status = 0;
  std::string body;
};

Task<Result<Fetched>> Fetch(AsyncHttpClient& client, Call call, AsyncRequest request) {
  CO_TRY(auto response, co_await client.Send(call, std::move(request)));
  Fetched fetched;
  fetched.status = response->status();
  CO_TRY(fetched.body, co_await response->Rest(8 << 20));
  co_return fetched;
}

struct Heard {
  std::vector<std::string> events;
  std::optional<Error> error;
};

Task<Heard> Listen(AsyncHttpClient& client, AsyncRequest request, SseReader::Limits limits) {
  Heard heard;
  Call call;
  auto response = co_await client.Send(call, std::move(request));
  if (!response) {
    heard.error = response.error();
    co_return heard;
  }
  SseReader reader(std::move(*response), limits);
  while (true) {
    auto event = co_await reader.Next();
    if (!event) heard.error = event.error();
    if (!event || !*event) co_return heard;
    heard.events.push_back((*event)->data);
  }
}

class AsyncHttpClientTest : public testing::Test {
 protected:
  static AsyncRequest To(std::string url, std::string body = "") {
    AsyncRequest request;
    request.method = body.empty() ? "GET" : "POST";
    request.url = std::move(url);
    request.body = std::move(body);
    return request;
  }
  Result<Fetched> Get(const std::string& url, Call call = {}) {
    return loop_.RunTask(Fetch(client_, std::move(call), To(url)));
  }

  IoLoop loop_;
  AsyncHttpClient client_{loop_};
};

TEST_F(AsyncHttpClientTest, KeepsConnectionsAndUsesThemAgain) {
  FaultyServer server([](const FaultyServer::Request& request) {
    return FaultyServer::Answer{HttpAnswer(200, "text/plain", "n" + std::to_string(request.index) + request.body)};
  });
  EXPECT_EQ(Get(server.url("/a"))->body, "n0");
  EXPECT_EQ(loop_.RunTask(Fetch(client_, {}, To(server.url("/b"), "!")))->body, "n1!");
  EXPECT_EQ(Get(server.url("/c"))->body, "n2");
  EXPECT_EQ(server.num_connections(), 1);
  EXPECT_EQ(client_.num_idle(), 1U);
}

TEST_F(AsyncHttpClientTest, ConnectionsThatMustNotServeAgainAreClosed) {
  FaultyServer server([](const FaultyServer::Request& request) {
    if (request.index == 0) return FaultyServer::Answer{HttpAnswer(200, "text/plain", "a", "Connection: close\r\n")};
    return FaultyServer::Answer{HttpAnswer(200, "text/plain", "b") + "more than was promised"};
  });
  EXPECT_EQ(Get(server.url())->body, "a");
  EXPECT_EQ(Get(server.url())->body, "b");
  EXPECT_EQ(server.num_connections(), 2);
  EXPECT_EQ(client_.num_idle(), 0U);
}

TEST_F(AsyncHttpClientTest, SendsAnewOnlyWhereThatIsSafe) {
  FaultyServer server([](const FaultyServer::Request& request) {
    // The first answer keeps the connection; the second request on it is met with a reset.
    if (request.index % 2 == 0) return FaultyServer::Answer{HttpAnswer(200, "text/plain", "ok")};
    return FaultyServer::Answer{"", End::kReset};
  });
  EXPECT_EQ(Get(server.url())->body, "ok");
  EXPECT_EQ(Get(server.url())->body, "ok") << "a GET on the dead connection goes out again on a new one";
  const auto post = loop_.RunTask(Fetch(client_, {}, To(server.url(), "charge me once")));
  ASSERT_FALSE(post.ok());
  EXPECT_EQ(post.error().kind, ErrorKind::kUnavailable) << post.error().Message();
  EXPECT_EQ(Get(server.url())->body, "ok");
  AsyncRequest harmless = To(server.url(), "ask me twice");
  harmless.may_repeat = true;
  EXPECT_EQ(loop_.RunTask(Fetch(client_, {}, std::move(harmless)))->body, "ok");
}

TEST_F(AsyncHttpClientTest, BodiesComeAsTheyAreSent) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n";
  FaultyServer server([&](const FaultyServer::Request&) { return FaultyServer::Answer{head + "abc", End::kHang}; });
  const auto first = [&]() -> Task<Result<std::string>> {
    Call call;
    AsyncRequest request = To(server.url());
    CO_TRY(auto response, co_await client_.Send(call, request));
    std::string got;
    while (got.size() < 3) {
      CO_TRY(const std::string piece, co_await response->Next());
      got += piece;
    }
    co_return got;
  };
  EXPECT_EQ(*loop_.RunTask(first()), "abc");
  EXPECT_TRUE(Eventually([&] { return server.num_abandoned() == 1; })) << "who lets go of a response closes it";
}

TEST_F(AsyncHttpClientTest, EveryPhaseHasItsLimit) {
  FaultyServer mute([](const FaultyServer::Request&) { return FaultyServer::Answer{"", End::kHang}; });
  AsyncRequest request = To(mute.url());
  request.timeouts.head = 20ms;
  auto fetched = loop_.RunTask(Fetch(client_, {}, std::move(request)));
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().kind, ErrorKind::kTimeout) << fetched.error().Message();

  FaultyServer stalls([](const FaultyServer::Request&) {
    return FaultyServer::Answer{HttpAnswer(200, "text/plain", std::string(100, 'x')).substr(0, 90), End::kHang};
  });
  request = To(stalls.url());
  request.timeouts.idle = 20ms;
  fetched = loop_.RunTask(Fetch(client_, {}, std::move(request)));
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().kind, ErrorKind::kTimeout) << fetched.error().Message();

  // It listens, and never answers the client's hello.
  request = To("https://127.0.0.1:" + std::to_string(mute.port()));
  request.timeouts.connect = 20ms;
  fetched = loop_.RunTask(Fetch(client_, {}, std::move(request)));
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().kind, ErrorKind::kTimeout) << fetched.error().Message();

  Call late;
  late.deadline = loop_.Now() + 20ms;
  fetched = Get(mute.url(), late);
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().kind, ErrorKind::kTimeout) << fetched.error().Message();
}

TEST_F(AsyncHttpClientTest, StopClosesTheConnection) {
  FaultyServer server([](const FaultyServer::Request&) { return FaultyServer::Answer{"", End::kHang}; });
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  std::thread stopper([&] {
    EXPECT_TRUE(Eventually([&] { return server.num_requests() == 1; }));
    stop.request_stop();
  });
  const auto fetched = Get(server.url(), call);
  stopper.join();
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().kind, ErrorKind::kCancelled) << fetched.error().Message();
  EXPECT_TRUE(Eventually([&] { return server.num_abandoned() == 1; }));
  EXPECT_EQ(Get(server.url(), call).error().kind, ErrorKind::kCancelled) << "before it begins, too";
}

TEST_F(AsyncHttpClientTest, SpeaksTlsToTrustedHostsOnly) {
  const auto folder = std::filesystem::temp_directory_path() / ("async_tls_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const TestCertificate made = MakeTestCertificate();
  ServerOptions options;
  options.certificate_file = (folder / "certificate.pem").string();
  options.private_key_file = (folder / "key.pem").string();
  std::ofstream(options.certificate_file) << made.certificate;
  std::ofstream(options.private_key_file) << made.key;
  const TestServer server(options, [](IoLoop&, Router& router) {
    router.Add("GET", "/", [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse::Text("secret"); });
  });
  const std::string port = std::to_string(server.port());
  const auto distrusted = Get("https://127.0.0.1:" + port + "/");
  ASSERT_FALSE(distrusted.ok());
  EXPECT_NE(distrusted.error().what.find("self-signed"), std::string::npos) << distrusted.error().Message();

  ClientOptions trusting;
  trusting.ca_file = options.certificate_file;
  AsyncHttpClient client(loop_, trusting);
  EXPECT_EQ(loop_.RunTask(Fetch(client, {}, To("https://127.0.0.1:" + port + "/")))->body, "secret");
  EXPECT_EQ(loop_.RunTask(Fetch(client, {}, To("https://localhost:" + port + "/")))->body, "secret");
  const auto other = loop_.RunTask(Fetch(client, {}, To("https://127.0.0.2:" + port + "/")));
  EXPECT_FALSE(other.ok()) << "nobody listens there, or the certificate is another's";
  std::filesystem::remove_all(folder);
}

TEST_F(AsyncHttpClientTest, WhatIsNoAnswerIsAnErrorThatSaysSo) {
  std::string bytes;
  FaultyServer server([&](const FaultyServer::Request&) { return FaultyServer::Answer{bytes, End::kClose}; });
  const std::pair<std::string, ErrorKind> cases[] = {
      {"", ErrorKind::kUnavailable},
      {"HTTP/1.1 200 OK\r\n", ErrorKind::kUnavailable},
      {"SSH-2.0-OpenSSH\r\n\r\n", ErrorKind::kInvalid},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ErrorKind::kUnsupported},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(300 << 10, 'x') + "\r\n\r\n", ErrorKind::kTooLarge},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ErrorKind::kInvalid},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", ErrorKind::kUnavailable},
  };
  for (const auto& [text, kind] : cases) {
    server.Change([&bytes, &text] { bytes = text; });
    const auto fetched = Get(server.url());
    ASSERT_FALSE(fetched.ok()) << text.substr(0, 60);
    EXPECT_EQ(fetched.error().kind, kind) << text.substr(0, 60) << ": " << fetched.error().Message();
  }
  server.Change([&] { bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the end"; });
  EXPECT_EQ(Get(server.url())->body, "to the end");
  AsyncRequest split = To(server.url());
  split.headers.Add("X-Api-Key", "a\r\nHost: elsewhere");
  EXPECT_EQ(loop_.RunTask(Fetch(client_, {}, std::move(split))).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(Get("ftp://127.0.0.1/").error().kind, ErrorKind::kInvalid);
}

// --- streams of events ---

TEST_F(AsyncHttpClientTest, CutAtEveryByteAStreamIsABeginningAndAnError) {
  const std::vector<std::string> pieces = {"data: one\n\nda", "ta: two\r\n\r\n: a comment\n\n",
                                           "data: three\ndata: 3\n\n"};
  const std::vector<std::string> whole = {"one", "two", "three\n3"};
  const std::string answer = ChunkedAnswer("text/event-stream", pieces);
  FaultyServer::Answer next;
  FaultyServer server([&](const FaultyServer::Request&) { return next; });
  for (size_t cut = 0; cut <= answer.size(); ++cut) {
    const End end = cut % 2 == 0 ? End::kClose : End::kReset;
    server.Change([&] { next = {answer.substr(0, cut), cut == answer.size() ? End::kKeep : end, 7}; });
    const Heard heard = loop_.RunTask(Listen(client_, To(server.url()), {}));
    ASSERT_LE(heard.events.size(), whole.size());
    for (size_t i = 0; i < heard.events.size(); ++i) EXPECT_EQ(heard.events[i], whole[i]) << cut;
    EXPECT_EQ(heard.error.has_value(), cut < answer.size()) << cut;
    if (heard.error) {
      EXPECT_EQ(heard.error->kind, ErrorKind::kUnavailable) << cut << heard.error->Message();
    }
  }
}

TEST_F(AsyncHttpClientTest, EventsLinesAndStreamsAreBounded) {
  FaultyServer::Answer answer;
  FaultyServer server([&](const FaultyServer::Request&) { return answer; });
  const auto hear = [&](const std::string& body, bool endless) {
    server.Change([&] {
      answer = {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + body, End::kClose};
      answer.endless = endless;
    });
    Heard heard = loop_.RunTask(Listen(client_, To(server.url()), {1000, 100'000}));
    EXPECT_EQ(heard.error->kind, ErrorKind::kTooLarge);
    return heard;
  };
  hear("data: " + std::string(2000, 'x'), false);
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += "data: 0123456789\n";
  hear(lines, false);
  EXPECT_GT(hear("data: x\n\n", true).events.size(), 1000U);
  hear(": only comments\n", true);
}

}  // namespace
}  // namespace atelier
