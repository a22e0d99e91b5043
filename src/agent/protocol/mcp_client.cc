#include "agent/protocol/mcp_client.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

// What a server may agree on: its newest that we do not speak ourselves is close enough to what we do.
bool IsKnownStateful(std::string_view revision) {
  return IsStatefulMcp(revision) || revision == "2025-03-26" || revision == "2024-11-05";
}

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

bool Lists(const Json& list, std::string_view word) {
  if (!list.is_array()) return false;
  return std::ranges::any_of(list.items(),
                             [&](const Json& item) { return item.is_string() && item.AsString() == word; });
}

// Fields of the form that an accepted answer leaves out get their schema's defaults.
void FillDefaults(const Json& params, Json& answer) {
  const Json& properties = params["requestedSchema"]["properties"];
  if (TextOf(answer["action"]) != "accept" || !properties.is_object()) return;
  Json content = answer["content"].is_object() ? answer["content"] : Json::Object();
  for (const JsonMember& property : properties.members()) {
    if (const Json* value = property.value.Find("default")) content.Add(property.key, *value);
  }
  answer.Set("content", std::move(content));
}

}  // namespace

McpClient::McpClient(Loop& loop, std::unique_ptr<McpTransport> transport, McpClientOptions options)
    : loop_(loop), options_(std::move(options)), questions_(loop), transport_(std::move(transport)) {}

McpClient::~McpClient() { closing_.request_stop(); }

Task<Result<std::shared_ptr<McpClient>>> McpClient::Connect(Call call, Loop& loop,
                                                            std::unique_ptr<McpTransport> transport,
                                                            McpClientOptions options) {
  const std::shared_ptr<McpClient> client(new McpClient(loop, std::move(transport), std::move(options)));
  client->Begin();
  auto found = co_await client->FindEra(call);
  if (found) co_return client;
  co_await client->Close();
  co_return std::move(found).error().Under(client->options_.server);
}

void McpClient::Begin() {
  const auto on_message = [weak = weak_from_this()](RpcMessage message) {
    if (const auto self = weak.lock()) self->OnMessage(std::move(message));
  };
  const auto on_end = [weak = weak_from_this()](Error why) {
    const auto self = weak.lock();
    if (!self) return;
    self->over_ = true;
    self->questions_.GiveUp(why);
  };
  transport_->Start(on_message, on_end);
}

Task<Result<void>> McpClient::FindEra(Call call) {
  if (options_.era == McpEra::kStateful) co_return co_await Initialize(call);
  CO_TRY(const bool stateless, co_await Discover(call));
  if (stateless) co_return Result<void>();
  if (options_.era == McpEra::kStateless) {
    co_return Error::Unsupported({}, "the server does not speak revision " + std::string(kMcpStateless));
  }
  co_return co_await Initialize(call);
}

Task<Result<bool>> McpClient::Discover(Call call) {
  const bool probing = options_.era == McpEra::kAuto;
  Call probe = call;
  if (probing) probe.deadline = std::min(call.deadline, loop_.Now() + options_.probe_time);
  McpSending sending{.revision = std::string(kMcpStateless), .stateless = true, .headers = {}};
  const OnProgress silent;
  RpcAnswer answer;
  // A server that does not take the revision says which it takes; ours may well be among them.
  for (int tries = 0; tries < 2; ++tries) {
    const Json params = Json::Object({{"_meta", Meta(kMcpStateless)}});
    auto asked = co_await Ask(probe, "server/discover", params, sending, silent);
    if (!asked) {
      const ErrorKind kind = asked.error().kind;
      const bool says_no =
          asked.error().code.starts_with("http_4") || kind == ErrorKind::kTimeout || kind == ErrorKind::kInvalid;
      if (probing && says_no && !call.stopped(loop_.Now())) co_return false;
      co_return std::move(asked).error();
    }
    answer = *std::move(asked);
    if (!answer.error || answer.error->code != McpFault::kUnsupportedRevision) break;
    if (!Lists(answer.error->data["supported"], kMcpStateless)) co_return false;
  }
  if (answer.error) {
    // Any other fault is an older server's, unless the newer era alone has it.
    if (probing && !McpFault::IsStateless(answer.error->code)) co_return false;
    co_return FaultError("server/discover", *answer.error);
  }
  if (answer.result.Has("supportedVersions") && !Lists(answer.result["supportedVersions"], kMcpStateless)) {
    co_return false;
  }
  stateless_ = true;
  revision_ = std::string(kMcpStateless);
  server_info_ = answer.result["_meta"][kMcpMetaServerInfo];
  capabilities_ = answer.result["capabilities"];
  instructions_ = TextOf(answer.result["instructions"]);
  co_return true;
}

