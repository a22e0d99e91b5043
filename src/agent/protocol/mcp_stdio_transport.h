// A server that runs as a child process and speaks a message a line. Text that is no message is not the protocol's;
// some of it is borne with (programs log to stdout), too much ends the conversation.   [2026-07-28, transports, stdio]
#pragma once

#include <memory>
#include <string>

#include "agent/protocol/mcp_transport.h"
#include "base/process/live_child.h"

namespace atelier {

class McpStdioTransport final : public McpTransport {
 public:
  McpStdioTransport(Loop& loop, LiveChildSpec spec) : loop_(loop), spec_(std::move(spec)) {}

  // Starts the program; where that fails, the first Send says why.
  void Start(OnMessage on_message, OnEnd on_end) override;
  Task<Result<void>> Send(Call call, RpcMessage message, McpSending sending) override;
  Task<Result<void>> Listen(Call, McpSending) override { co_return Result<void>(); }
  bool answers_in_send() const override { return false; }
  Task<void> Close() override;

 private:
  static constexpr int kMaxStrayLines = 1000;
  void OnLine(std::string line);
  void OnPipeEnd(Result<void> why);

  Loop& loop_;
  const LiveChildSpec spec_;
  OnMessage on_message_;
  OnEnd on_end_;
  std::unique_ptr<LiveChild> child_;
  std::optional<Error> gone_;
  int num_stray_lines_ = 0;
};

}  // namespace atelier
