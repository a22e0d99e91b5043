// How a client's messages reach a server, and the server's the client: over HTTP (mcp_http_transport.h) or to a child
// process (mcp_stdio_transport.h). A transport knows nothing of what is asked.
//
// What a server may make us hold is bounded in each: the length of a message, of a line, of a stream.   Loop thread
// only.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/protocol/mcp.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

// What goes along with one message, for transports that have a place for it.
struct McpSending {
  std::string revision = {};  // empty: not agreed on yet
  bool stateless = false;
  std::vector<std::pair<std::string, std::string>> headers = {};  // of mirrored parameters
};

class McpTransport {
 public:
  // A message of the server's. Never called within Send's own stack frame of a coroutine that was let go of.
  using OnMessage = std::function<void(RpcMessage)>;
  // The server is gone for good, or says what is no message.
  using OnEnd = std::function<void(Error)>;

  virtual ~McpTransport() = default;
  virtual void Start(OnMessage on_message, OnEnd on_end) = 0;
  // Ends when the server has the message; where `answers_in_send`, a request's ends when its answer was delivered.
  // Errors: kUnavailable, kTimeout, kCancelled, kTooLarge, kDenied; kNotFound with code "session_lost".
  virtual Task<Result<void>> Send(Call call, RpcMessage message, McpSending sending) = 0;
  // Reads what the server says beside requests until the call is stopped, where that takes a stream of its own.
  virtual Task<Result<void>> Listen(Call call, McpSending sending) = 0;
  virtual bool answers_in_send() const = 0;
  // A session that was lost is forgotten, so that a new one can begin.
  virtual void Forget() {}
  // Says goodbye, as far as there is a word for it.
  virtual Task<void> Close() = 0;
};

}  // namespace atelier
