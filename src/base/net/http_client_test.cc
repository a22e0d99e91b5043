#include "base/net/http_client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/net/net_testing.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;

const std::string& Blob() {
  static const std::string blob = [] {
    std::string bytes(3'000'000, '\0');
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    return bytes;
  }();
  return blob;
}

HttpResponse RangeOf(const HttpRequest& request) {
  const std::string_view range = request.headers.Get("Range");
  if (range.empty()) return HttpResponse::Of(200, "application/octet-stream", Blob());
  size_t start = 0;
  std::from_chars(range.data() + 6, range.data() + range.size(), start);
  HttpResponse response = HttpResponse::Of(206, "application/octet-stream", Blob().substr(start));
  response.headers.Add("Content-Range", "bytes " + std::to_string(start) + "-" + std::to_string(Blob().size() - 1) +
                                            "/" + std::to_string(Blob().size()));
  return response;
}

HttpResponse RedirectTo(std::string location, int status = 302) {
  HttpResponse response = HttpResponse::Text("elsewhere", status);
  response.headers.Add("Location", std::move(location));
  return response;
}

class HttpClientTest : public testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    server_.emplace(std::move(options), [this](IoLoop& loop, Router& router) {
      router.Add("GET", "/blob", [](HttpRequest request) -> Task<HttpResponse> { co_return RangeOf(request); });
      router.Add("POST", "/echo", [](HttpRequest request) -> Task<HttpResponse> {
        co_return HttpResponse::Text(request.method + " " + request.body);
      });
      router.Add("GET", "/echo", [](HttpRequest request) -> Task<HttpResponse> {
        co_return HttpResponse::Text("GET " + std::string(request.headers.Get("Authorization", "none")));
      });
      router.Add("GET", "/hop/{n}", [](HttpRequest request) -> Task<HttpResponse> {
        const int n = std::stoi(std::string(request.Path("n")));
        co_return n == 0 ? RedirectTo("../echo") : RedirectTo(std::to_string(n - 1), 307);
      });
      router.Add("POST", "/moved", [](HttpRequest) -> Task<HttpResponse> { co_return RedirectTo("/echo", 303); });
      router.Add("POST", "/kept", [](HttpRequest) -> Task<HttpResponse> { co_return RedirectTo("/echo", 308); });
      router.Add("GET", "/away", [this](HttpRequest) -> Task<HttpResponse> {
        co_return RedirectTo("http://localhost:" + std::to_string(server_->port()) + "/echo");
      });
      router.Add("GET", "/chunks", [](HttpRequest) -> Task<HttpResponse> {
        HttpResponse response = HttpResponse::Text("");
        response.stream = [](BodyWriter writer) -> Task<void> {
          for (int i = 0; i < 100; ++i) {
            writer.Write(std::to_string(i) + ",");
            co_await writer.Flush();
          }
        };
        co_return response;
      });
      router.Add("GET", "/stuck", [&loop](HttpRequest request) -> Task<HttpResponse> {
        co_await SleepFor(loop, 1h, request.call.stop);
        co_return HttpResponse::Text("over");
      });
      router.Add("GET", "/missing",
                 [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse::Json("{\"error\":\"none\"}", 404); });
    });
  }
  ClientRequest Get(std::string_view path) {
    ClientRequest request;
    request.url = server_->url(path);
    return request;
  }

  std::optional<TestServer> server_;
  HttpClient client_;
};

TEST_F(HttpClientTest, OneConnectionServesManyRequests) {
  Start();
  for (int i = 0; i < 20; ++i) {
    const auto response = client_.Send(Get("/echo"));
    ASSERT_TRUE(response) << response.error().Message();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "GET none");
  }
  EXPECT_EQ(server_->stats().accepted, 1);
}

TEST_F(HttpClientTest, AnIdleConnectionThatTheServerClosedIsReplaced) {
  ServerOptions options;
  options.idle_timeout = 20ms;
  Start(std::move(options));
  ASSERT_TRUE(client_.Send(Get("/echo")));
  ASSERT_TRUE(Eventually([&] { return server_->stats().open_connections == 0; }));
  ASSERT_TRUE(client_.Send(Get("/echo")));
  EXPECT_EQ(server_->stats().accepted, 2);
}

