// Where the egress policy lets a request go: by name, by address after resolution, after redirects, on kept
// connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/net/egress_policy.h"
#include "base/net/faulty_server.h"
#include "base/net/fetch.h"
#include "base/net/net_testing.h"
#include "base/text/describe_json.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using End = FaultyServer::End;

IpAddress Address(std::string_view text) { return *IpAddress::Parse(text); }

TEST(IpAddress, WhatIsNotPublicIsKnownByItsNumber) {
  const std::map<std::string, std::string> special = {
      {"0.0.0.0", "this host"},
      {"10.255.255.255", "private"},
      {"100.64.0.1", "shared by carriers"},
      {"100.127.255.255", "shared by carriers"},
      {"127.0.0.1", "loopback"},
      {"127.255.0.9", "loopback"},
      {"169.254.169.254", "link-local"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.0.2.7", "for documentation"},
      {"192.168.1.1", "private"},
      {"198.19.0.1", "for benchmarks"},
      {"203.0.113.9", "for documentation"},
      {"224.0.0.1", "multicast"},
      {"255.255.255.255", "reserved"},
      {"168.63.129.16", "a cloud's own host"},
      {"::", "this host"},
      {"::1", "loopback"},
      {"::7f00:1", "not given out"},
      {"::ffff:8.8.8.8", "an IPv4 address within IPv6"},
      {"::ffff:127.0.0.1", "an IPv4 address within IPv6"},
      {"64:ff9b::7f00:1", "an IPv4 address within IPv6 (NAT64)"},
      {"64:ff9b:1::1", "an IPv4 address within IPv6 (NAT64)"},
      {"2001:0:53aa:64c::1", "an IPv4 address within IPv6 (Teredo)"},
      {"2001:db8::1", "for documentation"},
      {"2002:7f00:1::", "an IPv4 address within IPv6 (6to4)"},
      {"3fff:fff::1", "for documentation"},
      {"fd12:3456::1", "unique-local"},
      {"fe80::1", "link-local"},
      {"ff02::1", "multicast"},
      {"5f00::1", "not given out"},
  };
  for (const auto& [text, why] : special) EXPECT_EQ(WhyNotPublic(Address(text)), why) << text;
  for (const char* text :
       {"8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "11.0.0.1",
        "126.255.255.255", "128.0.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"}) {
    EXPECT_EQ(WhyNotPublic(Address(text)), "") << text;
  }
}

TEST(IpAddress, BlocksCompareTheirBits) {
  EXPECT_TRUE(IpBlock::Parse("10.0.0.0/7")->Holds(Address("11.2.3.4")));
  EXPECT_FALSE(IpBlock::Parse("10.0.0.0/7")->Holds(Address("12.0.0.0")));
  EXPECT_TRUE(IpBlock::Parse("0.0.0.0/0")->Holds(Address("1.2.3.4")));
  EXPECT_FALSE(IpBlock::Parse("0.0.0.0/0")->Holds(Address("::1")));
  EXPECT_TRUE(IpBlock::Parse("fd00::/128")->Holds(Address("fd00::")));
  for (const char* text :
       {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "a/8", "::/129", "::/", "/", "::/8x"}) {
    EXPECT_FALSE(IpBlock::Parse(text).ok()) << text;
  }
}

TEST(EgressPolicy, HostsThatCanBeReadInTwoWaysAreNobodys) {
  for (const char* host : {"0x7f.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.0x1", "1.2.3.4.5",
                           "%31%32%37.0.0.1", "exa%6dple.org", "a..b", ".a", "a\\b", "ex\xC3\xA4mple.org", "a b", "a,b",
                           "fe80::1%25eth0", "::ffff:0x7f.1", "", "."}) {
    const Result<std::string> canonical = CanonicalHost(host);
    EXPECT_FALSE(canonical.ok()) << host << " became " << canonical.value();
  }
  EXPECT_EQ(*CanonicalHost("LocalHost."), "localhost");
  EXPECT_EQ(*CanonicalHost("127.0.0.1."), "127.0.0.1");
  EXPECT_EQ(*CanonicalHost("0:0:0:0:0:FFFF:7f00:1"), "::ffff:127.0.0.1");
  EXPECT_EQ(*CanonicalHost("xn--exmple-cua.org"), "xn--exmple-cua.org");
  EXPECT_EQ(*CanonicalHost("3com.com"), "3com.com");
}

// "" where the policy lets the URL be asked, before its name is resolved.
std::string Refusal(const EgressConfig& config, std::string_view text) {
  const Result<Url> url = Url::Parse(text);
  if (!url) return url.error().Message();
  const auto policy = EgressPolicy::Create(config);
  if (!policy) return policy.error().Message();
  const Result<void> may = (*policy)->CheckUrl(*url);
  return may ? "" : may.error().Message();
}

TEST(EgressPolicy, PatternsSayWhichHosts) {
  const EgressConfig config{.hosts = {"example.org", "*.example.org:8443", "https://api.test", "[2606:4700::1111]:*"}};
  EXPECT_EQ(Refusal(config, "http://example.org/a?b"), "");
  EXPECT_EQ(Refusal(config, "https://EXAMPLE.org./"), "");
  EXPECT_EQ(Refusal(config, "http://example.org:8443"),
            "example.org:8443: the egress policy does not list 'example.org:8443' for http");
  EXPECT_EQ(Refusal(config, "https://a.b.example.org:8443"), "");
  EXPECT_THAT(Refusal(config, "https://a.example.org"), HasSubstr("'a.example.org' for https"));
  EXPECT_THAT(Refusal(config, "https://evilexample.org:8443"), HasSubstr("does not list"));
  EXPECT_THAT(Refusal(config, "https://example.org.evil.test"), HasSubstr("does not list"));
  EXPECT_EQ(Refusal(config, "https://api.test"), "");
  EXPECT_THAT(Refusal(config, "http://api.test"), HasSubstr("for http"));
  EXPECT_EQ(Refusal(config, "http://[2606:4700:0::1111]:99"), "");
  EXPECT_THAT(Refusal(config, "ftp://example.org"), HasSubstr("want http"));
  EXPECT_THAT(Refusal({.hosts = {}}, "https://example.org"), HasSubstr("does not list"));
  for (const char* pattern :
       {"", "ftp://a", "a:0", "a:99999", "a:x", "a*b", "*.", "*.*", "*x", "a/b", "a@b", "0x7f.1"}) {
    EXPECT_THAT(Refusal({.hosts = {"ok", pattern}}, "http://ok"), HasSubstr("hosts[1]: got")) << pattern;
  }
  EXPECT_THAT(Refusal({.private_hosts = {"10.0.0.0/99"}}, "http://ok"),
              HasSubstr("private[0]: block of addresses: got"));
}

TEST(EgressPolicy, AddressesInUrlsAreCheckedAtOnce) {
  const EgressConfig any{.hosts = {"*:*"}};
  EXPECT_EQ(Refusal(any, "http://8.8.8.8:53"), "");
  for (const char* url : {"http://127.0.0.1", "http://127.0.0.1.", "http://[::1]:80", "http://[::ffff:127.0.0.1]",
                          "http://[::ffff:7f00:1]", "http://169.254.169.254/latest/meta-data", "http://10.0.0.8:9200",
                          "http://[64:ff9b::7f00:1]/", "http://[fd00::1]", "http://0.0.0.0", "http://[::]"}) {
    EXPECT_THAT(Refusal(any, url), HasSubstr("the egress policy's 'private' would have to name")) << url;
  }
  for (const char* url : {"http://0x7f.1", "http://127.1", "http://2130706433", "http://%6cocalhost/", "http://a%2f@b",
                          "http://user:password@example.org", "http://example.org\\@127.0.0.1/",
                          "http://127.0.0.1%00.org", "http://[::ffff:127.0.0.1%251]"}) {
    EXPECT_THAT(Refusal(any, url), HasSubstr("want ")) << url;
  }
}

TEST(EgressPolicy, PrivateNamesWhatMayBeAskedAnyway) {
  const EgressConfig config{.hosts = {}, .private_hosts = {"127.0.0.1:8080", "wiki.internal", "10.0.0.0/8"}};
  EXPECT_EQ(Refusal(config, "http://127.0.0.1:8080"), "");
  EXPECT_NE(Refusal(config, "http://127.0.0.1:8081"), "");
  EXPECT_EQ(Refusal(config, "http://10.1.2.3:9200"), "");
  const auto policy = *EgressPolicy::Create(config);
  EXPECT_TRUE(policy->CheckAddress(*Url::Parse("http://wiki.internal"), Address("192.168.0.4")).ok());
  EXPECT_FALSE(policy->CheckAddress(*Url::Parse("http://other.internal"), Address("192.168.0.4")).ok());
  EXPECT_TRUE(policy->CheckAddress(*Url::Parse("http://other.internal"), Address("10.0.0.4")).ok());
  EXPECT_FALSE(policy->CheckAddress(*Url::Parse("http://x"), Address("::ffff:10.0.0.4")).ok());
  const auto origin = EgressPolicy::OnlyOriginOf(*Url::Parse("http://127.0.0.1:8080/path"));
  EXPECT_TRUE(origin->CheckUrl(*Url::Parse("http://127.0.0.1:8080/other")).ok());
  EXPECT_FALSE(origin->CheckUrl(*Url::Parse("http://127.0.0.1:8081/")).ok());
  EXPECT_FALSE(origin->CheckUrl(*Url::Parse("https://127.0.0.1:8080/")).ok());
  EXPECT_FALSE(EgressPolicy::OnlyOriginOf(*Url::Parse("http://0x7f.1"))->CheckUrl(*Url::Parse("http://0x7f.1")).ok());
}

TEST(EgressPolicy, IsReadFromSettings) {
  const auto config = ReadJson<EgressConfig>(*Json::Parse(R"({"private": ["localhost:8888"]})"));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->hosts, std::vector<std::string>{"*"});
  EXPECT_EQ(config->private_hosts, std::vector<std::string>{"localhost:8888"});
}

