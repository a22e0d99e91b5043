#include "provider/upstream.h"

#include <algorithm>

#include "base/net/retry_after.h"
#include "base/task/stop_link.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr size_t kMaxQueuedEvents = 1 << 16;
constexpr int64_t kMaxErrorBytes = 64 << 10;
constexpr size_t kMaxMessageBytes = 1000;

// What the upstream's answer means to our client. That the upstream does not take our key is not the client's fault.
ErrorKind KindOf(int status) {
  switch (status) {
    case 400:
    case 422: return ErrorKind::kInvalid;
    case 404: return ErrorKind::kNotFound;
    case 405:
    case 501: return ErrorKind::kUnsupported;
    case 408:
    case 504: return ErrorKind::kTimeout;
    case 409: return ErrorKind::kConflict;
    case 413: return ErrorKind::kTooLarge;
    case 429: return ErrorKind::kExhausted;
    default: return ErrorKind::kUnavailable;
  }
}

std::string CodeOf(int status, const Json& error) {
  if (status == 401 || status == 403) return "upstream_denied";
  const Json& code = error["code"];
  if (code.is_string() && !code.AsString().empty()) return code.AsString().substr(0, 100);
  if (status == 429) return "rate_limit_exceeded";
  if (status == 404) return "model_not_found";
  if (status == 405 || status == 501) return "unsupported";
  return status >= 500 || status < 400 ? "upstream_unavailable" : "";
}

void ReplaceAll(std::string& text, const std::string& what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

bool IsType(const HttpHeaders& headers, std::string_view type) { return headers.Get("Content-Type").starts_with(type); }

}  // namespace

Error MalformedReply(const std::string& provider, std::string what) {
  return Error::Unavailable("provider " + provider, std::move(what)).WithCode("upstream_malformed");
}

Error NotOfProvider(const std::string& provider, const std::string& model, std::string_view what) {
  return Error::Unsupported("model", "got " + model + " of provider " + provider + ", which cannot be asked for " +
                                         std::string(what) + ", want a model on this machine")
      .WithCode("unsupported_model");
}

Error OfProvider(Error error, const std::string& name) {
  if (error.where.empty()) return std::move(error).Under("provider " + name);
  if (error.where.starts_with("provider ")) return error;
  if (error.where.find_first_of(" :/") == std::string::npos) {
    error.what = "provider " + name + ": " + error.what;
    return error;
  }
  return std::move(error).Under("provider " + name);
}

struct Upstream::Pump {
  std::shared_ptr<Upstream> upstream;
  std::unique_ptr<ReplyDecoder> decoder;
  std::shared_ptr<Channel<GenerationEvent>> events;
  RequestTimes times;
  bool begun = false;

  bool Push(ReplyDecoder::Events& made) {
    for (GenerationEvent& event : made) {
      if (std::holds_alternative<GenerationDelta>(event)) {
        times.last_token = upstream->clock_.Now();
        if (!std::exchange(begun, true)) times.first_token = times.last_token;
      }
      if (!events->Push(std::move(event))) return false;
    }
    made.clear();
    return true;
  }
};

Upstream::Upstream(IoLoop& loop, const Clock& clock, UpstreamOptions options)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      client_(loop, ClientOptions{.ca_file = options_.ca_file, .max_idle_connections = 64}) {}

Result<std::shared_ptr<Upstream>> Upstream::Create(IoLoop& loop, const Clock& clock, UpstreamOptions options) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  Result<Url> url = Url::Parse(options.base_url);
  if (!url) return std::move(url).error();
  return std::shared_ptr<Upstream>(new Upstream(loop, clock, std::move(options)));
}