TEST_F(HttpClientTest, BodiesComeInPiecesAndChunksAreJoined) {
  Start();
  ClientRequest request = Get("/blob");
  std::string got;
  request.on_body = [&](std::string_view piece) -> Result<void> {
    got += piece;
    return {};
  };
  const auto response = client_.Send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "");
  EXPECT_TRUE(got == Blob());
  const auto chunks = client_.Send(Get("/chunks"));
  ASSERT_TRUE(chunks);
  EXPECT_TRUE(chunks->body.starts_with("0,1,2,") && chunks->body.ends_with(",98,99,"));
}

TEST_F(HttpClientTest, RangesResumeWhereTheyAreTold) {
  Start();
  ClientRequest request = Get("/blob");
  request.range_start = 2'999'000;
  const auto response = client_.Send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 206);
  EXPECT_TRUE(response->body == Blob().substr(2'999'000));
  EXPECT_EQ(response->headers.Get("content-range"), "bytes 2999000-2999999/3000000");
}

TEST_F(HttpClientTest, ErrorBodiesAreCollectedNotPassedOn) {
  Start();
  ClientRequest request = Get("/missing");
  bool called = false;
  request.on_body = [&](std::string_view) -> Result<void> {
    called = true;
    return {};
  };
  const auto response = client_.Send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "{\"error\":\"none\"}");
  EXPECT_FALSE(called);
}

TEST_F(HttpClientTest, RedirectsAreFollowedCountedAndLoseKeysElsewhere) {
  Start();
  ClientRequest request = Get("/hop/3");
  request.headers.Add("Authorization", "Bearer key");
  auto response = client_.Send(request);
  ASSERT_TRUE(response) << response.error().Message();
  EXPECT_EQ(response->body, "GET Bearer key");
  EXPECT_EQ(response->final_url, server_->url("/echo"));
  request.url = server_->url("/away");
  response = client_.Send(request);
  ASSERT_TRUE(response) << response.error().Message();
  EXPECT_EQ(response->body, "GET none");
  request.url = server_->url("/hop/11");
  EXPECT_FALSE(client_.Send(request));
  request.max_redirects = 0;
  EXPECT_EQ(client_.Send(request)->status, 307);
  ClientRequest post = Get("/moved");
  post.method = "POST";
  post.body = "data";
  EXPECT_EQ(client_.Send(post)->body, "GET none");
  post.url = server_->url("/kept");
  EXPECT_EQ(client_.Send(post)->body, "POST data");
}

TEST_F(HttpClientTest, TheCallersErrorIsWhatSendReturns) {
  Start();
  ClientRequest request = Get("/blob");
  request.on_body = [](std::string_view) -> Result<void> { return Error::Exhausted("disk", "got no room"); };
  const auto response = client_.Send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().Message(), "disk: got no room");
  request = Get("/blob");
  request.max_body_bytes = 1000;
  EXPECT_EQ(client_.Send(request).error().kind, ErrorKind::kTooLarge);
}

TEST_F(HttpClientTest, StopAndTimeoutsEndAWaitSoon) {
  Start();
  ClientRequest request = Get("/stuck");
  std::stop_source stop;
  request.stop = stop.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(30ms);
    stop.request_stop();
  });
  EXPECT_EQ(client_.Send(request).error().kind, ErrorKind::kCancelled);
  stopper.join();
  request.stop = {};
  request.read_timeout = 30ms;
  EXPECT_EQ(client_.Send(request).error().kind, ErrorKind::kTimeout);
}

TEST_F(HttpClientTest, NothingListeningOrResolvingIsUnavailable) {
  ClientRequest request;
  request.url = "http://127.0.0.1:1/";
  EXPECT_EQ(client_.Send(request).error().kind, ErrorKind::kUnavailable);
  request.url = "ftp://127.0.0.1/";
  EXPECT_EQ(client_.Send(request).error().kind, ErrorKind::kInvalid);
  request.url = "http://127.0.0.1:1/";
  request.headers.Add("X", "a\r\nB: c");
  EXPECT_EQ(client_.Send(request).error().kind, ErrorKind::kInvalid);
}

// A server that says exactly what it is told, once, and closes.
std::string ErrorOfAnswer(const std::string& bytes) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener, 1) == 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::thread server([&] {
    const int fd = accept(listener, nullptr, nullptr);
    char request[4096];
    (void)!recv(fd, request, sizeof request, 0);
    (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, request, sizeof request, 0) > 0) {
    }
    close(fd);
  });
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  const auto response = HttpClient().Send(request);  // keeps no connection, so that the server's thread ends
  std::string verdict = response ? "ok " + response->body : std::string(ErrorKindName(response.error().kind));
  if (!response && response.error().Message().find("cut off") != std::string::npos) verdict += " cut off";
  close(listener);
  server.join();
  return verdict;
}