class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    ClientOptions options;
    options.resolve = [this](const std::string& host) { return Resolve(host); };
    client_ = std::make_unique<AsyncHttpClient>(loop_, options);
  }

  Result<std::vector<IpAddress>> Resolve(const std::string& host) {
    ++num_lookups_;
    const auto found = names_.find(host);
    if (found == names_.end()) return Error::Unavailable(host, "no such name");
    std::vector<IpAddress> addresses;
    for (const std::string& text : found->second) addresses.push_back(Address(text));
    return addresses;
  }

  Result<Fetched> Get(std::string url, FetchLimits limits = {}) {
    AsyncRequest request;
    request.url = std::move(url);
    request.headers = headers_;
    request.egress = policy_;
    return loop_.RunTask(Fetch(*client_, {}, std::move(request), limits));
  }
  std::string ErrorOf(const Result<Fetched>& fetched) { return fetched ? "none" : fetched.error().Message(); }
  void Allow(EgressConfig config) { policy_ = *EgressPolicy::Create(config); }
  static std::string At(std::string_view host, const FaultyServer& server, std::string_view path = "/") {
    return "http://" + std::string(host) + ":" + std::to_string(server.port()) + std::string(path);
  }

  IoLoop loop_;
  std::map<std::string, std::vector<std::string>> names_;
  int num_lookups_ = 0;
  HttpHeaders headers_;
  std::shared_ptr<const EgressPolicy> policy_ = *EgressPolicy::Create({.hosts = {"*:*"}});
  std::unique_ptr<AsyncHttpClient> client_;
};

