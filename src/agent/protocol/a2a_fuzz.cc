// What a stranger sends over A2A, as client or as server, in either version: parameters, tasks, events, cards, errors.
// What is read can be written and reads as the same; nothing that cannot be read ends the program.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/protocol/a2a.h"
#include "agent/protocol/a2a_client.h"
#include "agent/protocol/a2a_error.h"
#include "agent/protocol/a2a_signature.h"
#include "agent/protocol/a2a_time.h"
#include "agent/protocol/a2a_v03.h"

namespace atelier {
namespace {

template <Described T>
void Read(const Json& json) {
  const Result<T> read = ReadA2a<T>(json);
  if (!read.ok()) return;
  const Json written = WriteJson(*read);
  const Result<T> again = ReadA2a<T>(written);
  CHECK(again.ok());
  CHECK(WriteJson(*again) == written);
}

void ReadParams(const Json& params) {
  Read<A2aSend>(params);
  Read<A2aTaskQuery>(params);
  Read<A2aListQuery>(params);
  Read<A2aPushConfig>(params);
  Read<A2aPushQuery>(params);
  const Result<A2aSend> send = ReadA2a<A2aSend>(params);
  if (!send.ok()) return;
  (void)CheckA2aMessage(send->message);
  (void)A2aTextOf(send->message.parts);
}

void ReadTask(const Json& json) {
  Read<A2aTask>(json);
  Result<A2aTask> task = ReadA2a<A2aTask>(json);
  if (!task.ok()) return;
  if (task->artifacts) {
    for (const A2aArtifact& artifact : std::vector<A2aArtifact>(*task->artifacts)) {
      Apply(A2aArtifactUpdate{.artifact = artifact, .append = true}, *task);
    }
  }
  const Json event = A2aEvent(*task);
  for (const A2aV03Form form : {A2aV03Form::kRpc, A2aV03Form::kRest}) {
    (void)A2aV03Result("SubscribeToTask", event, form);
    (void)A2aV03Task(event["task"], form);
  }
}

void ReadCard(const Json& json) {
  const std::string canonical = A2aCanonicalCard(json);
  CHECK(A2aCanonicalCard(Json::Parse(canonical).value()) == canonical);
  (void)ChooseA2aPeer(json);
  (void)VerifiedA2aCard(json, json["keys"]);
}

void ReadAll(const Json& json) {
  for (const char* method : {"SendMessage", "GetTask", "CreateTaskPushNotificationConfig",
                             "GetTaskPushNotificationConfig", "ListTaskPushNotificationConfigs"}) {
    ReadParams(A2aV10Params(method, json, A2aV03Form::kRpc));
    ReadParams(A2aV10Params(method, json, A2aV03Form::kRest));
    (void)A2aV03Params(method, json);
    (void)A2aV03Params(method, json, A2aV03Form::kRest);
    (void)A2aV10Result(method, json, A2aV03Form::kRest);
    (void)A2aV03Result(method, json, A2aV03Form::kRpc);
    (void)A2aV03Result(method, json, A2aV03Form::kRest);
    (void)A2aV10Result(method, json);
  }
  ReadParams(json);
  ReadTask(json);
  ReadTask(json["task"]);
  ReadTask(A2aV10Result("GetTask", json));
  ReadTask(A2aV10Result("SendMessage", json)["task"]);
  ReadCard(json);
  (void)ReadA2aHttpError(400, json);
  const RpcReading rpc = ReadRpcMessage(json.Dump());
  if (rpc.message && rpc.message->kind == RpcMessage::Kind::kError) (void)ReadA2aRpcError(rpc.message->error);
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)A2aVersionOf(text);
  (void)ParseA2aTime("time", std::string(text.substr(0, 64)));
  const Result<Json> json = Json::Parse(text);
  if (json.ok()) ReadAll(*json);
  return 0;
}