TEST(HttpClientAnswers, CutOffBodiesAndBrokenAnswersAreErrors) {
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "ok abc");
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "ok abc");
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 200 OK\r\n\r\nuntil the end"), "ok until the end");
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "unavailable cut off");
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), "unavailable cut off");
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 200 OK\r\nConte"), "unavailable cut off");
  EXPECT_EQ(ErrorOfAnswer("no HTTP at all\r\n\r\n"), "invalid");
  EXPECT_EQ(ErrorOfAnswer("HTTP/1.1 200 OK\r\nA: " + std::string(300'000, 'a') + "\r\n\r\n"), "too_large");
  EXPECT_EQ(ErrorOfAnswer(""), "unavailable");
}

TEST(Url, PartsAndResolution) {
  const auto url = Url::Parse("HTTPS://Example.org:8443/a/b/c?q=1#frag");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->Text(), "https://example.org:8443/a/b/c?q=1");
  EXPECT_EQ(Url::Parse("http://[::1]:80?x")->Text(), "http://[::1]/?x");
  EXPECT_EQ(url->Resolve("d")->target, "/a/b/d");
  EXPECT_EQ(url->Resolve("../d?e")->target, "/a/d?e");
  EXPECT_EQ(url->Resolve("../../../../d")->target, "/d");
  EXPECT_EQ(url->Resolve("?z")->target, "/a/b/c?z");
  EXPECT_EQ(url->Resolve("//other/x")->Text(), "https://other/x");
  EXPECT_EQ(url->Resolve("http://other/x")->Text(), "http://other/x");
  for (const char* bad : {"", "x", "http://", "http:///x", "http://a:0/", "http://a:99999/", "http://a:1x/",
                          "http://u:p@a/", "http://a b/", "http://a/\r\nX", "http://[::1/", "file:///etc"}) {
    EXPECT_FALSE(Url::Parse(bad)) << bad;
  }
}

class TlsTest : public HttpClientTest {
 protected:
  TlsTest() {
    folder_ = std::filesystem::temp_directory_path() / ("atelier-tls-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    const TestCertificate made = MakeTestCertificate();
    std::ofstream(folder_ / "cert.pem") << made.certificate;
    std::ofstream(folder_ / "key.pem") << made.key;
    options_.certificate_file = folder_ / "cert.pem";
    options_.private_key_file = folder_ / "key.pem";
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  ServerOptions options_;
};

TEST_F(TlsTest, ATrustedCertificateCarriesRequestsBothWays) {
  Start(options_);
  ClientOptions options;
  options.ca_file = options_.certificate_file;
  HttpClient client(options);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Send(Get("/blob"));
    ASSERT_TRUE(response) << response.error().Message();
    EXPECT_TRUE(response->body == Blob());
  }
  ClientRequest post = Get("/echo");
  post.url = "https://localhost:" + std::to_string(server_->port()) + "/echo";
  post.method = "POST";
  post.body = std::string(1'000'000, 'p');
  EXPECT_EQ(client.Send(post)->body, "POST " + post.body);
}

TEST_F(TlsTest, AnUnknownCertificateAndAWrongNameAreRefused) {
  Start(options_);
  const auto unknown = client_.Send(Get("/echo"));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().Message().find("certificate"), std::string::npos) << unknown.error().Message();
  ClientOptions options;
  options.ca_file = options_.certificate_file;
  HttpClient client(options);
  ClientRequest request;
  request.url = "https://127.0.0.2:" + std::to_string(server_->port()) + "/echo";
  const auto wrong = client.Send(request);
  ASSERT_FALSE(wrong);
}

TEST_F(TlsTest, PlainHttpToATlsPortIsClosedAndTheServerLives) {
  Start(options_);
  RawClient raw(server_->port());
  raw.Send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(StatusOf(raw.ReadAll()), 0);
  ClientOptions options;
  options.ca_file = options_.certificate_file;
  EXPECT_TRUE(HttpClient(options).Send(Get("/echo")));
}

TEST_F(TlsTest, AKeyWithoutItsCertificateIsAnError) {
  IoLoop loop;
  ServerOptions options;
  options.private_key_file = options_.private_key_file;
  EXPECT_FALSE(HttpServer::Listen(loop, options, Router()));
  options.certificate_file = folder_ / "nowhere.pem";
  const auto missing = HttpServer::Listen(loop, options, Router());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().Message().find("nowhere.pem"), std::string::npos);
}

}  // namespace
}  // namespace atelier
