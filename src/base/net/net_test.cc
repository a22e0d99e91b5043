// The parts of this folder that need no sockets, and the count of streams open at once.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/net/http_parser.h"
#include "base/net/net_testing.h"
#include "base/net/retry_after.h"
#include "base/net/router.h"
#include "base/net/sse.h"
#include "base/random.h"
#include "base/task/stream.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;

HttpHandler Named() {
  return [](HttpRequest) -> Task<HttpResponse> { co_return HttpResponse(); };
}

TEST(Router, TheMostPreciseRouteWins) {
  Router router;
  router.Add("GET", "/v1/models", Named());
  router.Add("GET", "/v1/models/{id...}", Named());
  router.Add("GET", "/v1/models/{id}/card", Named());
  router.Add("DELETE", "/v1/models/{id...}", Named());
  EXPECT_EQ(router.Find("GET", "/v1/models").pattern, "/v1/models");
  const auto match = router.Find("GET", "/v1/models/org/name%20x");
  EXPECT_EQ(match.pattern, "/v1/models/{id...}");
  EXPECT_EQ(match.parameters, (HttpParameters{{"id", "org/name x"}}));
  EXPECT_EQ(router.Find("GET", "/v1/models/m/card").pattern, "/v1/models/{id}/card");
  EXPECT_EQ(router.Find("PUT", "/v1/models/m").handler, nullptr);
  EXPECT_EQ(router.Find("PUT", "/v1/models/m").allowed, (std::vector<std::string>{"DELETE", "GET", "HEAD", "OPTIONS"}));
  EXPECT_TRUE(router.Find("GET", "/v2").allowed.empty());
  EXPECT_TRUE(router.Find("GET", "/v1/models/").allowed.empty());
}

TEST(Sse, WhatIsFormattedIsParsedBackHoweverItIsCut) {
  const std::vector<SseEvent> events = {
      {"", "plain", "", {}}, {"delta", "two\nlines", "7", 1500}, {"", "", "7", {}}, {"", " leading space", "7", {}}};
  std::string bytes = "\xEF\xBB\xBF: comment\n\n";
  for (size_t i = 0; i < events.size(); ++i) bytes += FormatSse(events[i]);
  Random random(11);
  for (int round = 0; round < 100; ++round) {
    SseParser parser;
    std::vector<SseEvent> got;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min<size_t>(1 + random.Below(9), bytes.size() - at);
      auto some = parser.Feed(std::string_view(bytes).substr(at, size));
      ASSERT_TRUE(some);
      got.insert(got.end(), some->begin(), some->end());
      at += size;
    }
    ASSERT_EQ(got.size(), events.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].event, events[i].event);
      EXPECT_EQ(got[i].data, events[i].data);
      EXPECT_EQ(got[i].id, events[i].id);
      EXPECT_EQ(got[i].retry_ms, events[i].retry_ms);
    }
  }
}

TEST(Sse, AllThreeLineEndsCountAndEndlessEventsDoNot) {
  SseParser parser(1000);
  const auto events = parser.Feed("data: a\r\rdata: b\r\n\r\ndata: c\n\n");
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ((*events)[2].data, "c");
  EXPECT_FALSE(parser.Feed("data: " + std::string(2000, 'x')));
}

TEST(HttpParser, AMessageMayBeCutAnywhere) {
  const std::string message =
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5;a=b\r\npedia\r\n0\r\nT: "
      "u\r\n\r\n";
  for (size_t cut = 0; cut <= message.size(); ++cut) {
    HttpParser parser(HttpParser::Kind::kRequest, {});
    std::string buffer;
    for (const std::string_view part :
         {std::string_view(message).substr(0, cut), std::string_view(message).substr(cut)}) {
      buffer += part;
      while (!buffer.empty() && !parser.done()) {
        const auto used = parser.Feed(buffer);
        ASSERT_TRUE(used) << used.error().Message();
        if (*used == 0) break;
        buffer.erase(0, static_cast<size_t>(*used));
      }
    }
    ASSERT_TRUE(parser.done()) << cut;
    EXPECT_EQ(parser.body(), "wikipedia");
    EXPECT_EQ(parser.head().headers.size(), 2u);
  }
}

