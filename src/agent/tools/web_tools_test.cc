// http_fetch and web_search against servers on loopback, well-behaved and hostile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "agent/tools/search_results.h"
#include "agent/tools/tools_testing.h"
#include "base/net/faulty_server.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;

// Answers by path; kept by the test.
class PathServer {
 public:
  void Set(std::string path, Answer answer) { answers_[std::move(path)] = std::move(answer); }
  void Set(std::string path, std::string_view type, std::string_view body) { Set(path, {HttpAnswer(200, type, body)}); }
  std::string url(std::string_view path) const { return server_.url(path); }
  std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  const std::vector<std::string>& targets() const { return targets_; }
  int num_requests() const { return server_.num_requests(); }

 private:
  Answer Play(const Request& request) {
    std::string target = request.head.substr(request.head.find(' ') + 1);
    target = target.substr(0, target.find(' '));
    targets_.push_back(target);
    const auto found = answers_.find(target.substr(0, target.find('?')));
    return found == answers_.end() ? Answer{HttpAnswer(404, "text/plain", "nothing here")} : found->second;
  }
  std::map<std::string, Answer> answers_;
  std::vector<std::string> targets_;
  FaultyServer server_{[this](const Request& request) { return Play(request); }};
};

class HttpFetchTool : public testing::Test {
 protected:
  std::shared_ptr<AgentTool> Tool(Json with = Json::Object()) {
    if (!with.Has("private")) with.Set("private", Json::Array({server_.address()}));
    return bench_.Make("http_fetch", std::move(with)).value().front();
  }
  Result<ToolOutput> Fetch(std::string_view path) { return FetchFrom(server_.url(path), 0); }
  Result<ToolOutput> FetchFrom(const std::string& url, int64_t start) {
    return bench_.Run(*Tool(Json::Object({{"max_text", 200}})), Json::Object({{"url", url}, {"start", start}}));
  }
  // What is said, whether as an answer or as an error.
  static std::string Said(const Result<ToolOutput>& output) { return output ? output->text : output.error().Message(); }

  PathServer server_;
  ToolBench bench_;
};

TEST_F(HttpFetchTool, PagesAreGivenAsReadableText) {
  server_.Set("/a", "text/html; charset=iso-8859-1",
              "<html><head><title>Caf\xE9</title><script>alert(1)</script></head><body><nav>menu</nav><h1>Hello</h1>"
              "<p>One <b>two</b> three.</p></body></html>");
  const auto output = Fetch("/a");
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_FALSE(output->is_error) << output->text;
  EXPECT_EQ(output->structured["title"], Json("Caf\xC3\xA9"));
  EXPECT_THAT(output->structured["text"].AsString(), HasSubstr("One two three."));
  EXPECT_THAT(output->text, Not(HasSubstr("alert")));
  EXPECT_EQ(output->structured["url"], Json(server_.url("/a")));
}

