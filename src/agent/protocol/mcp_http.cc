#include "agent/protocol/mcp_http.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace atelier {
namespace {

constexpr std::string_view kSessionHeader = "Mcp-Session-Id";
constexpr std::string_view kRevisionHeader = "MCP-Protocol-Version";

HttpResponse Refusal(int status, int64_t code, std::string what, Json id = {}) {
  RpcError error{.code = code, .message = std::move(what), .data = {}};
  return HttpResponse::Json(RpcMessage::Fault(std::move(id), std::move(error)).Dump(), status);
}

HttpResponse Accepted() {
  HttpResponse response;
  response.status = 202;
  return response;
}

// "localhost:8910" is "localhost", "[::1]:80" is "[::1]".
std::string_view HostOf(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, std::min(authority.find(']'), authority.size() - 1) + 1);
  return authority.substr(0, authority.find(':'));
}

bool IsThisMachine(std::string_view authority) {
  const std::string_view host = HostOf(authority);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

bool AcceptsType(const HttpRequest& http, std::string_view type) {
  const std::string_view accept = http.headers.Get("Accept", "*/*");
  return accept.contains(type) || accept.contains("*/*");
}

bool SameNumber(std::string_view a, std::string_view b) {
  double x = 0, y = 0;
  const auto read = [](std::string_view text, double& value) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    return end.ec == std::errc() && end.ptr == text.data() + text.size();
  };
  return read(a, x) && read(b, y) && x == y;
}

// The header's meaning; nothing where there is none.
Result<std::optional<std::string>> Decoded(const HttpRequest& http, std::string_view name) {
  const std::string* value = http.headers.Find(name);
  if (value == nullptr) return std::optional<std::string>();
  TRY(std::string text, DecodeMcpHeader(*value));
  return std::optional(std::move(text));
}

}  // namespace

McpHttp::~McpHttp() { Close(); }

void McpHttp::Close() {
  for (auto& [id, client] : std::exchange(sessions_, {})) client.session->Close();
  server_->Close();
}

void McpHttp::AddTo(Router& router, std::string_view path) {
  RouteOptions limits;
  limits.max_body_bytes = server_->limits().max_message_bytes;
  router.Add("POST", path, [this](HttpRequest http) { return Handle(std::move(http)); }, limits);
  router.Add("GET", path, [this](HttpRequest http) { return Handle(std::move(http)); });
  router.Add("DELETE", path, [this](HttpRequest http) { return Delete(std::move(http)); });
}

Task<HttpResponse> McpHttp::Handle(HttpRequest http, Clock::TimePoint until) {
  if (http.method == "GET") return Get(std::move(http), until);
  if (http.method == "DELETE") return Delete(std::move(http));
  return Post(std::move(http), until);
}

std::optional<HttpResponse> McpHttp::CheckAccess(const HttpRequest& http) const {
  const std::string_view host = http.headers.Get("Host");
  if (options_.local_only && !IsThisMachine(host)) {
    return Refusal(403, RpcError::kInvalidRequest, "Host: got '" + std::string(host) + "', want one of this machine");
  }
  const std::string* origin = http.headers.Find("Origin");
  if (origin == nullptr) return std::nullopt;
  const auto is = [&](const std::string& allowed) { return allowed == "*" || allowed == *origin; };
  if (std::ranges::any_of(options_.allowed_origins, is)) return std::nullopt;
  const size_t scheme_end = origin->find("://");
  const std::string_view authority =
      scheme_end == std::string::npos ? std::string_view() : std::string_view(*origin).substr(scheme_end + 3);
  if (!authority.empty() && (options_.local_only ? IsThisMachine(authority) : authority == host)) return std::nullopt;
  return Refusal(403, RpcError::kInvalidRequest, "Origin: got '" + *origin + "', which is not allowed");
}

Task<HttpResponse> McpHttp::Post(HttpRequest http, Clock::TimePoint until) {
  if (auto refusal = CheckAccess(http)) co_return *std::move(refusal);
  if (!http.headers.Get("Content-Type").starts_with("application/json")) {
    co_return Refusal(415, RpcError::kInvalidRequest, "Content-Type: want application/json");
  }
  if (!AcceptsType(http, "application/json") || !AcceptsType(http, "text/event-stream")) {
    co_return Refusal(406, RpcError::kInvalidRequest, "Accept: want application/json and text/event-stream");
  }
  RpcReading reading = ReadRpcMessage(http.body, server_->limits().max_message_bytes);
  if (!reading.message) co_return HttpResponse::Json(reading.fault.Dump(), 400);
  http.body.clear();
  RpcMessage message = *std::move(reading.message);
  const std::string_view revision = http.headers.Get(kRevisionHeader);
  const bool has_session = http.headers.Find(kSessionHeader) != nullptr;
  const bool stateless =
      HasStatelessMeta(message) || revision == kMcpStateless ||
      (!revision.empty() && !IsMcpRevision(revision) && !has_session && message.method != "initialize");
  if (stateless) co_return co_await PostStateless(std::move(http), std::move(message), until);
  co_return co_await PostStateful(std::move(http), std::move(message));
}

