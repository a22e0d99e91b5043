#include "agent/protocol/acp_connection.h"

#include <utility>

namespace atelier {
namespace {

using Handler = Task<Result<Json>> (*)(AcpAgent& agent, Call call, Json params);

// Reads the parameters as what the method takes.
template <class T, Task<Result<Json>> (AcpAgent::*kMethod)(Call, T)>
Task<Result<Json>> With(AcpAgent& agent, Call call, Json params) {
  CO_TRY(T read, ReadAcp<T>(params));
  co_return co_await (agent.*kMethod)(std::move(call), std::move(read));
}

template <bool kReplay>
Task<Result<Json>> Open(AcpAgent& agent, Call call, Json params) {
  CO_TRY(AcpSessionSetup setup, ReadAcp<AcpSessionSetup>(params));
  if (setup.session_id.empty()) co_return Error::Invalid("sessionId", "got none, want the id of a session");
  co_return co_await agent.OpenSession(std::move(call), std::move(setup), kReplay);
}

struct Method {
  std::string_view name;
  Handler handler;
};
constexpr Method kMethods[] = {
    {"session/new", With<AcpSessionSetup, &AcpAgent::NewSession>},
    {"session/load", Open<true>},
    {"session/resume", Open<false>},
    {"session/list", With<AcpListSessions, &AcpAgent::ListSessions>},
    {"session/close", With<AcpSessionId, &AcpAgent::CloseSession>},
    {"session/delete", With<AcpSessionId, &AcpAgent::DeleteSession>},
    {"session/set_mode", With<AcpSetMode, &AcpAgent::SetMode>},
    {"session/set_config_option", With<AcpSetConfigOption, &AcpAgent::SetConfigOption>},
    {"session/prompt", With<AcpPrompt, &AcpAgent::Prompt>},
};

Json Capabilities() {
  Json sessions = Json::Object();
  for (const char* what : {"list", "delete", "additionalDirectories", "resume", "close"}) {
    sessions.Set(what, Json::Object());
  }
  return Json::Object(
      {{"loadSession", true},
       {"promptCapabilities", Json::Object({{"image", false}, {"audio", false}, {"embeddedContext", true}})},
       {"mcpCapabilities", Json::Object({{"http", true}, {"sse", false}})},
       {"sessionCapabilities", std::move(sessions)}});
}

Error NoSuchMethod(const std::string& method) {
  return Error::Unsupported("method", "got '" + method.substr(0, 64) + "', which is none of an agent")
      .WithCode("method_not_found");
}

}  // namespace

std::shared_ptr<AcpConnection> AcpConnection::Create(Loop& loop, RpcPeer::Write write, MakeAgent make) {
  std::shared_ptr<AcpConnection> connection(new AcpConnection(loop));
  connection->make_ = std::move(make);
  const std::weak_ptr<AcpConnection> weak = connection;
  RpcPeer::Handlers handlers;
  // A request keeps the connection until it is answered.
  handlers.serve = [weak](Call call, RpcMessage request) { return weak.lock()->Serve(std::move(call), request); };
  handlers.hear = [weak](const RpcMessage& notification) { weak.lock()->Hear(notification); };
  handlers.give_up = [weak](const Json& id, const Error&) {
    const auto self = weak.lock();
    if (self) self->peer_->Send(RpcMessage::Notification("$/cancel_request", Json::Object({{"requestId", id}})));
  };
  connection->peer_ = RpcPeer::Create(loop, RpcPeer::Limits(), std::move(write), std::move(handlers));
  return connection;
}

Task<std::optional<RpcMessage>> AcpConnection::Serve(Call call, RpcMessage request) {
  const auto self = shared_from_this();
  const std::stop_token stop = call.stop;
  Result<Json> answer = co_await Answer(std::move(call), std::move(request.method), std::move(request.params));
  if (answer.ok()) co_return RpcMessage::Answer(request.id, std::move(*answer));
  RpcError fault = AcpFault(answer.error());
  if (answer.error().code == "method_not_found") fault.code = RpcError::kMethodNotFound;
  if (stop.stop_requested()) fault.code = AcpErrorCode::kCancelled;
  co_return RpcMessage::Fault(request.id, std::move(fault));
}

Task<Result<Json>> AcpConnection::Answer(Call call, std::string method, Json params) {
  if (method == "initialize") co_return Initialize(params);
  if (!agent_) co_return Error::Conflict(method, "came before 'initialize'");
  if (method == "authenticate") {
    CO_TRY(const AcpAuthenticate authenticate, ReadAcp<AcpAuthenticate>(params));
    co_return Error::Invalid("methodId", "got '" + authenticate.method_id + "', want none: nobody has to authenticate");
  }
  for (const Method& known : kMethods) {
    if (known.name == method) co_return co_await known.handler(*agent_, std::move(call), std::move(params));
  }
  co_return NoSuchMethod(method);
}

Result<Json> AcpConnection::Initialize(const Json& params) {
  if (agent_) return Error::Conflict("initialize", "came twice");
  TRY(const AcpInitialize initialize, ReadAcp<AcpInitialize>(params));
  abilities_ = AcpClientAbilities::Of(initialize.client_capabilities);
  agent_ = make_(weak_from_this());
  Json info = Json::Object({{"name", "atelier"}, {"title", "Atelier"}, {"version", ATELIER_VERSION}});
  // One version is all there is: a client that wants another is told this one, and decides.
  return Json::Object({{"protocolVersion", kAcpVersion},
                       {"agentCapabilities", Capabilities()},
                       {"authMethods", Json::Array()},
                       {"agentInfo", std::move(info)}});
}

void AcpConnection::Hear(const RpcMessage& notification) {
  if (!notification.params.is_object()) return;
  if (notification.method == "$/cancel_request") {
    peer_->Cancel(notification.params["requestId"]);
  } else if (notification.method == "session/cancel" && agent_) {
    const auto id = ReadAcp<AcpSessionId>(notification.params);
    if (id.ok()) agent_->Cancel(id->session_id);
  }
}

void AcpConnection::Update(const std::string& session_id, Json update) {
  peer_->Send(RpcMessage::Notification("session/update",
                                       Json::Object({{"sessionId", session_id}, {"update", std::move(update)}})));
}

Task<Result<Json>> AcpConnection::Ask(Call call, std::string method, Json params) {
  const auto self = shared_from_this();
  CO_TRY(RpcAnswer answer, co_await peer_->Ask(std::move(call), method, std::move(params)));
  if (answer.error) co_return Error::Unavailable(method, answer.error->message).WithCode("acp_fault");
  co_return std::move(answer.result);
}

}  // namespace atelier
