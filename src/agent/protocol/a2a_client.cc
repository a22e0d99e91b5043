#include "agent/protocol/a2a_client.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_signature.h"
#include "agent/protocol/a2a_v03.h"
#include "base/net/fetch.h"
#include "base/net/json_rpc.h"

namespace atelier {
namespace {

constexpr int64_t kMaxAnswerBytes = 8 << 20;
constexpr int64_t kMaxStreamBytes = 64 << 20, kMaxEvents = 100'000;
constexpr std::chrono::hours kLongest{1};     // one exchange, or one stream
constexpr std::chrono::seconds kSilence{90};  // servers that say nothing for so long may be gone: they are asked anew
constexpr std::string_view kCardPath = "/.well-known/agent-card.json";

Error BadAnswer(std::string what) { return A2aError(a2a_reason::kBadResponse, "agent", std::move(what)); }

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

// One interface that a card names; nothing: it is not spoken here.
std::optional<A2aPeer> PeerOf(const Json& one, std::string_view binding_key, std::string_view version) {
  A2aPeer peer{.url = TextAt(one, "url"), .tenant = TextAt(one, "tenant")};
  const std::string binding = TextAt(one, binding_key);
  const auto spoken = A2aVersionOf(version);
  if (peer.url.empty() || version.empty() || !spoken) return {};
  peer.version = *spoken, peer.rest = binding == "HTTP+JSON";
  if (!peer.rest && binding != "JSONRPC") return {};
  return peer;
}

std::optional<A2aPeer> Choose(const Json& card) {
  const Json& interfaces = card["supportedInterfaces"];
  if (interfaces.is_array()) {
    for (const Json& one : interfaces.items()) {
      if (auto peer = PeerOf(one, "protocolBinding", TextAt(one, "protocolVersion"))) return peer;
    }
  }
  // A card of 0.3: one version for all, JSON-RPC unless it says otherwise.
  const std::string version = TextAt(card, "protocolVersion");
  Json first = Json::Object({{"url", card["url"]}, {"transport", "JSONRPC"}});
  if (card.Has("preferredTransport")) first.Set("transport", card["preferredTransport"]);
  if (auto peer = PeerOf(first, "transport", version)) return peer;
  const Json& others = card["additionalInterfaces"];
  if (!others.is_array()) return {};
  for (const Json& one : others.items()) {
    if (auto peer = PeerOf(one, "transport", version)) return peer;
  }
  return {};
}

// What a GET asks for beside its path: "?pageSize=5".
std::string QueryOf(const Json& params) {
  std::string query;
  for (const JsonMember& member : params.members()) {
    if (member.key == "id") continue;
    const std::string text = member.value.is_string() ? member.value.AsString() : member.value.Dump();
    query += (query.empty() ? "?" : "&") + member.key + "=" + PercentEncode(text);
  }
  return query;
}

// Path and verb of HTTP+JSON.
AsyncRequest RestRequest(const A2aPeer& peer, const std::string& method, Json params) {
  const bool is_old = peer.version == A2aVersion::kV03;
  AsyncRequest request;
  request.url = peer.url;
  while (request.url.ends_with('/')) request.url.pop_back();
  if (is_old) request.url += "/v1";
  const std::string task = "/tasks/" + PercentEncode(TextAt(params, "id"));
  if (method == "GetTask" || method == "ListTasks" || method == "SubscribeToTask") {
    request.url += method == "ListTasks" ? "/tasks" : task + (method == "GetTask" ? "" : ":subscribe");
    request.url += QueryOf(params);
    return request;
  }
  request.method = "POST";
  request.headers.Add("Content-Type", is_old ? "application/json" : "application/a2a+json");
  if (method == "CancelTask") {
    request.url += task + ":cancel";
    params = Json::Object();
  } else {
    request.url += method == "SendMessage" ? "/message:send" : "/message:stream";
    if (is_old) params = A2aV03Params(method, params, A2aV03Form::kRest);
  }
  request.body = params.Dump();
  return request;
}

AsyncRequest RpcRequest(const A2aPeer& peer, const std::string& method, const Json& params) {
  const bool is_old = peer.version == A2aVersion::kV03;
  const std::string name = is_old ? std::string(A2aV03Method(method).value_or("")) : method;
  AsyncRequest request;
  request.method = "POST", request.url = peer.url;
  request.headers.Add("Content-Type", "application/json");
  request.body = RpcMessage::Request(Json(1), name, is_old ? A2aV03Params(method, params) : params).Dump();
  return request;
}

Result<Json> ReadRpc(const A2aPeer& peer, const std::string& method, std::string_view body) {
  RpcReading reading = ReadRpcMessage(body);
  if (!reading.message || !reading.message->is_answer()) return BadAnswer("got what is no answer of JSON-RPC");
  if (reading.message->kind == RpcMessage::Kind::kError) return ReadA2aRpcError(reading.message->error);
  const Json& result = reading.message->result;
  return peer.version == A2aVersion::kV03 ? A2aV10Result(method, result) : result;
}

// What an exchange, or an event of a stream, gives.
Result<Json> ReadAnswer(const A2aPeer& peer, const std::string& method, std::string_view text) {
  if (!peer.rest) return ReadRpc(peer, method, text);
  Result<Json> body = Json::Parse(text);
  if (!body.ok()) return BadAnswer("got what is no JSON: " + body.error().Message());
  return peer.version == A2aVersion::kV03 ? A2aV10Result(method, *body, A2aV03Form::kRest) : body;
}

AsyncRequest RequestTo(const A2aPeer& peer, const std::string& method, Json params) {
  if (!peer.tenant.empty()) params.Set("tenant", peer.tenant);
  AsyncRequest request = peer.rest ? RestRequest(peer, method, std::move(params)) : RpcRequest(peer, method, params);
  request.headers.Add("A2A-Version", std::string(A2aVersionName(peer.version)));
  return request;
}

Error ErrorIn(int status, std::string_view text) {
  const Result<Json> body = Json::Parse(text);
  return ReadA2aHttpError(status, body.ok() ? *body : Json());
}

}  // namespace

Result<A2aPeer> ChooseA2aPeer(Json card) {
  auto peer = Choose(card);
  if (!peer) return Error::Unsupported("agent card", "names no interface of A2A 1.0 or 0.3 that is spoken here");
  peer->card = std::move(card);
  return std::move(*peer);
}

A2aEvents::A2aEvents(A2aPeer peer, std::string method, std::unique_ptr<AsyncResponse> response)
    : peer_(std::move(peer)),
      method_(std::move(method)),
      reader_(std::move(response), {.event_bytes = kMaxAnswerBytes, .total_bytes = kMaxStreamBytes}) {}

Task<Result<std::optional<Json>>> A2aEvents::Next() {
  for (;;) {
    Result<std::optional<SseEvent>> event = co_await reader_.Next();
    if (!event.ok()) {
      is_cut_ = event.error().kind == ErrorKind::kUnavailable || event.error().kind == ErrorKind::kTimeout;
      co_return std::move(event).error();
    }
    if (!*event) {
      is_cut_ = true;
      co_return std::optional<Json>();
    }
    if (++num_events_ > kMaxEvents) {
      co_return Error::TooLarge("agent", "got more than " + std::to_string(kMaxEvents) + " events in one stream");
    }
    const SseEvent& told = **event;
    if (told.data.empty()) continue;
    if (told.event == "error" && peer_.rest) co_return ErrorIn(500, told.data);
    CO_TRY(Json read, ReadAnswer(peer_, method_, told.data));
    co_return std::optional(std::move(read));
  }
}

void A2aClient::Address(AsyncRequest& request, const char* accept) const {
  request.egress = parts_.egress;
  request.headers.Add("Accept", accept);
  if (!parts_.key.empty()) request.headers.Add("Authorization", "Bearer " + parts_.key);
}

// The text of an answer whose status is good.
Task<Result<std::string>> A2aClient::Exchange(Call call, AsyncRequest request) {
  Address(request, "application/json, application/a2a+json");
  FetchLimits limits;
  limits.redirects = 0, limits.body_bytes = kMaxAnswerBytes, limits.time = kLongest;
  auto fetching = Fetch(parts_.http, std::move(call), std::move(request), limits);
  CO_TRY(Fetched fetched, co_await fetching);
  if (fetched.status < 200 || fetched.status > 299) co_return ErrorIn(fetched.status, fetched.body);
  co_return std::move(fetched.body);
}

Task<Result<A2aPeer>> A2aClient::Find(Call call, std::string url) {
  while (url.ends_with('/')) url.pop_back();
  AsyncRequest request;
  request.url = url.ends_with(".json") ? url : url + std::string(kCardPath);
  request.headers.Add("A2A-Version", "1.0");
  CO_TRY(const std::string text, co_await Exchange(std::move(call), std::move(request)));
  Result<Json> card = Json::Parse(text);
  if (!card.ok()) co_return BadAnswer("its card is no JSON: " + card.error().Message());
  if (!parts_.card_keys.is_null()) {
    CO_TRY(card, VerifiedA2aCard(*card, parts_.card_keys));
  }
  co_return ChooseA2aPeer(std::move(*card));
}

Task<Result<Json>> A2aClient::Ask(Call call, A2aPeer peer, std::string method, Json params) {
  if (peer.version == A2aVersion::kV03 && !A2aV03Method(method)) {
    co_return Error::Unsupported("agent", "speaks 0.3 alone, which has no " + method);
  }
  AsyncRequest request = RequestTo(peer, method, std::move(params));
  CO_TRY(const std::string text, co_await Exchange(std::move(call), std::move(request)));
  co_return ReadAnswer(peer, method, text);
}

Task<Result<std::unique_ptr<A2aEvents>>> A2aClient::Stream(Call call, A2aPeer peer, std::string method, Json params) {
  AsyncRequest request = RequestTo(peer, method, std::move(params));
  Address(request, "text/event-stream, application/json, application/a2a+json");
  request.timeouts.idle = kSilence;
  call.deadline = std::min(call.deadline, parts_.http.loop().Now() + kLongest);
  CO_TRY(std::unique_ptr<AsyncResponse> response, co_await parts_.http.Send(std::move(call), std::move(request)));
  const int status = response->status();
  const bool is_good = status >= 200 && status <= 299;
  if (is_good && response->headers().Get("Content-Type").starts_with("text/event-stream")) {
    co_return std::make_unique<A2aEvents>(std::move(peer), std::move(method), std::move(response));
  }
  CO_TRY(const std::string text, co_await response->Rest(kMaxAnswerBytes));
  if (!is_good) co_return ErrorIn(status, text);
  CO_TRY_VOID(ReadAnswer(peer, method, text));  // JSON-RPC tells errors so
  co_return Error::Unsupported("agent", "answered " + method + " without a stream");
}

}  // namespace atelier
