// Searches the web through an engine of one's own choice: a SearXNG instance by its address, or anything that
// OpenSearch can describe by its URL template
// ("https://example.org/find?q={searchTerms}&page={startPage?}&format=rss").
//
// An OpenSearch answer may be RSS, Atom, JSON in SearXNG's form or a page, which is then given as readable text.
#include "agent/tools/blocking_tool.h"
#include "agent/tools/readable_text.h"
#include "agent/tools/search_results.h"
#include "agent/tools/tool_net.h"
#include "base/net/async_http_client.h"
#include "provider/provider_config.h"

namespace atelier {
namespace {

constexpr int64_t kMaxBodyBytes = 8 << 20;  // SearXNG's largest seen: some 300 kB
constexpr int64_t kMaxPageText = 12'000;    // of an engine that answers with a page
constexpr size_t kMaxAside = 5;             // answers and suggestions told

struct WebSearchOptions {
  std::string url;
  std::string key;
  std::string key_header = "Authorization";
  std::string language;
  std::string categories;
  int64_t safe_search = 0;
  int64_t limit = 10;
  int64_t snippet = 400;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&WebSearchOptions::url>("url", "of a SearXNG instance, or an OpenSearch template with {searchTerms}")
            .Required(),
        Key<&WebSearchOptions::key>("key", "env:NAME or file:PATH of the engine's key; empty: none"),
        Key<&WebSearchOptions::key_header>("key_header", "header for the key; in Authorization it is a bearer's"),
        Key<&WebSearchOptions::language>("language", "such as en or de-CH; empty: the engine's own"),
        Key<&WebSearchOptions::categories>("categories", "of SearXNG, separated by commas"),
        Key<&WebSearchOptions::safe_search>("safe_search", "of SearXNG: 0 none, 1 moderate, 2 strict").Between(0, 2),
        Key<&WebSearchOptions::limit>("limit", "results given at most").Between(1, 50),
        Key<&WebSearchOptions::snippet>("snippet", "bytes of text given of each result").Between(50, 4000)};
    return fields;
  }
  bool is_template() const { return url.find('{') != std::string::npos; }
};

struct WebSearchArguments {
  std::string query;
  int64_t page = 1;
  std::string time_range;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&WebSearchArguments::query>("query", "what to search for").Required().AtMostBytes(2'000),
        Key<&WebSearchArguments::page>("page", "of results, from 1").Between(1, 100),
        Key<&WebSearchArguments::time_range>("time_range", "how old results may be").OneOf("|day|month|year")};
    return fields;
  }
};

ToolSpec Spec() {
  return {.name = "web_search",
          .title = "Web search",
          .description =
              "Searches the web and gives titles, addresses and a few words of what was found. Read what is "
              "behind an address with another tool.",
          .parameters = JsonSchema<WebSearchArguments>(),
          .output_schema = Json::Parse(R"({"type": "object", "required": ["results"], "properties": {
              "results": {"type": "array", "items": {"type": "object", "required": ["title", "url", "text"],
                "properties": {"title": {"type": "string"}, "url": {"type": "string"}, "text": {"type": "string"},
                               "date": {"type": "string"}}}},
              "answers": {"type": "array", "items": {"type": "string"}},
              "suggestions": {"type": "array", "items": {"type": "string"}}}})")
                               .value(),
          .read_only = true,
          .idempotent = true,
          .timeout = std::chrono::milliseconds(30'000),
          .source = SourceSpec{.query = "query",
                               .found = "results",
                               .id = "url",
                               .title = "title",
                               .text = "text",
                               .read_by = "http_fetch",
                               .read_argument = "url"}};
}

Result<std::string> UrlFor(const WebSearchOptions& options, const WebSearchArguments& arguments) {
  if (options.is_template()) {
    const SearchTerms terms{arguments.query, arguments.page, options.limit, options.language};
    return FillSearchTemplate(options.url, terms);
  }
  std::string url = options.url;
  while (url.ends_with('/')) url.pop_back();
  if (!url.ends_with("/search")) url += "/search";
  url += "?format=json&q=" + PercentEncode(arguments.query) + "&pageno=" + std::to_string(arguments.page) +
         "&safesearch=" + std::to_string(options.safe_search);
  if (!options.language.empty()) url += "&language=" + PercentEncode(options.language);
  if (!options.categories.empty()) url += "&categories=" + PercentEncode(options.categories);
  if (!arguments.time_range.empty()) url += "&time_range=" + arguments.time_range;
  return url;
}

