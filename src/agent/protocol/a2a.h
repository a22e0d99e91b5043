// The nouns of the Agent2Agent protocol, as version 1.0 writes them in JSON (ProtoJSON of a2a.proto). Everything inside
// speaks 1.0; version 0.3 is another way to write the same things, and stands in a2a_v03.h alone.
//
//   contextId   a conversation: tasks that belong together
//   task        a piece of work, with a state, messages (history) and results (artifacts)
//
//   SUBMITTED -> WORKING -> COMPLETED | FAILED | CANCELED | REJECTED           (terminal)
//                  |  ^
//                  v  |
//             INPUT_REQUIRED | AUTH_REQUIRED                                   (interrupted: a message goes on)
//
// Readers ignore keys they do not know, as the protocol wants, and take a2a.proto's own names (context_id) for JSON's
// (contextId), as ProtoJSON wants of them.   [A2A 1.0.1, specification/a2a.proto]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/describe_json.h"
#include "base/text/json.h"

namespace atelier {

enum class A2aVersion : uint8_t { kV03, kV10 };
// Of the header A2A-Version, where nothing means 0.3; a patch number is ignored. Nothing: we speak no such version.
std::optional<A2aVersion> A2aVersionOf(std::string_view header);
std::string_view A2aVersionName(A2aVersion version);  // "0.3"

enum class A2aState : uint8_t {
  kUnspecified,
  kSubmitted,
  kWorking,
  kCompleted,
  kFailed,
  kCanceled,
  kInputRequired,
  kRejected,
  kAuthRequired,
};
std::string_view A2aStateName(A2aState state);  // "TASK_STATE_WORKING"
std::optional<A2aState> A2aStateOf(std::string_view name);
bool IsTerminal(A2aState state);
bool IsInterrupted(A2aState state);

inline constexpr std::string_view kA2aUser = "ROLE_USER";
inline constexpr std::string_view kA2aAgent = "ROLE_AGENT";

// One of text, raw (base64), url and data.
struct A2aPart {
  std::optional<std::string> text = {}, raw = {}, url = {};
  Json data = {};  // null: none
  Json metadata = {};
  std::optional<std::string> filename = {}, media_type = {};
  static Fields Describe();
};
A2aPart A2aText(std::string text);
A2aPart A2aData(Json data);

struct A2aMessage {
  std::string message_id = {};
  std::optional<std::string> context_id = {}, task_id = {};
  std::string role = std::string(kA2aUser);
  std::vector<A2aPart> parts = {};
  Json metadata = {};
  std::optional<std::vector<std::string>> extensions = {}, reference_task_ids = {};
  static Fields Describe();
};
// The texts of its parts, one below the other.
std::string A2aTextOf(const std::vector<A2aPart>& parts);

struct A2aArtifact {
  std::string artifact_id = {};
  std::optional<std::string> name = {}, description = {};
  std::vector<A2aPart> parts = {};
  Json metadata = {};
  std::optional<std::vector<std::string>> extensions = {};
  static Fields Describe();
};

struct A2aStatus {
  std::string state = std::string(A2aStateName(A2aState::kSubmitted));
  std::optional<A2aMessage> message = {};
  std::optional<std::string> timestamp = {};  // "2026-11-28T10:30:00.000Z"
  static Fields Describe();
};

struct A2aTask {
  std::string id = {}, context_id = {};
  A2aStatus status = {};
  std::optional<std::vector<A2aArtifact>> artifacts = {};
  std::optional<std::vector<A2aMessage>> history = {};
  Json metadata = {};
  A2aState state() const { return A2aStateOf(status.state).value_or(A2aState::kUnspecified); }
  static Fields Describe();
};

// A part of an artifact: in place of what there was of it, or after that.
struct A2aArtifactUpdate {
  A2aArtifact artifact = {};
  bool append = false, last_chunk = false;
};
// What happens to a task while it is watched.
using A2aUpdate = std::variant<A2aStatus, A2aArtifactUpdate>;
// Changes `task` as the update says.
void Apply(const A2aUpdate& update, A2aTask& task);
// What its words are: of a status's message, or of the piece of an artifact.
std::string A2aTextOf(const A2aUpdate& update);
// An event of a stream: {"task": …}, {"message": …}, {"statusUpdate": …} or {"artifactUpdate": …}.
Json A2aEvent(const A2aTask& task);
Json A2aEvent(const A2aMessage& message);
Json A2aEvent(const A2aTask& task, const A2aUpdate& update);

// What comes of a message: an answer at once, or a task.
using A2aReply = std::variant<A2aMessage, A2aTask>;

struct A2aAuthentication {
  std::string scheme = {};
  std::optional<std::string> credentials = {};
  static Fields Describe();
};

// Where to tell of a task's updates.
struct A2aPushConfig {
  std::optional<std::string> id = {}, task_id = {};
  std::string url = {};
  std::optional<std::string> token = {};
  std::optional<A2aAuthentication> authentication = {};
  static Fields Describe();
};

struct A2aSendConfiguration {
  std::optional<std::vector<std::string>> accepted_output_modes = {};
  std::optional<A2aPushConfig> push = {};
  std::optional<int32_t> history_length = {};
  bool return_immediately = false;
  static Fields Describe();
};

struct A2aSend {
  A2aMessage message = {};
  std::optional<A2aSendConfiguration> configuration = {};
  Json metadata = {};
  static Fields Describe();
};

// Of a task, or of a push configuration of a task, by name.
struct A2aTaskQuery {
  std::string id = {};
  std::optional<int32_t> history_length = {};
  static Fields Describe();
};
struct A2aPushQuery {
  std::string task_id = {}, id = {};
  static Fields Describe();
};
struct A2aPushListQuery {
  std::string task_id = {};
  static Fields Describe();
};

struct A2aListQuery {
  std::optional<std::string> context_id = {}, status = {}, page_token = {}, status_timestamp_after = {};
  std::optional<int32_t> page_size = {}, history_length = {};
  std::optional<bool> include_artifacts = {};
  static Fields Describe();
};

// With JSON's names in place of a2a.proto's; what is free in form (metadata, data) stays as it is.
Json WithA2aNames(const Json& json);

// What a stranger has sent, as a struct. Errors: kInvalid under the path of what is wrong.
template <Described T>
Result<T> ReadA2a(const Json& json) {
  return ReadJson<T>(WithA2aNames(json), {.refuse_unknown = false});
}
// Has an id, a role, and parts that each hold one thing.
Result<void> CheckA2aMessage(const A2aMessage& message);

}  // namespace atelier
