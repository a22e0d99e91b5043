#include "base/net/rpc_peer.h"

#include <utility>
#include <vector>

namespace atelier {

std::shared_ptr<RpcPeer> RpcPeer::Create(Loop& loop, Limits limits, Write write, Handlers handlers) {
  return std::shared_ptr<RpcPeer>(new RpcPeer(loop, limits, std::move(write), std::move(handlers)));
}

RpcPeer::RpcPeer(Loop& loop, Limits limits, Write write, Handlers handlers)
    : loop_(loop),
      limits_(limits),
      write_(std::move(write)),
      handlers_(std::move(handlers)),
      questions_(loop, limits.max_open) {}

std::optional<RpcMessage> RpcPeer::Read(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
  RpcReading reading = ReadRpcMessage(line, limits_.max_message_bytes);
  if (!reading.message) Send(reading.fault);
  return std::move(reading.message);
}

void RpcPeer::Refuse(const Json& id, int64_t code, std::string what) {
  RpcError error{.code = code, .message = std::move(what), .data = {}};
  Send(RpcMessage::Fault(id, std::move(error)));
}

void RpcPeer::Take(RpcMessage message) {
  if (closed_) return;
  if (message.is_answer()) {
    questions_.Answer(std::move(message));
    return;
  }
  if (message.is_notification()) {
    if (handlers_.hear) handlers_.hear(std::move(message));
    return;
  }
  const std::string key = RpcIdKey(message.id);
  if (running_.contains(key)) {
    return Refuse(message.id, RpcError::kInvalidRequest, "id: a request with it is under way");
  }
  if (running_.size() >= limits_.max_running) {
    return Refuse(message.id, RpcError::kInternal,
                  std::to_string(running_.size()) + " requests are under way already; try again later");
  }
  std::stop_source stop;
  running_.emplace(key, stop);
  Call call;
  call.stop = stop.get_token();
  const auto finish = [weak = weak_from_this(), key](std::optional<RpcMessage> answer) {
    const auto self = weak.lock();
    if (!self) return;
    self->running_.erase(key);
    if (answer) self->Send(*answer);
    if (self->closed_ && self->running_.empty()) self->idle_.request_stop();
  };
  Spawn(handlers_.serve(std::move(call), std::move(message)), finish);
}

Task<Result<RpcAnswer>> RpcPeer::Ask(Call call, std::string method, Json params) {
  const auto self = shared_from_this();
  if (closed_) co_return Error::Unavailable(method, "the other side has gone");
  const RpcQuestions::Send send = [self](const RpcMessage& message) { return self->Send(message); };
  co_return co_await questions_.Ask(std::move(call), std::move(method), std::move(params), send, handlers_.give_up);
}

bool RpcPeer::Cancel(const Json& id) {
  const auto found = running_.find(RpcIdKey(id));
  if (found == running_.end()) return false;
  // A copy: stopping may end the request, and with it the row.
  std::stop_source stop = found->second;
  stop.request_stop();
  return true;
}

void RpcPeer::Close() {
  if (std::exchange(closed_, true)) return;
  std::vector<std::stop_source> stops;
  for (const auto& [key, stop] : running_) stops.push_back(stop);
  for (std::stop_source& stop : stops) stop.request_stop();
  questions_.GiveUp(Error::Unavailable({}, "the other side has gone"));
  if (running_.empty()) idle_.request_stop();
}

Task<void> RpcPeer::Drain(Call call) {
  const auto self = shared_from_this();
  if (running_.empty()) co_return;
  const std::stop_callback on_stop(call.stop, [self] { self->idle_.request_stop(); });
  co_await SleepUntil(loop_, call.deadline, idle_.get_token());
}

}  // namespace atelier