FaultyServer::Answer Ok(std::string_view body) { return {HttpAnswer(200, "text/plain", body)}; }
FaultyServer::Answer RedirectTo(std::string_view location, int status = 302) {
  return {HttpAnswer(status, "text/plain", "", "Location: " + std::string(location) + "\r\n")};
}

TEST_F(FetchTest, NoNameLeadsToAPrivateAddress) {
  FaultyServer server([](const FaultyServer::Request&) { return Ok("secret"); });
  names_ = {{"rebind.test", {"127.0.0.1"}}, {"six.test", {"::ffff:127.0.0.1"}}, {"localhost.", {"127.0.0.1"}}};
  EXPECT_THAT(ErrorOf(Get(At("rebind.test", server))), HasSubstr("the address 127.0.0.1 is loopback"));
  EXPECT_EQ(Get(At("rebind.test", server)).error().kind, ErrorKind::kDenied);
  EXPECT_THAT(ErrorOf(Get(At("six.test", server))), HasSubstr("an IPv4 address within IPv6"));
  EXPECT_THAT(ErrorOf(Get(At("localhost.", server))), HasSubstr("is loopback"));
  EXPECT_THAT(ErrorOf(Get(At("0x7f.1", server))), HasSubstr("want a name"));
  EXPECT_THAT(ErrorOf(Get(At("unknown.test", server))), HasSubstr("cannot resolve: no such name"));
  EXPECT_EQ(server.num_connections(), 0);
}