TEST_F(HttpFetchTool, TextAndJsonStayAsTheyAre) {
  const std::string json = "{\"a\": [1,\n 2.50]}";
  server_.Set("/j", "application/ld+json", json);
  EXPECT_EQ(Fetch("/j")->structured["text"], Json(json));
  server_.Set("/t", {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n<b>raw</b>\n", FaultyServer::End::kKeep});
  EXPECT_EQ(Fetch("/t")->structured["text"], Json("<b>raw</b>\n"));
  EXPECT_EQ(Fetch("/t")->structured["media_type"], Json("text/plain"));
}

TEST_F(HttpFetchTool, LongTextsComeInPartsThatJoin) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "\xC3\xA4" + std::to_string(i) + " ";
  server_.Set("/long", "text/plain; charset=utf-8", text);
  std::string joined;
  int64_t start = 0, parts = 0;
  do {
    const auto output = FetchFrom(server_.url("/long"), start);
    ASSERT_TRUE(output.ok());
    joined += output->structured["text"].AsString();
    start = output->structured.Has("next_start") ? *output->structured["next_start"].AsInt64() : 0;
  } while (start > 0 && ++parts < 100);
  EXPECT_EQ(joined, text);
  EXPECT_EQ(FetchFrom(server_.url("/long"), 1 << 30)->structured["text"], Json(""));
}

TEST_F(HttpFetchTool, OtherTypesAreRefusedByName) {
  server_.Set("/p", "image/png", "\x89PNG\r\n");
  EXPECT_THAT(Said(Fetch("/p")), HasSubstr("Content-Type: got image/png, want HTML, text, JSON or XML"));
  server_.Set("/z", {HttpAnswer(200, "text/html", "\x1F\x8B", "Content-Encoding: gzip\r\n")});
  EXPECT_THAT(Said(Fetch("/z")), HasSubstr("Content-Encoding: got 'gzip', want none"));
  server_.Set("/b", "text/plain", std::string("\0\1\2\3\0\1\2\3", 8));
  EXPECT_TRUE(Fetch("/b")->is_error);
  EXPECT_THAT(Said(Fetch("/missing")), HasSubstr("got HTTP 404 Not Found\n\nnothing here"));
  EXPECT_TRUE(Fetch("/missing")->is_error);
}

TEST_F(HttpFetchTool, HostileServersAreBounded) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
  server_.Set("/endless", {head + std::string(1000, 'x'), FaultyServer::End::kClose, 0, 0ms, true});
  const auto tool = Tool(Json::Object({{"max_bytes", 50'000}, {"max_text", 1'000'000}}));
  const auto output = bench_.Run(*tool, Json::Object({{"url", server_.url("/endless")}}));
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_EQ(output->structured["text"].AsString().size(), 50'000U);
  EXPECT_EQ(output->structured["cut"], Json(true));
  server_.Set("/loop", {HttpAnswer(302, "text/plain", "", "Location: /loop\r\n")});
  EXPECT_THAT(Said(Fetch("/loop")), HasSubstr("got more than 5 redirects"));
  server_.Set("/inner", {HttpAnswer(302, "text/plain", "", "Location: http://[::1]:1/\r\n")});
  EXPECT_EQ(Fetch("/inner").error().kind, ErrorKind::kDenied);
  server_.Set("/hang", {"", FaultyServer::End::kHang});
  Call call;
  call.deadline = bench_.loop().Now() + 100ms;
  const auto hung = bench_.Run(*Tool(), Json::Object({{"url", server_.url("/hang")}}), call);
  EXPECT_EQ(hung.error().kind, ErrorKind::kTimeout);
  std::string deep;
  for (int i = 0; i < 3'000; ++i) deep += "<b><i>";
  server_.Set("/deep", "text/html", deep);
  static_cast<void>(Fetch("/deep"));
}

TEST_F(HttpFetchTool, SaysWhatItIs) {
  const auto listed = bench_.Make("http_fetch", Json::Object({{"hosts", Json::Array({"example.org"})}})).value();
  EXPECT_TRUE(listed.front()->spec().read_only);
  EXPECT_TRUE(listed.front()->spec().outside);
  EXPECT_FALSE(listed.front()->spec().sensitive);
  const auto open = bench_.Make("http_fetch").value();
  EXPECT_TRUE(open.front()->spec().sensitive) << "a URL to any host can carry anything away";
  EXPECT_THAT(bench_.Make("http_fetch", Json::Object({{"hosts", Json::Array({"a b"})}})).error().Message(),
              HasSubstr("with.hosts[0]"));
  EXPECT_THAT(Said(bench_.Run(*open.front(), Json::Object({{"url", server_.url("/a")}}))), HasSubstr("does not list"));
  ToolEnvironment alone = bench_.environment();
  alone.http = nullptr;
  ToolConfig config;
  config.type = "http_fetch";
  EXPECT_THAT(MakeTools(config, alone).error().Message(), HasSubstr("no network"));
}

// As SearXNG's get_json_response writes it, fields that nobody reads here included.
constexpr std::string_view kSearxng = R"({"query": "atelier", "number_of_results": 0, "results": [
  {"url": "https://example.org/one", "engine": "duckduckgo", "parsed_url": ["https", "example.org", "/one", "", "", ""],
   "template": "default.html", "title": "One", "content": "The first of them.", "img_src": "", "iframe_src": "",
   "audio_src": "", "thumbnail": "", "publishedDate": "2024-05-06T00:00:00", "pubdate": "2024-05-06 00:00:00",
   "length": null, "views": "", "author": "", "metadata": "", "priority": "", "engines": ["duckduckgo", "brave"],
   "open_group": false, "close_group": false, "positions": [1, 2], "score": 4.0, "category": "general"},
  {"url": null, "title": "No address", "content": "x"},
  {"url": "https://example.org/two", "title": "Two", "content": "", "publishedDate": null}],
  "answers": [{"url": null, "engine": "plugin: hash", "parsed_url": null, "template": "answer/legacy.html",
               "answer": "42 it is"}],
  "corrections": [], "infoboxes": [], "suggestions": ["atelier paris"],
  "unresponsive_engines": [["google", "Suspended: too many requests"]]})";

class WebSearchTool : public HttpFetchTool {
 protected:
  Result<ToolOutput> Search(Json with, Json arguments) {
    return bench_.Run(*bench_.Make("web_search", std::move(with)).value().front(), std::move(arguments));
  }
};

TEST_F(WebSearchTool, ReadsWhatSearxngAnswers) {
  server_.Set("/search", "application/json", kSearxng);
  const Json with = Json::Object({{"url", server_.url("/")}, {"language", "de-CH"}, {"categories", "it,news"}});
  const auto output = Search(with, Json::Object({{"query", "a b&c=\xC3\xA4"}, {"page", 2}, {"time_range", "month"}}));
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_FALSE(output->is_error) << output->text;
  EXPECT_EQ(server_.targets().front(),
            "/search?format=json&q=a%20b%26c%3D%C3%A4&pageno=2&safesearch=0&language=de-CH&categories=it%2Cnews"
            "&time_range=month");
  EXPECT_EQ(output->structured.Dump(),
            R"({"results":[{"title":"One","url":"https://example.org/one","text":"The first of them.",)"
            R"("date":"2024-05-06T00:00:00"},{"title":"Two","url":"https://example.org/two","text":""}],)"
            R"("answers":["42 it is"],"suggestions":["atelier paris"]})");
  EXPECT_THAT(output->text, HasSubstr("Answer: 42 it is"));
  EXPECT_THAT(output->text, HasSubstr("2. Two\n   https://example.org/two"));
}

TEST_F(WebSearchTool, ReadsTheAnswersOfOlderOnesAndWhoWasSilent) {
  server_.Set("/search", "application/json",
              R"({"results": [], "answers": ["42"], "unresponsive_engines": [["google", "CAPTCHA"], 7, ["x"]]})");
  const auto output = Search(Json::Object({{"url", server_.url("/search")}}), Json::Object({{"query", "q"}}));
  EXPECT_THAT(output->text, HasSubstr("Answer: 42"));
  EXPECT_THAT(output->text, HasSubstr("Nothing was found.\nEngines that did not answer: google (CAPTCHA)"));
}

TEST_F(WebSearchTool, ReadsFeedsAndPagesOfOpenSearch) {
  server_.Set(
      "/rss", "application/rss+xml",
      R"(<?xml version="1.0"?><rss version="2.0" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><channel>
              <title>Results</title><opensearch:totalResults>1</opensearch:totalResults>
              <item><title>T &amp; U</title><link>https://example.org/t</link><description>&lt;b&gt;bold&lt;/b&gt; text
              </description><pubDate>Mon, 06 May 2024 00:00:00 GMT</pubDate></item></channel></rss>)");
  const std::string rss =
      server_.url("/rss?q={searchTerms}&n={count}&from={startIndex?}&p={startPage}&x={other:thing?}");
  auto output = Search(Json::Object({{"url", rss}, {"limit", 5}}), Json::Object({{"query", "x y"}, {"page", 3}}));
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_EQ(server_.targets().back(), "/rss?q=x%20y&n=5&from=11&p=3&x=");
  EXPECT_EQ(
      output->structured["results"][0].Dump(),
      R"({"title":"T & U","url":"https://example.org/t","text":"bold  text","date":"Mon, 06 May 2024 00:00:00 GMT"})");
  server_.Set("/atom", "application/atom+xml",
              R"(<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title><link rel="self" href="no"/>
              <link href="https://example.org/a"/><summary>S</summary><updated>2024</updated></entry></feed>)");
  output = Search(Json::Object({{"url", server_.url("/atom?{searchTerms}")}}), Json::Object({{"query", "q"}}));
  EXPECT_EQ(output->structured["results"][0].Dump(),
            R"({"title":"A","url":"https://example.org/a","text":"S","date":"2024"})");
  server_.Set("/page", "text/html", "<p>Found <i>it</i></p>");
  output = Search(Json::Object({{"url", server_.url("/page?{searchTerms}")}}), Json::Object({{"query", "q"}}));
  EXPECT_EQ(output->text, "Found it");
}

TEST_F(WebSearchTool, WrongAnswersAreToldByWhatIsWrong) {
  const auto search = [&] {
    return Said(Search(Json::Object({{"url", server_.url("")}}), Json::Object({{"query", "q"}})));
  };
  server_.Set("/search", {HttpAnswer(403, "text/html", "<h1>Forbidden</h1>")});
  EXPECT_THAT(search(), HasSubstr("search.formats"));
  server_.Set("/search", {HttpAnswer(429, "text/plain", "")});
  EXPECT_THAT(search(), HasSubstr("HTTP 429 Too Many Requests"));
  server_.Set("/search", "text/html", "<html>captcha</html>");
  EXPECT_THAT(search(), HasSubstr("got text/html, want JSON"));
  server_.Set("/search", "application/json", "{\"results\": 7}");
  EXPECT_THAT(search(), HasSubstr("results: got a number, want an array"));
  server_.Set("/search", "application/json", "[[[[");
  EXPECT_THAT(search(), HasSubstr("127.0.0.1"));
  server_.Set("/search", {HttpAnswer(302, "text/plain", "", "Location: http://example.org/\r\n")});
  EXPECT_THAT(search(), HasSubstr("the egress policy does not list 'example.org'"));
  EXPECT_THAT(Said(Search(Json::Object({{"url", server_.url("/f?{searchTerms}")}}), Json::Object({{"query", "q"}}))),
              HasSubstr("HTTP 404"));
}

TEST_F(WebSearchTool, SettingsAreChecked) {
  const auto error = [&](Json with) { return bench_.Make("web_search", std::move(with)).error().Message(); };
  EXPECT_THAT(error(Json::Object({{"url", "ftp://x"}})), HasSubstr("with.url"));
  EXPECT_THAT(error(Json::Object({{"url", "http://x/{startPage}"}})), HasSubstr("{searchTerms}"));
  EXPECT_THAT(error(Json::Object({{"url", "http://x/{searchTerms}{odd}"}})), HasSubstr("got {odd}"));
  EXPECT_THAT(error(Json::Object({{"url", "http://x/{searchTerms"}})), HasSubstr("'{' without '}'"));
  EXPECT_THAT(error(Json::Object({{"url", "http://x"}, {"key", "secret"}})), HasSubstr("with.key"));
  EXPECT_THAT(error(Json()), HasSubstr("with.url"));
}

}  // namespace
}  // namespace atelier