Task<HttpResponse> McpHttp::PostStateless(HttpRequest http, RpcMessage message, Clock::TimePoint until) {
  if (message.is_notification()) co_return Accepted();
  if (!message.is_request()) {
    co_return Refusal(400, RpcError::kInvalidRequest, "got an answer, want a request or a notification");
  }
  McpCaller caller;
  caller.principal = http.call.principal;
  auto fault = McpServer::ReadCaller(message, caller);
  if (auto mismatch = HeaderMismatch(http, message, caller)) {
    // What `_meta` lacks altogether is no mismatch.
    if (!fault || fault->code == McpFault::kUnsupportedRevision) {
      co_return Refusal(400, McpFault::kHeaderMismatch, "Header mismatch: " + *mismatch, message.id);
    }
  }
  if (fault) co_return HttpResponse::Json(RpcMessage::Fault(message.id, *std::move(fault)).Dump(), 400);
  auto stream = std::make_shared<McpHttpStream>(server_->loop(), McpHttpStream::Options());
  const auto finish = [stream, stop = http.call.stop](RpcMessage answer) {
    if (!stop.stop_requested()) stream->Send(answer);
    stream->End();
  };
  const std::stop_token stop = http.call.stop;
  if (message.method == "subscriptions/listen") http.call.deadline = until;
  Spawn(server_->ServeStateless(std::move(http.call), std::move(caller), std::move(message), stream), finish);
  co_return co_await stream->Respond(stop);
}

std::optional<std::string> McpHttp::HeaderMismatch(const HttpRequest& http, const RpcMessage& request,
                                                   const McpCaller& caller) const {
  const std::string* revision = http.headers.Find(kRevisionHeader);
  if (revision == nullptr) return std::string(kRevisionHeader) + ": got none";
  const Json& told = request.params["_meta"][kMcpMetaRevision];
  if (told.is_string() && told.AsString() != *revision) {
    return std::string(kRevisionHeader) + " '" + *revision + "', and '" + told.AsString() + "' in the body";
  }
  const std::string* method = http.headers.Find("Mcp-Method");
  if (method == nullptr) return "Mcp-Method: got none";
  if (*method != request.method) return "Mcp-Method '" + *method + "', and '" + request.method + "' in the body";
  const auto name = Decoded(http, "Mcp-Name");
  if (!name) return "Mcp-Name: " + name.error().Message();
  const auto told_name = McpNameOf(request);
  if (told_name && !*name) return "Mcp-Name: got none";
  if (*name && told_name != *name) {
    return "Mcp-Name '" + **name + "', and '" + told_name.value_or("") + "' in the body";
  }
  return request.method == "tools/call" ? ParameterMismatch(http, request, caller) : std::nullopt;
}

std::optional<std::string> McpHttp::ParameterMismatch(const HttpRequest& http, const RpcMessage& request,
                                                      const McpCaller& caller) const {
  const Json tool = server_->FindTool(
      caller, request.params["name"].is_string() ? request.params["name"].AsString() : std::string_view());
  const auto parameters = MirroredParameters(tool["inputSchema"]);
  if (!parameters) return std::nullopt;  // ours, and not mirrored then
  for (const McpMirroredParameter& parameter : *parameters) {
    const std::string name = "Mcp-Param-" + parameter.header;
    const auto header = Decoded(http, name);
    if (!header) return name + ": " + header.error().Message();
    const auto body = MirroredValue(parameter, request.params["arguments"]);
    if (body && !*header) return name + ": got none, want what the body says";
    if (!body && *header) return name + ": got one, and nothing in the body";
    if (!body || **header == *body) continue;
    if (parameter.type == "integer" && SameNumber(**header, *body)) continue;
    return name + ": is not what the body says";
  }
  return std::nullopt;
}

Task<HttpResponse> McpHttp::PostStateful(HttpRequest http, RpcMessage message) {
  if (message.is_request() && message.method == "initialize" && http.headers.Find(kSessionHeader) == nullptr) {
    co_return co_await Initialize(std::move(http), std::move(message));
  }
  auto found = FindClient(http);
  if (!found) {
    const int status = found.error().kind == ErrorKind::kNotFound ? 404 : 400;
    co_return Refusal(status, RpcError::kInvalidRequest, found.error().Message(), message.id);
  }
  Client& client = **found;
  if (!message.is_request()) {
    client.session->Take(std::move(message),
                         std::make_shared<McpHttpStream>(server_->loop(), McpHttpStream::Options()));
    co_return Accepted();
  }
  // A call of a tool may take long; the rest is answered in a moment and needs no stream to come back to.
  const bool is_call = message.method == "tools/call";
  const auto stream = MakeStream(client, is_call && client.session->revision() >= kMcpStateful);
  client.session->Take(std::move(message), stream);
  if (is_call) co_return stream->Events(0, http.call.stop);
  co_return co_await stream->Respond(http.call.stop);
}

