// Reads what is behind a URL, under the egress policy: the readable text of a page, text and JSON as they are.
//
// A URL that the model writes carries whatever it puts in. Where any host may be asked, that is a way out for what the
// run knows, so the tool is sensitive then; with a list of hosts it is not.
#include "agent/tools/blocking_tool.h"
#include "agent/tools/readable_text.h"
#include "agent/tools/tool_net.h"
#include "base/net/async_http_client.h"

namespace atelier {
namespace {

constexpr int64_t kMaxUrlBytes = 8'000;

struct HttpFetchOptions {
  EgressConfig egress;
  int64_t max_bytes = 4 << 20;
  int64_t max_text = 20'000;
  int64_t redirects = 5;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Inline<&HttpFetchOptions::egress>(),
        Key<&HttpFetchOptions::max_bytes>("max_bytes", "read of a body; what is beyond is left out")
            .Between(1'000, 64 << 20),
        Key<&HttpFetchOptions::max_text>("max_text", "bytes of text given at a time").Between(200, 1'000'000),
        Key<&HttpFetchOptions::redirects>("redirects", "followed at most").Between(0, 20)};
    return fields;
  }
};

struct HttpFetchArguments {
  std::string url;
  int64_t start = 0;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&HttpFetchArguments::url>("url", "http:// or https:// address").Required().AtMostBytes(kMaxUrlBytes),
        Key<&HttpFetchArguments::start>("start", "where in the text to begin: next_start of the part before")
            .AtLeast(0)};
    return fields;
  }
};

ToolSpec Spec(bool any_host) {
  return {.name = "http_fetch",
          .title = "Fetch a page",
          .description =
              "Reads a web page, text or JSON behind a URL. Of a page the readable text is given. A long text "
              "comes in parts: ask again with start = next_start.",
          .parameters = JsonSchema<HttpFetchArguments>(),
          .output_schema = Json::Parse(R"({"type": "object", "required": ["url", "status", "media_type", "text"],
              "properties": {"url": {"type": "string", "description": "that answered, after redirects"},
              "status": {"type": "integer"}, "media_type": {"type": "string"}, "title": {"type": "string"},
              "text": {"type": "string"}, "next_start": {"type": "integer"}, "cut": {"type": "boolean"}}})")
                               .value(),
          .read_only = true,
          .idempotent = true,
          .sensitive = any_host,
          .timeout = std::chrono::milliseconds(30'000)};
}

ToolOutput Tell(const Fetched& fetched, const ReadableText& readable, int64_t start, int64_t max_text) {
  const TextExtract part = PartOf(readable.text, start, max_text);
  Json structured =
      Json::Object({{"url", fetched.url}, {"status", fetched.status}, {"media_type", readable.media_type}});
  std::string text = fetched.url + "\n";
  if (!readable.title.empty()) {
    structured.Set("title", Shortened(readable.title, 500));
    text += Shortened(readable.title, 500) + "\n";
  }
  text += "\n" + std::string(part.text);
  structured.Set("text", part.text);
  if (part.next > 0) {
    structured.Set("next_start", part.next);
    text += "\n\n[" + std::to_string(readable.text.size() - static_cast<size_t>(part.next)) +
            " more bytes: ask again with start = " + std::to_string(part.next) + "]";
  }
  if (fetched.cut) {
    structured.Set("cut", true);
    if (part.next == 0)
      text += "\n\n[the body is longer than what is read of one, " + std::to_string(fetched.body.size()) + " bytes]";
  }
  return {.text = std::move(text), .structured = std::move(structured)};
}

class HttpFetch final : public AgentTool {
 public:
  HttpFetch(ToolNet net, const HttpFetchOptions& options)
      : net_(std::move(net)), options_(options), spec_(Spec(net_.egress->any_host())) {}
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo, Json json) override {
    const auto arguments = ReadJson<HttpFetchArguments>(json);
    if (!arguments) co_return ToolFailure(arguments.error());
    AsyncRequest request;
    request.url = arguments->url;
    request.headers = {{"Accept", "text/html, application/json, text/*;q=0.9, */*;q=0.5"}};
    request.egress = net_.egress;
    FetchLimits limits;
    limits.redirects = static_cast<int>(options_.redirects);
    limits.body_bytes = options_.max_bytes;
    limits.cut_body = true;
    limits.time = spec_.timeout;
    CO_TRY(const Fetched fetched, co_await Fetch(*net_.http, call, std::move(request), limits));
    auto read = [&fetched] { return ReadableTextOf(fetched); };
    auto reading = OnPool(*net_.pool, read);
    const Result<ReadableText> readable = co_await reading;
    if (fetched.status >= 400) {
      std::string why = fetched.url + ": got " + StatusText(fetched.status);
      if (readable && !readable->text.empty()) why += "\n\n" + Shortened(readable->text, 2'000);
      co_return ToolFailure(std::move(why));
    }
    if (!readable) co_return ToolFailure(Error(readable.error()).Under(fetched.url));
    co_return Tell(fetched, *readable, arguments->start, options_.max_text);
  }

 private:
  const ToolNet net_;
  const HttpFetchOptions options_;
  const ToolSpec spec_;
};

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const HttpFetchOptions options, ReadToolOptions<HttpFetchOptions>(config));
  TRY(ToolNet net, NetOf(config, environment, options.egress));
  return AgentTools{std::make_shared<HttpFetch>(std::move(net), options)};
}

}  // namespace

extern const ToolEntry tool_http_fetch;
const ToolEntry tool_http_fetch{"http_fetch", "what is behind a URL: readable text of pages, text, JSON", Make};

}  // namespace atelier