Error Upstream::Refused(int status, const HttpHeaders& headers, const std::string& body) const {
  Result<Json> json = Json::Parse(body);
  Json error = json.ok() ? (*json)["error"] : Json();
  std::string message = error["message"].is_string() ? error["message"].AsString() : "";
  if (error.is_string()) message = error.AsString();  // Ollama
  if (message.empty() && json.ok() && (*json)["message"].is_string()) message = (*json)["message"].AsString();
  if (!options_.secret.empty()) ReplaceAll(message, options_.secret, "[key]");
  if (message.size() > kMaxMessageBytes) message = ReplaceInvalidUtf8(message.substr(0, kMaxMessageBytes)) + "…";
  Error made =
      Error::Of(KindOf(status), "", "got status " + std::to_string(status) + (message.empty() ? "" : ": " + message));
  made.code = CodeOf(status, error);
  if (error["param"].is_string() && made.kind == ErrorKind::kInvalid) made.where = error["param"].AsString();
  if (status == 429 || status == 503 || status == 529) {
    made.retry_after = RetryAfter(headers, clock_.UnixNanos() / 1'000'000'000);
  }
  return OfProvider(std::move(made), options_.name);
}

Task<Result<std::unique_ptr<AsyncResponse>>> Upstream::Send(Call call, std::string path, std::optional<Json> body) {
  AsyncRequest request;
  request.url = options_.base_url + path;
  request.headers = options_.headers;
  if (body) {
    request.method = "POST";
    request.headers.Set("Content-Type", "application/json");
    request.body = body->Dump();
  }
  request.timeouts = options_.timeouts;
  request.may_repeat = true;  // only where the kept connection was dead: the upstream has not read it
  auto response = co_await client_.Send(std::move(call), std::move(request));
  if (!response) co_return OfProvider(std::move(response).error(), options_.name);
  const int status = (*response)->status();
  if (status / 100 == 2) co_return std::move(response);
  const Result<std::string> why = co_await (*response)->Rest(kMaxErrorBytes);
  co_return Refused(status, (*response)->headers(), why ? *why : "");
}

Task<Result<Json>> Upstream::Ask(Call call, std::string path, Json body) {
  return Whole(std::move(call), std::move(path), std::move(body));
}

Task<Result<Json>> Upstream::Get(Call call, std::string path) {
  return Whole(std::move(call), std::move(path), std::nullopt);
}

Task<Result<Json>> Upstream::Whole(Call call, std::string path, std::optional<Json> body) {
  CO_TRY(auto response, co_await Send(std::move(call), std::move(path), std::move(body)));
  Result<std::string> text = co_await response->Rest(options_.max_reply_bytes);
  if (!text) co_return OfProvider(std::move(text).error(), options_.name);
  Result<Json> json = Json::Parse(*text);
  if (!json) co_return MalformedReply(options_.name, "got no JSON: " + json.error().Message());
  co_return json;
}

Task<Result<Generation>> Upstream::Generate(Call call, std::string path, Json body,
                                            std::unique_ptr<ReplyDecoder> decoder) {
  // Before anything else, so that a stop of the caller's ends the sending too.
  auto link = std::make_shared<StopLink>(call.stop);
  call.stop = link->token();
  RequestTimes times;
  times.submitted = times.scheduled = clock_.Now();
  CO_TRY(auto response, co_await Send(call, std::move(path), std::move(body)));
  Generation generation;
  generation.events = Channel<GenerationEvent>::Create(loop_, kMaxQueuedEvents);
  generation.owner = link;
  auto pump = std::make_shared<Pump>();
  pump->upstream = shared_from_this();
  pump->decoder = std::move(decoder);
  pump->events = generation.events;
  pump->times = times;
  Spawn(Run(std::move(pump), std::move(response)));
  co_return generation;
}

namespace {

// Reads a whole reply, or a stream to its end.
Task<Result<void>> ReadReply(std::unique_ptr<AsyncResponse> response, ReplyDecoder& decoder, std::string name,
                             int64_t max_bytes, std::function<bool(ReplyDecoder::Events&)> push) {
  ReplyDecoder::Events events;
  if (IsType(response->headers(), "application/json")) {
    CO_TRY(const std::string text, co_await response->Rest(max_bytes));
    Result<Json> json = Json::Parse(text);
    if (!json) co_return MalformedReply(name, "got no JSON: " + json.error().Message());
    CO_TRY_VOID(decoder.TakeWhole(*json, events));
    push(events);
    co_return Result<void>();
  }
  if (!IsType(response->headers(), "text/event-stream")) {
    const std::string type(response->headers().Get("Content-Type", "none").substr(0, 100));
    co_return MalformedReply(name, "got content type '" + type + "', want text/event-stream");
  }
  SseReader::Limits limits;
  limits.total_bytes = max_bytes;
  limits.event_bytes = std::min(limits.event_bytes, max_bytes);
  SseReader reader(std::move(response), limits);
  for (bool over = false; !over;) {
    CO_TRY(const std::optional<SseEvent> event, co_await reader.Next());
    if (!event) break;
    CO_TRY(over, decoder.Take(*event, events));
    if (!push(events)) co_return Error::Cancelled("", "the reader has left");
  }
  CO_TRY_VOID(decoder.End(events));
  push(events);
  co_return Result<void>();
}

}  // namespace

Task<void> Upstream::Run(std::shared_ptr<Pump> pump, std::unique_ptr<AsyncResponse> response) {
  const UpstreamOptions& options = pump->upstream->options_;
  const std::function<bool(ReplyDecoder::Events&)> push = [pump](auto& events) { return pump->Push(events); };
  const Result<void> read =
      co_await ReadReply(std::move(response), *pump->decoder, options.name, options.max_reply_bytes, push);
  GenerationEnd end;
  end.usage = pump->decoder->usage();
  pump->times.finished = pump->upstream->clock_.Now();
  if (!pump->begun) pump->times.first_token = pump->times.last_token = pump->times.finished;
  end.times = pump->times;
  if (!read) end.error = OfProvider(read.error(), options.name);
  pump->events->Push(std::move(end));
  pump->events->Close();
}

}  // namespace atelier