Task<HttpResponse> McpHttp::Initialize(HttpRequest http, RpcMessage message) {
  MakeRoom();
  McpHttpStream::Options options;
  options.id = "0";
  options.retry = options_.retry;
  Client client;
  client.apart = std::make_shared<McpHttpStream>(server_->loop(), options);
  client.session = McpSession::Create(server_, http.call.principal, client.apart);
  client.last_used = server_->loop().Now();
  auto stream = std::make_shared<McpHttpStream>(server_->loop(), McpHttpStream::Options());
  client.session->Take(std::move(message), stream);
  auto response = co_await stream->Respond(http.call.stop);
  if (client.session->initialized()) {
    const std::string id = RandomHex(16);
    response.headers.Add(std::string(kSessionHeader), id);
    sessions_.emplace(id, std::move(client));
  }
  co_return response;
}

void McpHttp::MakeRoom() {
  while (sessions_.size() >= options_.max_sessions) {
    const auto oldest = std::ranges::min_element(
        sessions_, [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; });
    oldest->second.session->Close();
    sessions_.erase(oldest);
  }
}

Result<McpHttp::Client*> McpHttp::FindClient(const HttpRequest& http) {
  const std::string* id = http.headers.Find(kSessionHeader);
  if (id == nullptr) return Error::Invalid(std::string(kSessionHeader), "got none, want that of the session");
  const auto found = sessions_.find(*id);
  if (found == sessions_.end() || found->second.session->principal() != http.call.principal) {
    return Error::NotFound(std::string(kSessionHeader), "there is no such session");
  }
  const std::string* revision = http.headers.Find(kRevisionHeader);
  if (revision != nullptr && !IsStatefulMcp(*revision)) {
    return Error::Invalid(std::string(kRevisionHeader), "got '" + *revision + "', want the session's");
  }
  found->second.last_used = server_->loop().Now();
  return &found->second;
}

std::shared_ptr<McpHttpStream> McpHttp::MakeStream(Client& client, bool prime) {
  std::erase_if(client.streams, [](const auto& entry) { return entry.second->delivered(); });
  // Those that ended and were never fetched go before those that still work.
  while (client.streams.size() >= options_.max_streams) {
    auto victim = std::ranges::find_if(client.streams, [](const auto& entry) { return entry.second->ended(); });
    if (victim == client.streams.end()) victim = client.streams.begin();
    client.streams.erase(victim);
  }
  McpHttpStream::Options options;
  options.id = std::to_string(client.next_stream++);
  options.prime = prime;
  options.retry = options_.retry;
  auto stream = std::make_shared<McpHttpStream>(server_->loop(), options);
  client.streams.emplace(options.id, stream);
  return stream;
}

Task<HttpResponse> McpHttp::Get(HttpRequest http, Clock::TimePoint until) {
  if (auto refusal = CheckAccess(http)) co_return *std::move(refusal);
  if (http.headers.Find(kSessionHeader) == nullptr) {
    auto refusal = Refusal(405, RpcError::kInvalidRequest, "GET is for sessions of the stateful revisions");
    refusal.headers.Add("Allow", "POST");
    co_return refusal;
  }
  if (!AcceptsType(http, "text/event-stream")) {
    co_return Refusal(406, RpcError::kInvalidRequest, "Accept: want text/event-stream");
  }
  auto found = FindClient(http);
  if (!found) {
    co_return Refusal(found.error().kind == ErrorKind::kNotFound ? 404 : 400, RpcError::kInvalidRequest,
                      found.error().Message());
  }
  Client& client = **found;
  const std::string* last = http.headers.Find("Last-Event-ID");
  if (last == nullptr) {
    if (client.apart->has_reader()) {
      co_return Refusal(409, RpcError::kInvalidRequest, "the session's stream is being read already");
    }
    co_return client.apart->Events(0, http.call.stop, until);
  }
  const size_t dash = std::min(last->find('-'), last->size());
  const std::string stream_id = last->substr(0, dash);
  int64_t number = -1;
  std::from_chars(last->data() + std::min(dash + 1, last->size()), last->data() + last->size(), number);
  const auto stream = client.streams.find(stream_id);
  const auto resumed = stream_id == "0" ? client.apart : stream == client.streams.end() ? nullptr : stream->second;
  if (!resumed || number < 0 || !resumed->CanResume(number)) {
    co_return Refusal(404, RpcError::kInvalidRequest,
                      "Last-Event-ID: got '" + last->substr(0, 40) + "', which cannot be resumed");
  }
  co_return resumed->Events(number, http.call.stop, until);
}

Task<HttpResponse> McpHttp::Delete(HttpRequest http) {
  if (auto refusal = CheckAccess(http)) co_return *std::move(refusal);
  auto found = FindClient(http);
  if (!found) {
    co_return Refusal(found.error().kind == ErrorKind::kNotFound ? 404 : 400, RpcError::kInvalidRequest,
                      found.error().Message());
  }
  const std::string id(http.headers.Get(kSessionHeader));
  (*found)->session->Close();
  (*found)->apart->End();
  for (auto& [stream_id, stream] : (*found)->streams) stream->End();
  sessions_.erase(id);
  HttpResponse response;
  response.status = 204;
  co_return response;
}

}  // namespace atelier