TEST_F(FetchTest, TheSystemsResolverIsCheckedToo) {
  FaultyServer server([](const FaultyServer::Request&) { return Ok("secret"); });
  AsyncHttpClient client(loop_);
  AsyncRequest request;
  request.url = At("localhost", server);
  request.egress = policy_;
  const auto fetched = loop_.RunTask(Fetch(client, {}, request, {}));
  EXPECT_EQ(fetched.error().kind, ErrorKind::kDenied) << fetched.error().Message();
  EXPECT_EQ(server.num_connections(), 0);
}

TEST_F(FetchTest, OfSeveralAddressesOnlyThoseAllowedAreDialled) {
  FaultyServer server([](const FaultyServer::Request&) { return Ok("ours"); });
  names_ = {{"mixed.test", {"10.255.255.1", "127.0.0.2", "127.0.0.1"}}};
  Allow({.hosts = {"*:*"}, .private_hosts = {"127.0.0.1/32"}});
  const auto fetched = Get(At("mixed.test", server));
  ASSERT_TRUE(fetched.ok()) << fetched.error().Message();
  EXPECT_EQ(fetched->body, "ours");
}

TEST_F(FetchTest, WhatIsCheckedIsWhatIsDialledThoughTheNameChanges) {
  FaultyServer server([](const FaultyServer::Request&) { return Ok("ours"); });
  Allow({.hosts = {"*:*"}, .private_hosts = {"127.0.0.1/32"}});
  // Resolved once for each dial: there is no second answer that could differ from the one that was checked.
  names_ = {{"turncoat.test", {"127.0.0.1"}}};
  EXPECT_EQ(Get(At("turncoat.test", server))->body, "ours");
  EXPECT_EQ(num_lookups_, 1);
  client_ = nullptr;
  ClientOptions options;
  options.resolve = [this](const std::string& host) { return Resolve(host); };
  client_ = std::make_unique<AsyncHttpClient>(loop_, options);
  names_ = {{"turncoat.test", {"127.0.0.2"}}};
  EXPECT_THAT(ErrorOf(Get(At("turncoat.test", server))), HasSubstr("the address 127.0.0.2 is loopback"));
  EXPECT_EQ(server.num_connections(), 1);
}

TEST_F(FetchTest, AKeptConnectionIsNoWayAroundThePolicy) {
  FaultyServer server([](const FaultyServer::Request&) { return Ok("intranet"); });
  names_ = {{"intranet.test", {"127.0.0.1"}}};
  const std::shared_ptr<const EgressPolicy> strict = policy_;
  Allow({.private_hosts = {"intranet.test:*"}});
  EXPECT_EQ(Get(At("intranet.test", server))->body, "intranet");
  EXPECT_EQ(client_->num_idle(), 1U);
  policy_ = strict;
  EXPECT_THAT(ErrorOf(Get(At("intranet.test", server))), HasSubstr("is loopback"));
  EXPECT_EQ(server.num_requests(), 1);
}

