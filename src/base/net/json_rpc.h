// JSON-RPC 2.0: messages as values, and the table of questions that wait for answers, over any transport.
// [jsonrpc.org/specification]
//
// Stricter than the specification where all of its users here are (MCP, A2A, ACP): one message at a time, no batch; an
// id is a string or an integer, null only in the answer to what could not be read; params are an object or an array.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/loop.h"
#include "base/task/task.h"
#include "base/text/json.h"

namespace atelier {

struct RpcError {
  static constexpr int64_t kParse = -32700;
  static constexpr int64_t kInvalidRequest = -32600;
  static constexpr int64_t kMethodNotFound = -32601;
  static constexpr int64_t kInvalidParams = -32602;
  static constexpr int64_t kInternal = -32603;

  int64_t code = kInternal;
  std::string message;
  Json data = {};  // null: none
};

struct RpcMessage {
  enum class Kind { kRequest, kNotification, kResult, kError };

  Kind kind = Kind::kNotification;
  Json id = {};             // of requests and their answers; null where the question could not be read
  std::string method = {};  // of requests and notifications
  Json params = {};         // null: none
  Json result = {};         // of kResult
  RpcError error = {};      // of kError

  static RpcMessage Request(Json id, std::string method, Json params = {});
  static RpcMessage Notification(std::string method, Json params = {});
  static RpcMessage Answer(Json id, Json result);
  static RpcMessage Fault(Json id, RpcError error);

  bool is_request() const { return kind == Kind::kRequest; }
  bool is_notification() const { return kind == Kind::kNotification; }
  bool is_answer() const { return kind == Kind::kResult || kind == Kind::kError; }
  Json ToJson() const;
  // One line without its end: newlines within strings are escaped.
  std::string Dump() const { return ToJson().Dump(); }
};

// What came in: a message, or why it is none with what the sender is to be answered (id null where unreadable).
struct RpcReading {
  std::optional<RpcMessage> message;
  RpcMessage fault;
};
// COST: linear. Text above `max_bytes` is refused unread.
RpcReading ReadRpcMessage(std::string_view text, int64_t max_bytes = 16 << 20);

// Strings and integers, by value: the key under which an id is kept ("7" and 7 differ).
std::string RpcIdKey(const Json& id);

// An answer: the result, or the other side's error.
struct RpcAnswer {
  Json result = {};
  std::optional<RpcError> error = {};
};

// Questions that we asked and that wait for their answers. Ids are ours, 1, 2, …, never used again. Loop thread only.
class RpcQuestions {
 public:
  // Hands a message to the transport; false: it is gone.
  using Send = std::function<bool(const RpcMessage&)>;
  // The wait for an answer was given up (deadline, stop): told to the other side by those who have a word for it.
  using OnGiveUp = std::function<void(const Json& id, const Error& why)>;

  explicit RpcQuestions(Loop& loop, size_t max_open = 256) : loop_(loop), max_open_(max_open) {}
  // Gives up all.
  ~RpcQuestions();
  RpcQuestions(const RpcQuestions&) = delete;
  RpcQuestions& operator=(const RpcQuestions&) = delete;

  // Asks and waits until the answer, the call's stop or its deadline. Errors: kTimeout, kCancelled, kUnavailable (the
  // transport is gone, or GiveUp), kExhausted (max_open).
  Task<Result<RpcAnswer>> Ask(Call call, std::string method, Json params, Send send, OnGiveUp on_give_up = {});
  // An answer came. False: nobody asked, or the wait was given up; it is to be ignored.
  bool Answer(RpcMessage message);
  // No answer will come: ends the wait with this error, if there still is one.
  void Fail(const Json& id, Error why);
  // A question that waits; its id as made by us.
  bool is_open(const Json& id) const { return open_.contains(RpcIdKey(id)); }
  // Ends all that wait with this error.
  void GiveUp(const Error& why);
  // The id that the next Ask will use.
  int64_t next_id() const { return next_id_; }

 private:
  struct Open;
  Loop& loop_;
  const size_t max_open_;
  int64_t next_id_ = 1;
  std::unordered_map<std::string, std::shared_ptr<Open>> open_;
};

}  // namespace atelier
