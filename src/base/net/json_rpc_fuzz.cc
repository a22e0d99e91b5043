// A message of JSON-RPC as a stranger sends it: what is read can be written and reads as the same, and what is not
// gets an answer that is a message.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/net/json_rpc.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const RpcReading reading = ReadRpcMessage(text);
  const RpcMessage& message = reading.message ? *reading.message : reading.fault;
  const RpcReading again = ReadRpcMessage(message.Dump(), 64 << 20);
  CHECK(again.message.has_value());
  CHECK(again.message->kind == message.kind);
  CHECK(again.message->ToJson() == message.ToJson());
  return 0;
}