Task<Result<void>> McpClient::Initialize(Call call) {
  const Json params =
      Json::Object({{"protocolVersion", kMcpStateful}, {"capabilities", OurCapabilities()}, {"clientInfo", OurInfo()}});
  const McpSending first;
  const OnProgress silent;
  CO_TRY(const RpcAnswer answer, co_await Ask(call, "initialize", params, first, silent));
  if (answer.error) co_return FaultError("initialize", *answer.error);
  const std::string revision = TextOf(answer.result["protocolVersion"]);
  if (!IsKnownStateful(revision)) {
    co_return Error::Unsupported("initialize", "the server wants revision '" + revision.substr(0, 40) + "', want " +
                                                   std::string(kMcpStateful) + " or an earlier one");
  }
  revision_ = revision;
  server_info_ = answer.result["serverInfo"];
  capabilities_ = answer.result["capabilities"];
  instructions_ = TextOf(answer.result["instructions"]);
  const RpcMessage initialized = RpcMessage::Notification("notifications/initialized");
  McpSending sending = Sending();
  CO_TRY_VOID(co_await transport_->Send(call, initialized, std::move(sending)));
  ListenBeside();
  co_return Result<void>();
}

// What a server of the older era says beside requests, its questions among it, may come by a stream of its own.
void McpClient::ListenBeside() {
  Call call;
  listening_ = std::make_unique<StopLink>(closing_.get_token());
  call.stop = listening_->token();
  Spawn(transport_->Listen(std::move(call), Sending()), [self = shared_from_this()](Result<void>) {});
}

Json McpClient::OurInfo() const { return Json::Object({{"name", options_.name}, {"version", options_.version}}); }

Json McpClient::OurCapabilities() const {
  const McpClientHandlers& handlers = options_.handlers;
  Json capabilities = Json::Object();
  if (handlers.sample) capabilities.Set("sampling", Json::Object());
  if (handlers.roots) capabilities.Set("roots", Json::Object());
  if (!handlers.elicit) return capabilities;
  Json& elicitation = capabilities.Set("elicitation", Json::Object());
  if (handlers.elicit_urls) elicitation = Json::Object({{"form", Json::Object()}, {"url", Json::Object()}});
  return capabilities;
}

Json McpClient::Meta(std::string_view revision) const {
  return Json::Object(
      {{kMcpMetaRevision, revision}, {kMcpMetaClientInfo, OurInfo()}, {kMcpMetaCapabilities, OurCapabilities()}});
}

McpSending McpClient::Sending() const { return {.revision = revision_, .stateless = stateless_, .headers = {}}; }

McpSending McpClient::SendingOf(const std::string& method, const Json& params) const {
  McpSending sending = Sending();
  if (!stateless_ || method != "tools/call") return sending;
  const auto tool = mirrored_.find(TextOf(params["name"]));
  if (tool == mirrored_.end()) return sending;
  for (const McpMirroredParameter& parameter : tool->second) {
    if (const auto value = MirroredValue(parameter, params["arguments"])) {
      sending.headers.emplace_back("Mcp-Param-" + parameter.header, EncodeMcpHeader(*value));
    }
  }
  return sending;
}

Task<Result<RpcAnswer>> McpClient::Ask(Call call, std::string method, Json params, McpSending sending,
                                       OnProgress on_progress) {
  const auto self = shared_from_this();
  call.deadline = std::min(call.deadline, loop_.Now() + options_.request_time);
  const auto link = std::make_shared<StopLink>(call.stop);
  const std::stop_callback on_close(closing_.get_token(), [link] { link->Stop(); });
  Call asking = call;
  asking.stop = link->token();
  const std::string token = "p" + std::to_string(next_token_++);
  if (on_progress) {
    if (params.is_null()) params = Json::Object();
    Json meta = params["_meta"].is_object() ? params["_meta"] : Json::Object();
    meta.Set("progressToken", token);
    params.Set("_meta", std::move(meta));
    progress_.emplace(token, std::move(on_progress));
  }
  // What carries the request ends with it: for a server of the newer era that is the cancellation.
  const auto carrying = std::make_shared<StopLink>(asking.stop);
  const RpcQuestions::Send send = [self, asking, carrying, sending](const RpcMessage& message) {
    Call carried = asking;
    carried.stop = carrying->token();
    Spawn(Deliver(self, std::move(carried), message, sending));
    return true;
  };
  const bool cancels = method != "initialize" && !(stateless_ && transport_->answers_in_send());
  const RpcQuestions::OnGiveUp on_give_up = [self, carrying, cancels](const Json& id, const Error& why) {
    carrying->Stop();
    const Json told = Json::Object({{"requestId", id}, {"reason", why.what}});
    if (cancels) self->Tell("notifications/cancelled", told);
  };
  auto answer = co_await questions_.Ask(asking, std::move(method), std::move(params), send, on_give_up);
  progress_.erase(token);
  co_return answer;
}

Task<void> McpClient::Deliver(std::shared_ptr<McpClient> self, Call call, RpcMessage message, McpSending sending) {
  const Json id = message.id;
  auto sent = co_await self->transport_->Send(std::move(call), std::move(message), std::move(sending));
  if (!sent) {
    self->questions_.Fail(id, std::move(sent).error());
  } else if (self->transport_->answers_in_send()) {
    self->questions_.Fail(id, Error::Unavailable({}, "the server gave no answer"));
  }
}

