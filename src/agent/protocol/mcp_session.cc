#include "agent/protocol/mcp_session.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxWatched = 10'000;

RpcMessage Refuse(const RpcMessage& request, int64_t code, std::string what) {
  RpcError error{.code = code, .message = std::move(what), .data = {}};
  return RpcMessage::Fault(request.id, std::move(error));
}

}  // namespace

std::shared_ptr<McpSession> McpSession::Create(std::shared_ptr<McpServer> server, std::string principal,
                                               std::shared_ptr<McpOutlet> apart) {
  return std::shared_ptr<McpSession>(new McpSession(std::move(server), std::move(principal), std::move(apart)));
}

McpSession::McpSession(std::shared_ptr<McpServer> server, std::string principal, std::shared_ptr<McpOutlet> apart)
    : server_(std::move(server)), apart_(std::move(apart)), questions_(server_->loop()) {
  caller_.revision.clear();
  caller_.principal = std::move(principal);
  server_->AddListener(this);
}

McpSession::~McpSession() { Close(); }

void McpSession::Close() {
  if (std::exchange(closed_, true)) return;
  server_->RemoveListener(this);
  for (auto& [key, stop] : std::exchange(running_, {})) stop.request_stop();
  questions_.GiveUp(Error::Unavailable({}, "the session has ended"));
}

void McpSession::Take(RpcMessage message, std::shared_ptr<McpOutlet> outlet) {
  if (closed_) return outlet->End();
  if (message.is_request()) return TakeRequest(std::move(message), std::move(outlet));
  if (message.is_answer()) {
    questions_.Answer(std::move(message));
  } else {
    TakeNotification(message);
  }
  outlet->End();
}

void McpSession::TakeRequest(RpcMessage request, std::shared_ptr<McpOutlet> outlet) {
  if (auto answer = AnswerHere(request)) {
    outlet->Send(*answer);
    return outlet->End();
  }
  std::stop_source stop;
  running_.emplace(RpcIdKey(request.id), stop);
  Spawn(Run(std::move(request), std::move(outlet), std::move(stop)));
}

std::optional<RpcMessage> McpSession::AnswerHere(const RpcMessage& request) {
  if (request.method == "initialize") return Initialize(request);
  if (request.method == "ping") return RpcMessage::Answer(request.id, Json::Object());
  if (!initialized()) {
    return Refuse(request, RpcError::kInvalidRequest, "the session is not initialized: want 'initialize' first");
  }
  if (request.method == "logging/setLevel") return SetLevel(request);
  if (request.method == "resources/subscribe") return Watch(request, true);
  if (request.method == "resources/unsubscribe") return Watch(request, false);
  if (running_.contains(RpcIdKey(request.id))) {
    return Refuse(request, RpcError::kInvalidRequest, "id: a request with it is under way");
  }
  if (running_.size() >= static_cast<size_t>(server_->limits().max_running)) {
    return Refuse(request, RpcError::kInternal,
                  std::to_string(running_.size()) + " requests are under way already; try again later");
  }
  return std::nullopt;
}

RpcMessage McpSession::Initialize(const RpcMessage& request) {
  if (initialized()) return Refuse(request, RpcError::kInvalidRequest, "the session is initialized already");
  const Json& wanted = request.params["protocolVersion"];
  if (!wanted.is_string()) return Refuse(request, RpcError::kInvalidParams, "protocolVersion: want a string");
  // One that we do not speak is answered with the newest that has sessions; the client decides.
  caller_.revision = IsStatefulMcp(wanted.AsString()) ? wanted.AsString() : std::string(kMcpStateful);
  caller_.client_info = request.params["clientInfo"];
  if (request.params["capabilities"].is_object()) caller_.capabilities = request.params["capabilities"];
  return RpcMessage::Answer(request.id, server_->InitializeResult(caller_.revision));
}

RpcMessage McpSession::SetLevel(const RpcMessage& request) {
  const auto level = ReadMcpLogLevel(request.params["level"]);
  if (!level) return Refuse(request, RpcError::kInvalidParams, "level: want 'debug', 'info', … or 'emergency'");
  log_level_ = *level;
  return RpcMessage::Answer(request.id, Json::Object());
}

RpcMessage McpSession::Watch(const RpcMessage& request, bool on) {
  const Json& uri = request.params["uri"];
  if (!uri.is_string()) return Refuse(request, RpcError::kInvalidParams, "uri: want a string");
  if (on && watched_.size() >= kMaxWatched) {
    return Refuse(request, RpcError::kInternal, std::to_string(kMaxWatched) + " resources are watched already");
  }
  if (on) {
    watched_.insert(uri.AsString());
  } else {
    watched_.erase(uri.AsString());
  }
  return RpcMessage::Answer(request.id, Json::Object());
}

void McpSession::TakeNotification(const RpcMessage& message) {
  if (message.method != "notifications/cancelled" || !message.params.is_object()) return;
  const Json& id = message.params["requestId"];
  if (const auto found = running_.find(RpcIdKey(id)); found != running_.end()) found->second.request_stop();
}

Task<void> McpSession::Run(RpcMessage request, std::shared_ptr<McpOutlet> outlet, std::stop_source stop) {
  const auto self = shared_from_this();
  const std::string key = RpcIdKey(request.id);
  const McpContextPtr context = MakeContext(request, outlet, stop.get_token());
  const RpcMessage answer = co_await server_->Serve(context, std::move(request));
  running_.erase(key);
  // Whoever cancelled wants no answer.
  if (!stop.stop_requested()) outlet->Send(answer);
  outlet->End();
}

McpContextPtr McpSession::MakeContext(const RpcMessage& request, std::shared_ptr<McpOutlet> outlet,
                                      std::stop_token stop) {
  McpContext::Parts parts;
  parts.call.stop = std::move(stop);
  parts.call.principal = caller_.principal;
  parts.call.deadline = server_->loop().Now() + server_->limits().request_time;
  parts.caller = caller_;
  if (request.params.is_object()) parts.progress_token = request.params["_meta"]["progressToken"];
  parts.log_level = log_level_;
  parts.ask = [weak = weak_from_this(), outlet](Call call, std::string method, Json params) -> Task<Result<RpcAnswer>> {
    const auto self = weak.lock();
    if (!self || self->closed_) co_return Error::Unavailable(method, "the session has ended");
    const RpcQuestions::Send send = [outlet](const RpcMessage& message) { return outlet->Send(message); };
    const RpcQuestions::OnGiveUp on_give_up = [outlet](const Json& id, const Error& why) {
      const Json told = Json::Object({{"requestId", id}, {"reason", why.what}});
      outlet->Send(RpcMessage::Notification("notifications/cancelled", told));
    };
    co_return co_await self->questions_.Ask(std::move(call), std::move(method), std::move(params), send, on_give_up);
  };
  parts.outlet = std::move(outlet);
  return std::make_shared<McpContext>(std::move(parts));
}

void McpSession::ListChanged(std::string_view kind) {
  if (!initialized()) return;
  apart_->Send(RpcMessage::Notification("notifications/" + std::string(kind) + "/list_changed"));
}

void McpSession::ResourceUpdated(const std::string& uri) {
  if (!watched_.contains(uri)) return;
  apart_->Send(RpcMessage::Notification("notifications/resources/updated", Json::Object({{"uri", uri}})));
}

}  // namespace atelier
