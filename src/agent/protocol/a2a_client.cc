#include "agent/protocol/a2a_client.h"

#include <utility>

#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_signature.h"
#include "agent/protocol/a2a_v03.h"
#include "base/net/fetch.h"
#include "base/net/json_rpc.h"

namespace atelier {
namespace {

constexpr int64_t kMaxAnswerBytes = 8 << 20;
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
  const bool is_rpc = binding == "JSONRPC";
  if (!is_rpc && !(peer.rest && peer.version == A2aVersion::kV10)) return {};
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
  AsyncRequest request;
  request.url = peer.url;
  while (request.url.ends_with('/')) request.url.pop_back();
  const std::string id = PercentEncode(TextAt(params, "id"));
  if (method == "GetTask" || method == "ListTasks") {
    request.url += (method == "GetTask" ? "/tasks/" + id : "/tasks") + QueryOf(params);
    return request;
  }
  request.method = "POST";
  request.headers.Add("Content-Type", "application/a2a+json");
  if (method == "CancelTask") {
    request.url += "/tasks/" + id + ":cancel";
    params = Json::Object();
  } else {
    request.url += "/message:send";
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

Result<Json> ReadRpc(const A2aPeer& peer, const std::string& method, const Json& body) {
  RpcReading reading = ReadRpcMessage(body.Dump());
  if (!reading.message || !reading.message->is_answer()) return BadAnswer("got what is no answer of JSON-RPC");
  if (reading.message->kind == RpcMessage::Kind::kError) return ReadA2aRpcError(reading.message->error);
  const Json& result = reading.message->result;
  return peer.version == A2aVersion::kV03 ? A2aV10Result(method, result) : result;
}

}  // namespace

Result<A2aPeer> ChooseA2aPeer(Json card) {
  auto peer = Choose(card);
  if (!peer) return Error::Unsupported("agent card", "names no interface of A2A 1.0 or 0.3 that is spoken here");
  peer->card = std::move(card);
  return std::move(*peer);
}

Task<Result<Json>> A2aClient::Exchange(Call call, AsyncRequest request) {
  request.egress = parts_.egress;
  request.headers.Add("Accept", "application/json, application/a2a+json");
  if (!parts_.key.empty()) request.headers.Add("Authorization", "Bearer " + parts_.key);
  FetchLimits limits;
  limits.redirects = 0, limits.body_bytes = kMaxAnswerBytes, limits.time = std::chrono::hours(1);
  auto fetching = Fetch(parts_.http, std::move(call), std::move(request), limits);
  CO_TRY(const Fetched fetched, co_await fetching);
  Result<Json> body = Json::Parse(fetched.body);
  if (fetched.status < 200 || fetched.status > 299) {
    co_return ReadA2aHttpError(fetched.status, body.ok() ? *body : Json());
  }
  if (!body.ok()) co_return BadAnswer("got what is no JSON: " + body.error().Message());
  co_return body;
}

Task<Result<A2aPeer>> A2aClient::Find(Call call, std::string url) {
  while (url.ends_with('/')) url.pop_back();
  AsyncRequest request;
  request.url = url.ends_with(".json") ? url : url + std::string(kCardPath);
  request.headers.Add("A2A-Version", "1.0");
  CO_TRY(Json card, co_await Exchange(std::move(call), std::move(request)));
  if (!parts_.card_keys.is_null()) {
    CO_TRY(card, VerifiedA2aCard(card, parts_.card_keys));
  }
  co_return ChooseA2aPeer(std::move(card));
}

Task<Result<Json>> A2aClient::Ask(Call call, A2aPeer peer, std::string method, Json params) {
  if (peer.version == A2aVersion::kV03 && !A2aV03Method(method)) {
    co_return Error::Unsupported("agent", "speaks 0.3 alone, which has no " + method);
  }
  if (!peer.tenant.empty()) params.Set("tenant", peer.tenant);
  AsyncRequest request = peer.rest ? RestRequest(peer, method, params) : RpcRequest(peer, method, params);
  request.headers.Add("A2A-Version", std::string(A2aVersionName(peer.version)));
  CO_TRY(const Json body, co_await Exchange(std::move(call), std::move(request)));
  if (peer.rest) co_return body;
  co_return ReadRpc(peer, method, body);
}

}  // namespace atelier