void McpClient::Tell(std::string method, Json params) {
  Call call;
  call.stop = closing_.get_token();
  call.deadline = loop_.Now() + std::chrono::seconds(10);
  const RpcMessage message = RpcMessage::Notification(std::move(method), std::move(params));
  const auto self = shared_from_this();
  // Nobody waits for a notification; what fails here fails again where somebody does.
  Spawn(transport_->Send(std::move(call), message, Sending()), [self](Result<void>) {});
}

void McpClient::OnMessage(RpcMessage message) {
  if (message.is_answer()) {
    questions_.Answer(std::move(message));
    return;
  }
  if (message.is_request()) {
    Spawn(AnswerRequest(shared_from_this(), std::move(message)));
    return;
  }
  if (message.method == "notifications/progress") return OnProgressOf(message.params);
  if (options_.handlers.on_notification && (message.params.is_object() || message.params.is_null())) {
    options_.handlers.on_notification(message.method, message.params);
  }
}

void McpClient::OnProgressOf(const Json& params) {
  const auto found = progress_.find(TextOf(params["progressToken"]));
  if (found == progress_.end() || !params["progress"].is_number()) return;
  const double total = params["total"].is_number() ? params["total"].AsDouble() : 0;
  const OnProgress tell = found->second;
  tell(params["progress"].AsDouble(), total, TextOf(params["message"]));
}

Task<void> McpClient::AnswerRequest(std::shared_ptr<McpClient> self, RpcMessage request) {
  RpcMessage reply = RpcMessage::Answer(request.id, Json::Object());
  if (self->stateless_) {
    // The newer era has no requests of a server's; there is nothing to answer them with.
    co_return;
  }
  if (request.method != "ping") {
    if (self->num_answering_ >= self->options_.max_questions) {
      reply = RpcMessage::Fault(request.id,
                                {.code = RpcError::kInternal, .message = "too many questions at once", .data = {}});
    } else {
      ++self->num_answering_;
      Call call;
      call.stop = self->closing_.get_token();
      call.deadline = self->loop_.Now() + self->options_.request_time;
      auto answered = co_await self->AnswerOne(std::move(call), request.method, request.params);
      --self->num_answering_;
      if (answered) {
        reply.result = *std::move(answered);
      } else {
        const bool unknown = answered.error().code == "no_handler";
        const int64_t code = unknown ? RpcError::kMethodNotFound : RpcError::kInternal;
        reply = RpcMessage::Fault(request.id, {.code = code, .message = answered.error().Message(), .data = {}});
      }
    }
  }
  Call call;
  call.stop = self->closing_.get_token();
  McpSending sending = self->Sending();
  const auto ignored = co_await self->transport_->Send(std::move(call), std::move(reply), std::move(sending));
}

Task<Result<Json>> McpClient::AnswerOne(Call call, std::string method, Json params) {
  const McpClientHandlers& handlers = options_.handlers;
  const McpClientHandlers::Handler* handler = method == "sampling/createMessage" ? &handlers.sample
                                              : method == "elicitation/create"   ? &handlers.elicit
                                              : method == "roots/list"           ? &handlers.roots
                                                                                 : nullptr;
  if (handler == nullptr || !*handler) {
    co_return Error::Unsupported(method.substr(0, 100), "nothing here answers it").WithCode("no_handler");
  }
  auto answering = (*handler)(std::move(call), params);
  CO_TRY(Json answer, co_await std::move(answering));
  if (method == "elicitation/create") FillDefaults(params, answer);
  co_return answer;
}

Task<Result<Json>> McpClient::AnswerQuestions(Call call, Json questions) {
  if (!questions.is_object() || questions.size() > static_cast<int64_t>(options_.max_questions)) {
    co_return Error::Invalid("inputRequests",
                             "want an object of at most " + std::to_string(options_.max_questions) + " questions");
  }
  Json answers = Json::Object();
  for (const JsonMember& question : questions.members()) {
    auto answer = co_await AnswerOne(call, TextOf(question.value["method"]), question.value["params"]);
    if (!answer) co_return std::move(answer).error().Under("inputRequests." + question.key.substr(0, 100));
    answers.Set(question.key, *std::move(answer));
  }
  co_return answers;
}

Error McpClient::FaultError(const std::string& method, const RpcError& fault) const {
  const auto kind = fault.code == RpcError::kMethodNotFound  ? ErrorKind::kUnsupported
                    : fault.code == RpcError::kInvalidParams ? ErrorKind::kInvalid
                                                             : ErrorKind::kUnavailable;
  return Error::Of(
             kind, method,
             "the server answered with error " + std::to_string(fault.code) + ": " + fault.message.substr(0, 1000))
      .WithCode("mcp_fault");
}

Task<void> McpClient::Close() {
  over_ = true;
  closing_.request_stop();
  questions_.GiveUp(Error::Cancelled(options_.server, "the connection was closed"));
  co_await transport_->Close();
}

}  // namespace atelier
