#include "agent/protocol/mcp_http_transport.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxSessionIdBytes = 1024;
constexpr int64_t kMaxStreamBytes = 256 << 20;
constexpr int64_t kMaxErrorBytes = 64 << 10;

bool IsEventStream(const AsyncResponse& response) {
  return response.headers().Get("Content-Type").starts_with("text/event-stream");
}

bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string HostOf(const std::string& url) {
  const auto parsed = Url::Parse(url);
  return parsed ? parsed->host : "MCP server";
}

}  // namespace

McpHttpTransport::McpHttpTransport(Loop& loop, AsyncHttpClient& http, McpHttpTransportOptions options)
    : loop_(loop), http_(http), options_(std::move(options)), where_(HostOf(options_.url)) {}

AsyncRequest McpHttpTransport::Request(std::string method, const McpSending& sending) const {
  AsyncRequest request;
  request.method = std::move(method);
  request.url = options_.url;
  request.headers = options_.headers;
  request.egress = options_.egress;
  request.timeouts.idle = request.timeouts.head;  // the call's own deadline is what ends a silence
  if (!sending.revision.empty()) request.headers.Set("MCP-Protocol-Version", sending.revision);
  if (!session_id_.empty() && !sending.stateless) request.headers.Set("Mcp-Session-Id", session_id_);
  return request;
}

AsyncRequest McpHttpTransport::PostOf(const RpcMessage& message, const McpSending& sending) const {
  AsyncRequest request = Request("POST", sending);
  request.body = message.Dump();
  request.headers.Set("Content-Type", "application/json");
  request.headers.Set("Accept", "application/json, text/event-stream");
  if (!sending.stateless) return request;
  request.headers.Set("Mcp-Method", message.method);
  if (const auto name = McpNameOf(message)) request.headers.Set("Mcp-Name", EncodeMcpHeader(*name));
  for (const auto& [header, value] : sending.headers) request.headers.Set(header, value);
  return request;
}

Task<Result<std::unique_ptr<AsyncResponse>>> McpHttpTransport::Exchange(Call call, AsyncRequest request) {
  for (int challenges = 0;; ++challenges) {
    AsyncRequest attempt = request;
    const std::string authorization = options_.authorizer ? options_.authorizer->Authorization() : "";
    if (!authorization.empty()) attempt.headers.Set("Authorization", authorization);
    CO_TRY(auto response, co_await http_.Send(call, std::move(attempt)));
    const int status = response->status();
    if (status >= 300 && status < 400) {
      co_return Error::Denied(
          where_, "the server answered with a redirect (HTTP " + std::to_string(status) + "); these are not followed");
    }
    if ((status != 401 && status != 403) || !options_.authorizer) co_return std::move(response);
    if (challenges >= options_.max_challenges) {
      co_return Error::Denied(
          where_, "HTTP " + std::to_string(status) + " after " + std::to_string(challenges) + " attempts to be let in");
    }
    HttpHeaders headers = response->headers();
    response.reset();
    CO_TRY_VOID(co_await options_.authorizer->Challenged(call, status, std::move(headers)));
  }
}

Task<Result<void>> McpHttpTransport::Send(Call call, RpcMessage message, McpSending sending) {
  last_revision_ = sending.revision;
  AsyncRequest post = PostOf(message, sending);
  CO_TRY(auto response, co_await Exchange(call, std::move(post)));
  const Json id = message.is_request() ? message.id : Json();
  if (response->status() >= 400) co_return co_await Refused(std::move(response), id, std::move(sending));
  KeepSession(*response, message);
  if (!message.is_request()) co_return Result<void>();
  if (!IsEventStream(*response)) co_return co_await TakeBody(std::move(response), id);
  auto position = std::make_shared<Position>(Position{.retry = options_.retry});
  auto taken = co_await TakeEvents(std::move(response), id, position);
  if (position->answered) co_return Result<void>();
  if (taken || taken.error().kind == ErrorKind::kUnavailable) {
    if (!sending.stateless && !position->last_id.empty()) {
      co_return co_await Resume(std::move(call), std::move(sending), id, position);
    }
    if (taken) co_return Error::Unavailable(where_, "the stream ended without an answer");
  }
  co_return taken;
}

Task<Result<void>> McpHttpTransport::Resume(Call call, McpSending sending, Json id,
                                            std::shared_ptr<Position> position) {
  for (int attempts = 0; attempts < options_.max_resumptions; ++attempts) {
    const bool waited = co_await SleepFor(loop_, std::min(position->retry, options_.max_retry), call.stop);
    if (!waited) co_return Error::Cancelled(where_, "stopped by the caller");
    AsyncRequest get = Request("GET", sending);
    get.headers.Set("Accept", "text/event-stream");
    if (!position->last_id.empty()) get.headers.Set("Last-Event-ID", position->last_id);
    auto response = co_await Exchange(call, std::move(get));
    if (!response && response.error().kind == ErrorKind::kUnavailable) continue;
    if (!response) co_return std::move(response).error();
    if ((*response)->status() >= 400) co_return co_await Refused(*std::move(response), id, sending);
    if (!IsEventStream(**response)) co_return Error::Unavailable(where_, "got no stream of events, want one");
    const int before = position->num_events;
    auto taken = co_await TakeEvents(*std::move(response), id, position);
    if (position->answered) co_return Result<void>();
    if (!taken && taken.error().kind != ErrorKind::kUnavailable) co_return taken;
    if (position->num_events > before + 1) attempts = -1;  // more than the first, empty one: it moves
  }
  co_return Error::Unavailable(where_,
                               "the stream broke off " + std::to_string(options_.max_resumptions) + " times in a row");
}

