#include "agent/protocol/mcp_stdio_transport.h"

#include <utility>

namespace atelier {

void McpStdioTransport::Start(OnMessage on_message, OnEnd on_end) {
  on_message_ = std::move(on_message);
  on_end_ = std::move(on_end);
  auto started = LiveChild::Start(
      loop_, spec_, [this](std::string line) { OnLine(std::move(line)); },
      [this](Result<void> why) { OnPipeEnd(std::move(why)); });
  if (started) {
    child_ = *std::move(started);
  } else {
    gone_ = std::move(started).error();
  }
}

Task<Result<void>> McpStdioTransport::Send(Call, RpcMessage message, McpSending) {
  if (gone_) co_return *gone_;
  if (child_ == nullptr) co_return Error::Unavailable(spec_.args[0], "the server was ended");
  if (!child_->Write(message.Dump())) co_return Error::Unavailable(spec_.args[0], "the server does not read");
  co_return Result<void>();
}

void McpStdioTransport::OnLine(std::string line) {
  if (line.find_first_not_of(" \t") == std::string::npos || gone_) return;
  RpcReading reading = ReadRpcMessage(line, spec_.max_line_bytes);
  if (reading.message) return on_message_(*std::move(reading.message));
  if (++num_stray_lines_ <= kMaxStrayLines) return;
  OnPipeEnd(Error::Invalid("stdout", "got more than " + std::to_string(kMaxStrayLines) +
                                         " lines that are no messages; the last: " + reading.fault.error.message));
}

void McpStdioTransport::OnPipeEnd(Result<void> why) {
  if (gone_) return;
  const std::string said = child_ ? child_->complaints() : std::string();
  gone_ =
      why ? Error::Unavailable(spec_.args[0], "the server has ended" + (said.empty() ? "" : "; its stderr: " + said))
          : std::move(why).error().Under(spec_.args[0]);
  on_end_(*gone_);
}

Task<void> McpStdioTransport::Close() {
  child_.reset();
  co_return;
}

}  // namespace atelier
