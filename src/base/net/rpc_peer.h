// One side of a JSON-RPC conversation over a channel that carries a message a line: the other side's requests, each a
// task that can be cancelled by its id, and questions of our own. MCP over stdio and ACP stand on it.
//
// The other side is a stranger: lines, requests under way and open questions are bounded, an id twice is refused,
// answers that nobody waits for are ignored.   Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/net/json_rpc.h"

namespace atelier {

class RpcPeer : public std::enable_shared_from_this<RpcPeer> {
 public:
  // Writes a line; false: nobody reads.
  using Write = std::function<bool(const std::string& line)>;
  struct Handlers {
    // Answers a request. Its call is stopped when the request is cancelled, and at Close. Nothing: no answer is wanted.
    std::function<Task<std::optional<RpcMessage>>(Call call, RpcMessage request)> serve;
    std::function<void(RpcMessage notification)> hear = {};
    // A question of ours was given up.
    RpcQuestions::OnGiveUp give_up = {};
  };
  struct Limits {
    int64_t max_message_bytes = 16 << 20;
    size_t max_running = 64;
    size_t max_open = 256;  // questions of ours
  };
  static std::shared_ptr<RpcPeer> Create(Loop& loop, Limits limits, Write write, Handlers handlers);
  ~RpcPeer() { Close(); }

  // The message of a line. Nothing: a blank line, or none that can be read, which the other side has been told.
  std::optional<RpcMessage> Read(std::string_view line);
  void Take(RpcMessage message);
  void TakeLine(std::string_view line) {
    if (auto message = Read(line)) Take(*std::move(message));
  }

  // False: nobody reads.
  bool Send(const RpcMessage& message) { return !closed_ && write_(message.Dump()); }
  // Errors as RpcQuestions::Ask's.
  Task<Result<RpcAnswer>> Ask(Call call, std::string method, Json params);

  // Stops the request that has this id. False: none has.
  bool Cancel(const Json& id);
  // The other side has gone: stops all requests, gives up all questions; nothing is sent any more.
  void Close();
  // Waits until no request is under way, or the call's deadline or stop.
  Task<void> Drain(Call call);
  size_t num_running() const { return running_.size(); }
  bool is_closed() const { return closed_; }

 private:
  RpcPeer(Loop& loop, Limits limits, Write write, Handlers handlers);
  void Refuse(const Json& id, int64_t code, std::string what);

  Loop& loop_;
  const Limits limits_;
  const Write write_;
  const Handlers handlers_;
  RpcQuestions questions_;
  std::unordered_map<std::string, std::stop_source> running_;
  std::stop_source idle_;  // requested when, after Close, nothing runs any more
  bool closed_ = false;
};

}  // namespace atelier