TEST_F(FetchTest, RedirectsAreQuestionsToThePolicy) {
  FaultyServer inner([](const FaultyServer::Request&) { return Ok("secret"); });
  std::string location;
  FaultyServer outer([&](const FaultyServer::Request&) { return RedirectTo(location); });
  Allow({.hosts = {"*:*"}, .private_hosts = {"outer.test:*"}});
  names_ = {{"outer.test", {"127.0.0.1"}}, {"inner.test", {"127.0.0.1"}}};
  for (const std::string& to : {At("127.0.0.1", inner), At("inner.test", inner), At("0x7f.1", inner),
                                At("[::ffff:127.0.0.1]", inner), "//inner.test:" + std::to_string(inner.port()),
                                std::string("http://user@outer.test/"), std::string("file:///etc/passwd")}) {
    outer.Change([&] { location = to; });
    EXPECT_FALSE(Get(At("outer.test", outer)).ok()) << to;
  }
  EXPECT_EQ(inner.num_connections(), 0);
  outer.Change([&] { location = "/again"; });
  EXPECT_THAT(ErrorOf(Get(At("outer.test", outer))), HasSubstr("got more than 5 redirects"));
}

TEST_F(FetchTest, KeysDoNotCrossOrigins) {
  std::vector<std::string> heads;
  FaultyServer last([&](const FaultyServer::Request& request) {
    heads.push_back(request.head);
    return Ok("there");
  });
  FaultyServer first([&](const FaultyServer::Request& request) {
    heads.push_back(request.head);
    return request.head.starts_with("GET /a ") ? RedirectTo("/b") : RedirectTo(last.url("/c"));
  });
  Allow({.private_hosts = {"127.0.0.1:*"}});
  headers_ = {{"Authorization", "Bearer k"}, {"X-Api-Key", "k"}, {"Cookie", "k"}, {"Accept", "text/plain"}};
  const auto fetched = Get(first.url("/a"));
  ASSERT_TRUE(fetched.ok()) << fetched.error().Message();
  EXPECT_EQ(fetched->url, last.url("/c"));
  ASSERT_EQ(heads.size(), 3U);
  EXPECT_THAT(heads[1], HasSubstr("X-Api-Key: k"));
  for (const char* name : {"Authorization", "X-Api-Key", "Cookie"}) EXPECT_EQ(heads[2].find(name), std::string::npos);
  EXPECT_THAT(heads[2], HasSubstr("Accept: text/plain"));
}

TEST_F(FetchTest, BodiesAreNotSentOnToStrangers) {
  FaultyServer last([](const FaultyServer::Request& request) { return Ok(request.head.substr(0, 4) + request.body); });
  int status = 307;
  FaultyServer first([&](const FaultyServer::Request&) { return RedirectTo(last.url("/c"), status); });
  Allow({.private_hosts = {"127.0.0.1:*"}});
  const auto post = [&] {
    AsyncRequest request;
    request.method = "POST";
    request.url = first.url("/a");
    request.body = "the secret";
    request.egress = policy_;
    return loop_.RunTask(Fetch(*client_, {}, std::move(request), {}));
  };
  EXPECT_THAT(ErrorOf(post()), HasSubstr("another origin"));
  EXPECT_EQ(last.num_requests(), 0);
  first.Change([&] { status = 303; });
  EXPECT_EQ(post()->body, "GET ");
}

TEST_F(FetchTest, EndlessAndSilentServersCostWhatTheLimitsSay) {
  FaultyServer endless([](const FaultyServer::Request&) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    return FaultyServer::Answer{head + std::string(1000, 'x'), End::kClose, 0, 0ms, true};
  });
  FaultyServer plain([](const FaultyServer::Request&) { return Ok(std::string(5000, 'y')); });
  FaultyServer silent([](const FaultyServer::Request&) { return FaultyServer::Answer{"", End::kHang}; });
  Allow({.private_hosts = {"127.0.0.1:*"}});
  EXPECT_FALSE(Get(endless.url(), {.body_bytes = 100'000}).ok());
  EXPECT_THAT(ErrorOf(Get(plain.url(), {.body_bytes = 4999})), HasSubstr("got more than 4999 bytes"));
  const auto cut = Get(plain.url(), {.body_bytes = 4999, .cut_body = true});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->body.size(), 4999U);
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(Get(silent.url(), {.time = 50ms}).error().kind, ErrorKind::kTimeout);
}

}  // namespace
}  // namespace atelier