TEST(RetryAfter, ReadsSecondsMillisecondsAndDates) {
  using namespace std::chrono_literals;
  const int64_t now = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(RetryAfter({{"Retry-After", "7"}}, now), 7s);
  EXPECT_EQ(RetryAfter({{"retry-after-ms", "250"}, {"Retry-After", "1"}}, now), 250ms);
  EXPECT_EQ(RetryAfter({{"Retry-After", "Sun, 06 Nov 1994 08:50:00 GMT"}}, now), 23s);
  EXPECT_EQ(RetryAfter({{"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}, now), 0s);
  EXPECT_EQ(RetryAfter({{"Retry-After", "99999999999"}}, now), 24h);
  for (const char* bad : {"", "-1", "soon", "7s", "Sun, 06 Nov 1994 08:50:00 GMT and more"}) {
    EXPECT_EQ(RetryAfter({{"Retry-After", bad}}, now), std::nullopt) << bad;
  }
}

TEST(HttpHeaders, NamesIgnoreCaseAndListsAreSearchedByToken) {
  HttpHeaders headers({{"Connection", "Keep-Alive, Upgrade"}});
  EXPECT_TRUE(headers.HasToken("connection", "upgrade"));
  EXPECT_FALSE(headers.HasToken("connection", "grade"));
  headers.Set("CONNECTION", "close");
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.Get("connection"), "close");
}

// Enough descriptors for both ends of `streams`, if the system lets us; how many streams there may be.
int RaiseDescriptorLimit(int streams) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, static_cast<rlim_t>(2 * streams + 200));
  setrlimit(RLIMIT_NOFILE, &limit);
  return std::min(streams, static_cast<int>((limit.rlim_cur - 200) / 2));
}

// Every stream is open before any ends, all get each of the ticks, and all are gone afterwards.
TEST(HttpServerLoad, AThousandStreamsAreOpenAtOnce) {
  constexpr int kStreams = 1000;
  constexpr int kTicks = 5;
  ASSERT_EQ(RaiseDescriptorLimit(kStreams), kStreams);
  std::vector<std::shared_ptr<Channel<int>>> channels;
  TestServer server({}, [&](IoLoop& loop, Router& router) {
    router.Add("GET", "/ticks", [&](HttpRequest) -> Task<HttpResponse> {
      auto channel = Channel<int>::Create(loop, 100);
      channels.push_back(channel);
      co_return HttpResponse::Events([channel](BodyWriter writer) -> Task<void> {
        while (true) {
          const std::deque<int> batch = co_await channel->NextBatch();
          if (batch.empty()) co_return;
          for (const int tick : batch) writer.Write(FormatSse(std::to_string(tick)));
        }
      });
    });
  });
  std::vector<RawClient> clients;
  for (int i = 0; i < kStreams; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().connected());
    clients.back().Send("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  for (RawClient& client : clients) ASSERT_EQ(StatusOf(client.ReadUntil("\r\n\r\n")), 200);
  EXPECT_EQ(server.stats().open_requests, kStreams);
  // From this thread, as the engine does.
  for (int tick = 0; tick < kTicks; ++tick) {
    for (const auto& channel : channels) ASSERT_TRUE(channel->Push(tick));
  }
  for (const auto& channel : channels) channel->Close();
  for (RawClient& client : clients) {
    const std::string all = client.ReadUntil("\r\n0\r\n\r\n");
    for (int tick = 0; tick < kTicks; ++tick) {
      ASSERT_NE(all.find("data: " + std::to_string(tick) + "\n\n"), std::string::npos);
    }
  }
  EXPECT_EQ(server.stats().open_requests, 0);
  clients.clear();
  EXPECT_TRUE(Eventually([&] { return server.stats().open_connections == 0; }));
}

}  // namespace
}  // namespace atelier