Json Aside(const std::vector<std::string>& texts) {
  Json list = Json::Array();
  for (const std::string& text : texts) {
    if (static_cast<size_t>(list.size()) < kMaxAside) list.Push(Shortened(text, 1'000));
  }
  return list;
}

ToolOutput Tell(const SearchResults& found, const WebSearchOptions& options) {
  Json results = Json::Array();
  std::string text;
  for (const std::string& answer : found.answers) {
    if (results.empty() && text.size() < 3'000) text += "Answer: " + Shortened(answer, 1'000) + "\n\n";
  }
  for (const SearchResult& result : found.results) {
    if (results.size() >= options.limit) break;
    const std::string title = Shortened(result.title, 300), snippet = Shortened(result.text, options.snippet);
    const std::string url = Shortened(result.url, 2'000), date = Shortened(result.date, 60);
    Json& item = results.Push(Json::Object({{"title", title}, {"url", url}, {"text", snippet}}));
    if (!date.empty()) item.Set("date", date);
    text += std::to_string(results.size()) + ". " + title + "\n   " + url + "\n";
    if (!date.empty()) text += "   " + date + "\n";
    if (!snippet.empty()) text += "   " + snippet + "\n";
  }
  if (results.empty()) text += "Nothing was found.\n";
  Json structured = Json::Object({{"results", std::move(results)}});
  if (!found.answers.empty()) structured.Set("answers", Aside(found.answers));
  if (!found.suggestions.empty()) structured.Set("suggestions", Aside(found.suggestions));
  if (structured["results"].empty() && !found.silent.empty()) {
    text += "Engines that did not answer: ";
    for (size_t i = 0; i < std::min(found.silent.size(), kMaxAside); ++i) text += (i > 0 ? ", " : "") + found.silent[i];
  }
  return {.text = std::move(text), .structured = std::move(structured)};
}

bool IsFeed(std::string_view type, std::string_view body) {
  if (type == "application/rss+xml" || type == "application/atom+xml") return true;
  if (type != "application/xml" && type != "text/xml") return false;
  return body.find("<rss") != std::string_view::npos || body.find("<feed") != std::string_view::npos;
}

// What the engine's answer says; a page as its text.
ToolOutput Read(const Fetched& fetched, const WebSearchOptions& options) {
  const auto failure = [&](Error error) { return ToolFailure(std::move(error).Under(Url::Parse(fetched.url)->host)); };
  if (fetched.status == 403 && !options.is_template()) {
    return failure(
        Error::Denied("", "got HTTP 403; SearXNG says so where its settings do not list json in search.formats"));
  }
  if (fetched.status != 200) return failure(Error::Unavailable("", "got " + StatusText(fetched.status)));
  const std::string type = MediaTypeOf(fetched.headers.Get("Content-Type"));
  if (IsFeed(type, fetched.body)) {
    const Result<SearchResults> found = ReadFeed(fetched.body);
    return found ? Tell(*found, options) : failure(found.error());
  }
  if (IsJsonMediaType(type) || !options.is_template()) {
    const Result<Json> json = Json::Parse(fetched.body);
    if (!json) return failure(Error(json.error()).Under("got " + (type.empty() ? "no type" : type) + ", want JSON"));
    const Result<SearchResults> found = ReadSearxng(*json);
    return found ? Tell(*found, options) : failure(found.error());
  }
  const Result<ReadableText> readable = ReadableTextOf(fetched);
  if (!readable) return failure(readable.error());
  return {.text = Shortened(readable->text, kMaxPageText), .structured = Json::Object({{"results", Json::Array()}})};
}

class WebSearch final : public AgentTool {
 public:
  WebSearch(ToolNet net, WebSearchOptions options, std::string key)
      : net_(std::move(net)), options_(std::move(options)), key_(std::move(key)), spec_(Spec()) {}
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo, Json json) override {
    const auto arguments = ReadJson<WebSearchArguments>(json);
    if (!arguments) co_return ToolFailure(arguments.error());
    AsyncRequest request;
    CO_TRY(request.url, UrlFor(options_, *arguments));
    request.headers = {{"Accept", "application/json, application/rss+xml, application/atom+xml, text/html;q=0.5"}};
    if (!key_.empty()) {
      request.headers.Add(options_.key_header, (options_.key_header == "Authorization" ? "Bearer " : "") + key_);
    }
    request.egress = net_.egress;
    FetchLimits limits;
    limits.body_bytes = kMaxBodyBytes;
    CO_TRY(const Fetched fetched, co_await Fetch(*net_.http, call, std::move(request), limits));
    auto read = [&] { return Read(fetched, options_); };
    auto reading = OnPool(*net_.pool, read);
    ToolOutput output = co_await reading;
    co_return output;
  }

 private:
  const ToolNet net_;
  const WebSearchOptions options_;
  const std::string key_;
  const ToolSpec spec_;
};

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(WebSearchOptions options, ReadToolOptions<WebSearchOptions>(config));
  WebSearchArguments probe;
  probe.query = "x";
  Result<std::string> url = UrlFor(options, probe);
  if (!url) return std::move(url).error().Under("url");
  if (options.is_template() && options.url.find("{searchTerms") == std::string::npos) {
    return Error::Invalid("url", "got a template without {searchTerms}, want one with it");
  }
  TRY(ToolNet net, NetOfUrl("url", *url, environment));
  std::string key;
  if (!options.key.empty()) {
    TRY(key, ReadSecret(options.key, "key"));
  }
  return AgentTools{std::make_shared<WebSearch>(std::move(net), std::move(options), std::move(key))};
}

}  // namespace

extern const ToolEntry tool_web_search;
const ToolEntry tool_web_search{"web_search", "the web, through SearXNG or any OpenSearch engine", Make};

}  // namespace atelier
