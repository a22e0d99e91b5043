#include "base/net/json_rpc.h"

#include <utility>
#include <vector>

#include "base/task/patience.h"

namespace atelier {
namespace {

bool IsId(const Json& id) { return id.is_string() || (id.is_number() && id.AsInt64().has_value()); }

RpcReading Refused(Json id, int64_t code, std::string what) {
  RpcReading reading;
  const RpcError error{.code = code, .message = std::move(what), .data = {}};
  reading.fault = RpcMessage::Fault(IsId(id) ? std::move(id) : Json(), error);
  return reading;
}

RpcReading Read(RpcMessage message) {
  RpcReading reading;
  reading.message = std::move(message);
  return reading;
}

RpcReading ReadCall(const Json& body, const Json* id) {
  const Json& method = body["method"];
  if (!method.is_string()) {
    return Refused(body["id"], RpcError::kInvalidRequest,
                   "method: got " + std::string(method.TypeName()) + ", want a string");
  }
  const Json& params = body["params"];
  if (!params.is_null() && !params.is_object() && !params.is_array()) {
    return Refused(body["id"], RpcError::kInvalidRequest,
                   "params: got " + std::string(params.TypeName()) + ", want an object or an array");
  }
  if (id == nullptr) return Read(RpcMessage::Notification(method.AsString(), params));
  return Read(RpcMessage::Request(*id, method.AsString(), params));
}

RpcReading ReadAnswer(const Json& body, const Json* id) {
  const Json* result = body.Find("result");
  const Json* error = body.Find("error");
  if (result != nullptr && error != nullptr) {
    return Refused({}, RpcError::kInvalidRequest, "an answer: got both result and error, want one");
  }
  if (result != nullptr) {
    if (id == nullptr) return Refused({}, RpcError::kInvalidRequest, "id: got none, want that of the question");
    return Read(RpcMessage::Answer(*id, *result));
  }
  const Json& code = (*error)["code"];
  const Json& text = (*error)["message"];
  if (!code.is_number() || !code.AsInt64() || !text.is_string()) {
    return Refused({}, RpcError::kInvalidRequest, "error: want an object with an integer code and a message");
  }
  RpcError read{.code = *code.AsInt64(), .message = text.AsString(), .data = (*error)["data"]};
  return Read(RpcMessage::Fault(id == nullptr ? Json() : *id, std::move(read)));
}

RpcReading ReadBody(const Json& body) {
  if (body.is_array()) {
    return Refused({}, RpcError::kInvalidRequest, "got an array, want one message: batches are not taken");
  }
  if (!body.is_object()) {
    return Refused({}, RpcError::kInvalidRequest,
                   "a message: got " + std::string(body.TypeName()) + ", want an object");
  }
  const Json* id = body.Find("id");
  const Json& version = body["jsonrpc"];
  if (!version.is_string() || version.AsString() != "2.0") {
    return Refused(body["id"], RpcError::kInvalidRequest, "jsonrpc: want \"2.0\"");
  }
  const bool is_answer = !body.Has("method") && (body.Has("result") || body.Has("error"));
  if (id != nullptr && !IsId(*id)) {
    if (is_answer && id->is_null() && body.Has("error")) return ReadAnswer(body, nullptr);
    return Refused({}, RpcError::kInvalidRequest,
                   "id: got " + (id->is_number() ? id->NumberText() : std::string(id->TypeName())) +
                       ", want a string or an integer");
  }
  return is_answer ? ReadAnswer(body, id) : ReadCall(body, id);
}

}  // namespace

RpcMessage RpcMessage::Request(Json id, std::string method, Json params) {
  RpcMessage message;
  message.kind = Kind::kRequest;
  message.id = std::move(id);
  message.method = std::move(method);
  message.params = std::move(params);
  return message;
}

RpcMessage RpcMessage::Notification(std::string method, Json params) {
  RpcMessage message;
  message.method = std::move(method);
  message.params = std::move(params);
  return message;
}

RpcMessage RpcMessage::Answer(Json id, Json result) {
  RpcMessage message;
  message.kind = Kind::kResult;
  message.id = std::move(id);
  message.result = std::move(result);
  return message;
}

RpcMessage RpcMessage::Fault(Json id, RpcError error) {
  RpcMessage message;
  message.kind = Kind::kError;
  message.id = std::move(id);
  message.error = std::move(error);
  return message;
}

Json RpcMessage::ToJson() const {
  Json body = Json::Object({{"jsonrpc", "2.0"}});
  if (kind == Kind::kRequest || kind == Kind::kResult || (kind == Kind::kError && !id.is_null())) body.Set("id", id);
  if (is_answer()) {
    if (kind == Kind::kResult) {
      body.Set("result", result);
    } else {
      Json& fault = body.Set("error", Json::Object({{"code", error.code}, {"message", error.message}}));
      if (!error.data.is_null()) fault.Set("data", error.data);
    }
    return body;
  }
  body.Set("method", method);
  if (!params.is_null()) body.Set("params", params);
  return body;
}

RpcReading ReadRpcMessage(std::string_view text, int64_t max_bytes) {
  if (static_cast<int64_t>(text.size()) > max_bytes) {
    return Refused(
        {}, RpcError::kInvalidRequest,
        "a message: got " + std::to_string(text.size()) + " bytes, want at most " + std::to_string(max_bytes));
  }
  const auto body = Json::Parse(text);
  if (!body) return Refused({}, RpcError::kParse, "not JSON: " + body.error().Message());
  return ReadBody(*body);
}

std::string RpcIdKey(const Json& id) {
  if (id.is_number()) {
    const auto number = id.AsInt64();
    return number ? std::to_string(*number) : id.NumberText();
  }
  return id.Dump();
}

struct RpcQuestions::Open {
  using Answered = std::move_only_function<void(Result<RpcAnswer>)>;
  Answered answered;
  std::optional<PatienceWatch> watch;