Task<Result<void>> McpHttpTransport::Listen(Call call, McpSending sending) {
  AsyncRequest get = Request("GET", sending);
  get.headers.Set("Accept", "text/event-stream");
  CO_TRY(auto response, co_await Exchange(call, std::move(get)));
  if (response->status() >= 400 || !IsEventStream(*response)) co_return Result<void>();  // it has no such stream
  auto position = std::make_shared<Position>(Position{.retry = options_.retry});
  const Json nobody;
  auto taken = co_await TakeEvents(std::move(response), nobody, position);
  if (!taken && taken.error().kind != ErrorKind::kUnavailable) co_return taken;
  co_return co_await Resume(std::move(call), std::move(sending), nobody, position);
}

Task<Result<void>> McpHttpTransport::TakeEvents(std::unique_ptr<AsyncResponse> response, Json id,
                                                std::shared_ptr<Position> position) {
  SseReader reader(std::move(response), {.event_bytes = options_.max_message_bytes, .total_bytes = kMaxStreamBytes});
  while (true) {
    CO_TRY(auto event, co_await reader.Next());
    if (!event) co_return Result<void>();
    ++position->num_events;
    if (!event->id.empty()) position->last_id = event->id;
    if (event->retry_ms) position->retry = std::chrono::milliseconds(std::max<int64_t>(0, *event->retry_ms));
    if (event->data.empty() || (!event->event.empty() && event->event != "message")) continue;
    CO_TRY(position->answered, Deliver(event->data, id));
    if (position->answered) co_return Result<void>();
  }
}

Task<Result<void>> McpHttpTransport::TakeBody(std::unique_ptr<AsyncResponse> response, const Json id) {
  if (!response->headers().Get("Content-Type").starts_with("application/json")) {
    co_return Error::Unavailable(where_, "got '" + std::string(response->headers().Get("Content-Type")) +
                                             "', want application/json or text/event-stream");
  }
  CO_TRY(const std::string body, co_await response->Rest(options_.max_message_bytes));
  CO_TRY(const bool answered, Deliver(body, id));
  if (!answered) co_return Error::Unavailable(where_, "the response holds no answer to the request");
  co_return Result<void>();
}

Result<bool> McpHttpTransport::Deliver(std::string_view text, const Json& id) {
  RpcReading reading = ReadRpcMessage(text, options_.max_message_bytes);
  if (!reading.message) {
    return Error::Invalid(where_, "the server said what is no message: " + reading.fault.error.message);
  }
  const bool answers = reading.message->is_answer() && !id.is_null() && RpcIdKey(reading.message->id) == RpcIdKey(id);
  on_message_(*std::move(reading.message));
  return answers;
}

// A status of 400 and above: where the body is a fault, it is the answer.
Task<Result<void>> McpHttpTransport::Refused(std::unique_ptr<AsyncResponse> response, Json id, McpSending sending) {
  const int status = response->status();
  const std::string code = std::to_string(status);
  auto body = co_await response->Rest(kMaxErrorBytes);
  if (status == 404 && !session_id_.empty() && !sending.stateless) {
    co_return Error::NotFound(where_, "the server has ended the session").WithCode("session_lost");
  }
  if (body && !id.is_null()) {
    RpcReading reading = ReadRpcMessage(*body);
    if (reading.message && reading.message->kind == RpcMessage::Kind::kError) {
      reading.message->id = id;
      on_message_(*std::move(reading.message));
      co_return Result<void>();
    }
  }
  const std::string said = body ? body->substr(0, 200) : std::string();
  const auto kind = status == 401 || status == 403 ? ErrorKind::kDenied : ErrorKind::kUnavailable;
  co_return Error::Of(kind, where_, "got HTTP " + code + (said.empty() ? "" : ": " + said)).WithCode("http_" + code);
}

void McpHttpTransport::KeepSession(const AsyncResponse& response, const RpcMessage& message) {
  if (message.method != "initialize") return;
  const std::string id(response.headers().Get("Mcp-Session-Id"));
  if (id.size() <= kMaxSessionIdBytes && IsVisible(id)) session_id_ = id;
}

Task<void> McpHttpTransport::Close() {
  if (session_id_.empty()) co_return;
  McpSending sending;
  sending.revision = last_revision_;
  AsyncRequest request = Request("DELETE", sending);
  const std::string authorization = options_.authorizer ? options_.authorizer->Authorization() : "";
  if (!authorization.empty()) request.headers.Set("Authorization", authorization);
  session_id_.clear();
  Call call;
  call.deadline = loop_.Now() + std::chrono::seconds(5);
  // It is a courtesy: the server forgets the session in time.
  const auto ignored = co_await http_.Send(call, std::move(request));
}

}  // namespace atelier
