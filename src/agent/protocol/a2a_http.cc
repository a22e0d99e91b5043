#include "agent/protocol/a2a_http.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_v03.h"
#include "base/io/sha256.h"
#include "base/net/json_rpc.h"
#include "base/net/sse.h"

namespace atelier {
namespace {

constexpr std::chrono::seconds kHeartbeat{15};  // a silent stream is told that it lives

Result<A2aVersion> VersionOf(const HttpRequest& http, const A2aOperations& operations) {
  std::string_view said = http.headers.Get("A2A-Version");
  if (said.empty()) said = http.Query("A2A-Version");
  if (const auto version = A2aVersionOf(said)) {
    TRY_VOID(operations.CheckVersion(*version));
    return *version;
  }
  return A2aError(a2a_reason::kVersion, "A2A-Version",
                  "got '" + std::string(said.substr(0, 32)) + "', want 1.0 or 0.3");
}

std::string_view Stripped(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// A header's or parameter's list, at most `most` of it.
std::vector<std::string> ListOf(std::string_view text, size_t most) {
  std::vector<std::string> list;
  while (!text.empty() && list.size() < most) {
    const size_t comma = text.find(',');
    if (const std::string_view one = Stripped(text.substr(0, comma)); !one.empty()) list.emplace_back(one);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return list;
}

constexpr std::string_view kJson = "application/json", kA2aJson = "application/a2a+json";

std::string_view ContentTypeOf(const HttpRequest& http) {
  const std::string_view type = http.headers.Get("Content-Type");
  return Stripped(type.substr(0, type.find(';')));
}

// In which type HTTP+JSON answers: the one that the client names in Accept, else the one that it writes itself, else
// `otherwise`. The binding's own is application/a2a+json (a SHOULD); clients of 1.0.0 may know application/json alone.
std::string_view ReplyType(const HttpRequest& http, std::string_view otherwise) {
  const std::string_view accept = http.headers.Get("Accept");
  if (accept.find(kA2aJson) != std::string_view::npos) return kA2aJson;
  if (accept.find(kJson) != std::string_view::npos) return kJson;
  const std::string_view written = ContentTypeOf(http);
  return written == kJson || written == kA2aJson ? written : otherwise;
}

A2aCaller CallerOf(const HttpRequest& http, A2aVersion version, std::string url) {
  const bool is_old = version == A2aVersion::kV03;
  return {.principal = http.call.principal,
          .version = version,
          .url = std::move(url),
          .extensions = ListOf(http.headers.Get(is_old ? "X-A2A-Extensions" : "A2A-Extensions"), 100),
          .call = http.call};
}

Result<void> CheckContentType(const HttpRequest& http) {
  if (http.body.empty()) return {};
  const std::string_view type = ContentTypeOf(http);
  if (type == kJson || type == kA2aJson) return {};
  return A2aError(a2a_reason::kContentType, "Content-Type",
                  "got '" + std::string(type.substr(0, 64)) + "', want application/json or application/a2a+json");
}

// The events of a stream, worded by `word`, until the task ends (or, where `until_settled`, is interrupted).
struct Streaming {
  A2aStreamReply reply = {};
  std::function<std::string(const Json& event)> word = {};
  bool until_settled = false;
  std::function<void(const A2aWatch&)> end_watch = {};
  std::stop_token stop = {};
};

// Pushes nothing into a watch from time to time, while it lives.
class Heartbeat {
 public:
  Heartbeat(Loop& loop, std::shared_ptr<Channel<std::shared_ptr<const A2aUpdate>>> channel)
      : loop_(loop), channel_(std::move(channel)) {
    Next();
  }
  ~Heartbeat() { loop_.Cancel(timer_); }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void Next() {
    timer_ = loop_.At(loop_.Now() + kHeartbeat, [this] {
      channel_->Push(nullptr);
      Next();
    });
  }
  Loop& loop_;
  std::shared_ptr<Channel<std::shared_ptr<const A2aUpdate>>> channel_;
  Loop::TimerId timer_ = 0;
};

bool IsSettled(const A2aTask& task) { return IsTerminal(task.state()) || IsInterrupted(task.state()); }

Task<void> SendUpdates(Loop& loop, const Streaming& streaming, A2aWatch& watch, BodyWriter& writer) {
  const std::stop_callback on_stop(streaming.stop, [&watch] { watch.updates->Close(); });
  const Heartbeat heartbeat(loop, watch.updates);
  for (;;) {
    const auto batch = co_await watch.updates->NextBatch();
    if (batch.empty()) co_return;
    for (const auto& update : batch) {
      if (!update) {
        if (!writer.Write(FormatSseComment("alive"))) co_return;
        continue;
      }
      Apply(*update, watch.task);
      if (!writer.Write(streaming.word(A2aEvent(watch.task, *update)))) co_return;
      if (streaming.until_settled && IsSettled(watch.task)) co_return;
    }
  }
}

Task<void> SendStream(Loop& loop, std::shared_ptr<Streaming> streaming, BodyWriter writer) {
  if (const auto* message = std::get_if<A2aMessage>(&streaming->reply)) {
    writer.Write(streaming->word(A2aEvent(*message)));
    co_return;
  }
  A2aWatch& watch = std::get<A2aWatch>(streaming->reply);
  const bool open = writer.Write(streaming->word(A2aEvent(watch.task)));
  if (open && watch.updates) co_await SendUpdates(loop, *streaming, watch, writer);
  streaming->end_watch(watch);
}

HttpResponse StreamResponse(Loop& loop, Streaming streaming) {
  auto shared = std::make_shared<Streaming>(std::move(streaming));
  return HttpResponse::Events(
      [&loop, shared](BodyWriter writer) { return SendStream(loop, shared, std::move(writer)); });
}

HttpResponse RpcResponse(const RpcMessage& message) { return HttpResponse::Json(message.Dump()); }

Result<Json> ReadInt(std::string_view name, std::string_view text) {
  int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return Error::Invalid(std::string(name), "got '" + std::string(text.substr(0, 32)) + "', want a whole number");
  }
  return Json(value);
}

// Query parameters as a body would have them.
Result<Json> ReadQuery(const HttpRequest& http) {
  Json params = Json::Object();
  for (const auto& [name, text] : http.query) {
    if (name == "A2A-Version") continue;
    if (name == "historyLength" || name == "pageSize") {
      TRY(Json value, ReadInt(name, text));
      params.Set(name, std::move(value));
    } else if (name == "includeArtifacts") {
      if (text != "true" && text != "false") {
        return Error::Invalid(name, "got '" + text.substr(0, 32) + "', want true or false");
      }
      params.Set(name, text == "true");
    } else {
      params.Set(name, text);
    }
  }
  return params;
}

// What a method and a path of HTTP+JSON mean.
struct RestCall {
  std::string_view method = {};  // empty: nothing
  std::string task_id = {}, config_id = {};
};

RestCall ReadTaskPath(std::string_view verb, std::string_view path) {
  RestCall call;
  const size_t slash = path.find('/');
  std::string_view id = path.substr(0, slash);
  if (slash == std::string_view::npos) {
    const size_t colon = id.rfind(':');
    const std::string_view action = colon == std::string_view::npos ? std::string_view() : id.substr(colon + 1);
    if (action == "cancel" && verb == "POST") call.method = "CancelTask";
    if (action == "subscribe" && (verb == "POST" || verb == "GET")) call.method = "SubscribeToTask";
    if (!call.method.empty()) id = id.substr(0, colon);
    if (call.method.empty() && verb == "GET") call.method = "GetTask";
    call.task_id = PercentDecode(id, false);
    return call;
  }
  call.task_id = PercentDecode(id, false);
  constexpr std::string_view kConfigs = "pushNotificationConfigs";
  std::string_view rest = path.substr(slash + 1);
  if (!rest.starts_with(kConfigs)) return call;
  rest.remove_prefix(kConfigs.size());
  if (rest.empty() || rest == "/") {
    if (verb == "POST") call.method = "CreateTaskPushNotificationConfig";
    if (verb == "GET") call.method = "ListTaskPushNotificationConfigs";
    return call;
  }
  if (!rest.starts_with('/')) return call;
  call.config_id = PercentDecode(rest.substr(1), false);
  if (verb == "GET") call.method = "GetTaskPushNotificationConfig";
  if (verb == "DELETE") call.method = "DeleteTaskPushNotificationConfig";
  return call;
}

RestCall ReadPath(std::string_view verb, std::string_view path) {
  if (verb == "POST" && path == "message:send") return {.method = "SendMessage"};
  if (verb == "POST" && path == "message:stream") return {.method = "SendStreamingMessage"};
  if (verb == "GET" && (path == "tasks" || path == "tasks/")) return {.method = "ListTasks"};
  if (verb == "GET" && (path == "extendedAgentCard" || path == "card")) return {.method = "GetExtendedAgentCard"};
  constexpr std::string_view kTasks = "tasks/";
  return path.starts_with(kTasks) ? ReadTaskPath(verb, path.substr(kTasks.size())) : RestCall();
}

Result<Json> ReadRestParams(const HttpRequest& http, const RestCall& call, A2aVersion version) {
  Json params;
  if (http.method == "POST") {
    TRY_VOID(CheckContentType(http));
    params = Json::Object();
    if (!http.body.empty()) {
      auto body = Json::Parse(http.body);
      if (!body.ok()) return std::move(body).error().Under("body");
      if (!body->is_object())
        return Error::Invalid("body", "got " + std::string(body->TypeName()) + ", want an object");
      params = std::move(*body);
    }
    if (version == A2aVersion::kV03) params = A2aV10Params(call.method, params, A2aV03Form::kRest);
  } else {
    TRY(params, ReadQuery(http));
  }
  const bool of_push = call.method.find("PushNotification") != std::string_view::npos;
  if (!call.task_id.empty()) params.Set(of_push ? "taskId" : "id", call.task_id);
  if (!call.config_id.empty()) params.Set("id", call.config_id);
  return params;
}

}  // namespace

HttpResponse A2aErrorResponse(const Error& error, std::string_view type) {
  const int status = A2aHttpStatus(error);
  HttpResponse response = HttpResponse::Of(status, type, A2aHttpError(error, status).Dump());
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    response.headers.Set("Retry-After", std::to_string(std::max<int64_t>(1, seconds)));
  }
  return response;
}

HttpResponse A2aHttp::GetCard(const HttpRequest& http, const std::string& url) const {
  std::string body = card_(url).Dump();
  const std::string tag = "\"" + Sha256Hex(body).substr(0, 32) + "\"";
  const bool same = http.headers.Get("If-None-Match") == tag;
  HttpResponse response = same ? HttpResponse::Of(304, "application/json", "") : HttpResponse::Json(std::move(body));
  response.headers.Set("Cache-Control", "public, max-age=60");
  response.headers.Set("ETag", tag);
  return response;
}

Task<HttpResponse> A2aHttp::Handle(HttpRequest http, std::string url, std::string rest) {
  if (rest.empty()) {
    if (http.method == "POST") co_return co_await Rpc(std::move(http), std::move(url));
    co_return A2aErrorResponse(Error::NotFound("path", "JSON-RPC is POSTed here"));
  }
  co_return co_await Rest(std::move(http), std::move(url), std::move(rest));
}

Task<HttpResponse> A2aHttp::Rpc(HttpRequest http, std::string url) {
  if (auto checked = CheckContentType(http); !checked.ok()) {
    co_return RpcResponse(RpcMessage::Fault(Json(), A2aRpcError(checked.error())));
  }
  RpcReading reading = ReadRpcMessage(http.body);
  if (!reading.message) co_return RpcResponse(reading.fault);
  RpcMessage message = std::move(*reading.message);
  const Result<A2aVersion> version = VersionOf(http, operations_);
  if (!version.ok()) co_return RpcResponse(RpcMessage::Fault(message.id, A2aRpcError(version.error())));
  if (!message.is_request()) {
    RpcError error{.code = RpcError::kInvalidRequest, .message = "want a request with an id"};
    co_return RpcResponse(RpcMessage::Fault(Json(), std::move(error)));
  }
  const bool is_old = *version == A2aVersion::kV03;
  const std::optional<std::string_view> named = is_old ? A2aV10Method(message.method) : message.method;
  if (!named || !A2aOperations::IsMethod(*named)) {
    RpcError error{.code = RpcError::kMethodNotFound,
                   .message = "got '" + message.method.substr(0, 64) + "', which is no method of A2A " +
                              std::string(A2aVersionName(*version))};
    co_return RpcResponse(RpcMessage::Fault(message.id, std::move(error)));
  }
  std::string method(*named);
  Json params = is_old ? A2aV10Params(method, message.params) : std::move(message.params);
  A2aCaller caller = CallerOf(http, *version, std::move(url));
  const auto word = [is_old, method](const Json& result) { return is_old ? A2aV03Result(method, result) : result; };
  if (!A2aOperations::IsStreaming(method)) {
    const Result<Json> result = co_await operations_.Run(method, std::move(params), std::move(caller));
    if (!result.ok()) co_return RpcResponse(RpcMessage::Fault(message.id, A2aRpcError(result.error())));
    co_return RpcResponse(RpcMessage::Answer(message.id, word(*result)));
  }
  Result<A2aStreamReply> reply = co_await operations_.Stream(method, std::move(params), std::move(caller));
  if (!reply.ok()) co_return RpcResponse(RpcMessage::Fault(message.id, A2aRpcError(reply.error())));
  Streaming streaming{.reply = std::move(*reply), .until_settled = method == "SendStreamingMessage"};
  streaming.word = [id = message.id, word](const Json& event) {
    return FormatSse(RpcMessage::Answer(id, word(event)).Dump());
  };
  streaming.end_watch = [this](const A2aWatch& watch) { operations_.EndWatch(watch); };
  streaming.stop = http.call.stop;
  co_return StreamResponse(loop_, std::move(streaming));
}

Task<HttpResponse> A2aHttp::Rest(HttpRequest http, std::string url, std::string rest) {
  const std::string_view error_type = ReplyType(http, kJson);
  const Result<A2aVersion> version = VersionOf(http, operations_);
  if (!version.ok()) co_return A2aErrorResponse(version.error(), error_type);
  const bool is_old = *version == A2aVersion::kV03;
  std::string_view path = rest;
  if (is_old && path.starts_with("v1/")) path.remove_prefix(3);
  const RestCall call = ReadPath(http.method, path);
  if (call.method.empty()) {
    co_return A2aErrorResponse(Error::NotFound("path", "got " + http.method + " " + rest.substr(0, 128) +
                                                           ", which is nothing of A2A " +
                                                           std::string(A2aVersionName(*version))));
  }
  Result<Json> params = ReadRestParams(http, call, *version);
  if (!params.ok()) co_return A2aErrorResponse(params.error(), error_type);
  const std::string method(call.method);
  A2aCaller caller = CallerOf(http, *version, std::move(url));
  const auto word = [is_old, method](const Json& result) {
    return is_old ? A2aV03Result(method, result, A2aV03Form::kRest) : result;
  };
  if (!A2aOperations::IsStreaming(method)) {
    const Result<Json> result = co_await operations_.Run(method, std::move(*params), std::move(caller));
    if (!result.ok()) co_return A2aErrorResponse(result.error(), error_type);
    co_return HttpResponse::Of(200, is_old ? kJson : ReplyType(http, kA2aJson), word(*result).Dump());
  }
  Result<A2aStreamReply> reply = co_await operations_.Stream(method, std::move(*params), std::move(caller));
  if (!reply.ok()) co_return A2aErrorResponse(reply.error(), error_type);
  Streaming streaming{.reply = std::move(*reply), .until_settled = method == "SendStreamingMessage"};
  streaming.word = [word](const Json& event) { return FormatSse(word(event).Dump()); };
  streaming.end_watch = [this](const A2aWatch& watch) { operations_.EndWatch(watch); };
  streaming.stop = http.call.stop;
  co_return StreamResponse(loop_, std::move(streaming));
}

}  // namespace atelier