  void End(Result<RpcAnswer> result) {
    watch.reset();
    if (answered) std::exchange(answered, nullptr)(std::move(result));
  }
};

RpcQuestions::~RpcQuestions() { GiveUp(Error::Unavailable({}, "the conversation has ended")); }

Task<Result<RpcAnswer>> RpcQuestions::Ask(Call call, std::string method, Json params, Send send, OnGiveUp on_give_up) {
  const Patience patience{.deadline = call.deadline, .stop = call.stop};
  if (auto over = AlreadyOver(loop_, method, "waiting for the answer", patience)) co_return *std::move(over);
  if (open_.size() >= max_open_) {
    co_return Error::Exhausted(method, std::to_string(open_.size()) + " questions wait for their answers already");
  }
  const Json id = next_id_++;
  const std::string key = RpcIdKey(id);
  auto open = std::make_shared<Open>();
  open_.emplace(key, open);
  const auto start = [this, open, key, id, patience, &method, &params, &send, &on_give_up](Open::Answered answered) {
    open->answered = std::move(answered);
    const auto give_up = [this, open, key, id, on_give_up](Error why) {
      open_.erase(key);
      if (on_give_up) on_give_up(id, why);
      open->End(std::move(why));
    };
    open->watch.emplace(loop_, method, "waiting for the answer", patience, give_up);
    // The answer may come before send returns; the question is open by then.
    if (!send(RpcMessage::Request(id, std::move(method), std::move(params))) && open_.erase(key) > 0) {
      open->End(Error::Unavailable({}, "the other side has gone"));
    }
  };
  auto asking = AwaitCallback<Result<RpcAnswer>>(loop_, start);
  co_return co_await asking;
}

bool RpcQuestions::Answer(RpcMessage message) {
  if (!message.is_answer() || message.id.is_null()) return false;
  const auto found = open_.find(RpcIdKey(message.id));
  if (found == open_.end()) return false;
  const auto open = found->second;
  open_.erase(found);
  RpcAnswer answer;
  if (message.kind == RpcMessage::Kind::kError) {
    answer.error = std::move(message.error);
  } else {
    answer.result = std::move(message.result);
  }
  open->End(std::move(answer));
  return true;
}

void RpcQuestions::Fail(const Json& id, Error why) {
  const auto found = open_.find(RpcIdKey(id));
  if (found == open_.end()) return;
  const auto open = found->second;
  open_.erase(found);
  open->End(std::move(why));
}

void RpcQuestions::GiveUp(const Error& why) {
  for (auto& [key, open] : std::exchange(open_, {})) open->End(why);
}

}  // namespace atelier
