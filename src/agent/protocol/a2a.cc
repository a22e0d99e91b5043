#include "agent/protocol/a2a.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text/base64.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 9> kStates = {
    "TASK_STATE_UNSPECIFIED",    "TASK_STATE_SUBMITTED", "TASK_STATE_WORKING",
    "TASK_STATE_COMPLETED",      "TASK_STATE_FAILED",    "TASK_STATE_CANCELED",
    "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_REJECTED",  "TASK_STATE_AUTH_REQUIRED"};

constexpr int64_t kMaxIdBytes = 256;
constexpr int64_t kMaxParts = 1'000;
constexpr int64_t kMaxNames = 100;  // of extensions, tasks referred to, media types

}  // namespace

std::optional<A2aVersion> A2aVersionOf(std::string_view header) {
  if (header.empty() || header == "0.3" || header.starts_with("0.3.")) return A2aVersion::kV03;
  if (header == "1.0" || header == "1" || header.starts_with("1.0.")) return A2aVersion::kV10;
  return {};
}
std::string_view A2aVersionName(A2aVersion version) { return version == A2aVersion::kV03 ? "0.3" : "1.0"; }

std::string_view A2aStateName(A2aState state) { return kStates[static_cast<size_t>(state)]; }
std::optional<A2aState> A2aStateOf(std::string_view name) {
  const auto at = std::ranges::find(kStates, name);
  if (at == kStates.end()) return {};
  return static_cast<A2aState>(at - kStates.begin());
}
bool IsTerminal(A2aState state) {
  return state == A2aState::kCompleted || state == A2aState::kFailed || state == A2aState::kCanceled ||
         state == A2aState::kRejected;
}
bool IsInterrupted(A2aState state) { return state == A2aState::kInputRequired || state == A2aState::kAuthRequired; }

Fields A2aPart::Describe() {
  using T = A2aPart;
  static constexpr Field fields[] = {
      Key<&T::text>("text", "the text itself"),
      Key<&T::raw>("raw", "a file's bytes, as base64"),
      Key<&T::url>("url", "where the file is").AtMostBytes(8192),
      Key<&T::data>("data", "structured data"),
      Key<&T::metadata>("metadata", "about the part"),
      Key<&T::filename>("filename", "of the file").AtMostBytes(1024),
      Key<&T::media_type>("mediaType", "of the content").AtMostBytes(256),
  };
  return fields;
}
A2aPart A2aText(std::string text) { return A2aPart{.text = std::move(text)}; }
A2aPart A2aData(Json data) { return A2aPart{.data = std::move(data), .media_type = "application/json"}; }

Fields A2aMessage::Describe() {
  using T = A2aMessage;
  static constexpr Field fields[] = {
      Key<&T::message_id>("messageId", "made by who made the message").AtMostBytes(kMaxIdBytes).Required(),
      Key<&T::context_id>("contextId", "the conversation").AtMostBytes(kMaxIdBytes),
      Key<&T::task_id>("taskId", "the task that it goes on with").AtMostBytes(kMaxIdBytes),
      Key<&T::role>("role", "who says it").OneOf("ROLE_USER|ROLE_AGENT").Required(),
      Key<&T::parts>("parts", "what is said").AtMostItems(kMaxParts).Required(),
      Key<&T::metadata>("metadata", "about the message"),
      Key<&T::extensions>("extensions", "URIs of those that it uses").AtMostItems(kMaxNames),
      Key<&T::reference_task_ids>("referenceTaskIds", "tasks to look at").AtMostItems(kMaxNames),
  };
  return fields;
}
std::string A2aTextOf(const std::vector<A2aPart>& parts) {
  std::string all;
  for (const A2aPart& part : parts) {
    if (part.text) all += (all.empty() ? "" : "\n") + *part.text;
  }
  return all;
}

Fields A2aArtifact::Describe() {
  using T = A2aArtifact;
  static constexpr Field fields[] = {
      Key<&T::artifact_id>("artifactId", "unique within the task").Required(),
      Key<&T::name>("name", "for people"),
      Key<&T::description>("description", "for people"),
      Key<&T::parts>("parts", "its content").AtMostItems(kMaxParts).Required(),
      Key<&T::metadata>("metadata", "about the artifact"),
      Key<&T::extensions>("extensions", "URIs of those that it uses").AtMostItems(kMaxNames),
  };
  return fields;
}

Fields A2aStatus::Describe() {
  using T = A2aStatus;
  static constexpr Field fields[] = {
      Key<&T::state>("state", "how the task stands").Required(),
      Key<&T::message>("message", "about that"),
      Key<&T::timestamp>("timestamp", "since when"),
  };
  return fields;
}

Fields A2aTask::Describe() {
  using T = A2aTask;
  static constexpr Field fields[] = {
      Key<&T::id>("id", "the server's").Required(),          Key<&T::context_id>("contextId", "the conversation"),
      Key<&T::status>("status", "how it stands").Required(), Key<&T::artifacts>("artifacts", "what came of it"),
      Key<&T::history>("history", "its messages"),           Key<&T::metadata>("metadata", "about the task"),
  };
  return fields;
}

void Apply(const A2aUpdate& update, A2aTask& task) {
  if (const auto* status = std::get_if<A2aStatus>(&update)) {
    task.status = *status;
    return;
  }
  const auto& change = std::get<A2aArtifactUpdate>(update);
  if (!task.artifacts) task.artifacts.emplace();
  const auto same = [&](const A2aArtifact& one) { return one.artifact_id == change.artifact.artifact_id; };
  const auto at = std::ranges::find_if(*task.artifacts, same);
  if (at == task.artifacts->end()) {
    task.artifacts->push_back(change.artifact);
  } else if (!change.append) {
    *at = change.artifact;
  } else {
    for (const A2aPart& part : change.artifact.parts) {
      // Texts that follow each other are one text that came in pieces.
      if (part.text && !at->parts.empty() && at->parts.back().text) {
        *at->parts.back().text += *part.text;
      } else {
        at->parts.push_back(part);
      }
    }
  }
}

std::string A2aTextOf(const A2aUpdate& update) {
  if (const auto* piece = std::get_if<A2aArtifactUpdate>(&update)) return A2aTextOf(piece->artifact.parts);
  const auto& message = std::get<A2aStatus>(update).message;
  return message ? A2aTextOf(message->parts) : std::string();
}

Json A2aEvent(const A2aTask& task) { return Json::Object({{"task", WriteJson(task)}}); }
Json A2aEvent(const A2aMessage& message) { return Json::Object({{"message", WriteJson(message)}}); }
Json A2aEvent(const A2aTask& task, const A2aUpdate& update) {
  Json body = Json::Object({{"taskId", task.id}, {"contextId", task.context_id}});
  if (const auto* status = std::get_if<A2aStatus>(&update)) {
    body.Set("status", WriteJson(*status));
    return Json::Object({{"statusUpdate", std::move(body)}});
  }
  const auto& change = std::get<A2aArtifactUpdate>(update);
  body.Set("artifact", WriteJson(change.artifact));
  if (change.append) body.Set("append", true);
  if (change.last_chunk) body.Set("lastChunk", true);
  return Json::Object({{"artifactUpdate", std::move(body)}});
}

Fields A2aAuthentication::Describe() {
  using T = A2aAuthentication;
  static constexpr Field fields[] = {
      Key<&T::scheme>("scheme", "of the Authorization header").AtMostBytes(64).Required(),
      Key<&T::credentials>("credentials", "after the scheme").AtMostBytes(8192),
  };
  return fields;
}

Fields A2aPushConfig::Describe() {
  using T = A2aPushConfig;
  static constexpr Field fields[] = {
      Key<&T::id>("id", "of the configuration").AtMostBytes(kMaxIdBytes),
      Key<&T::task_id>("taskId", "of the task").AtMostBytes(kMaxIdBytes),
      Key<&T::url>("url", "that is told").AtMostBytes(2048).Required(),
      Key<&T::token>("token", "that shows the notification is ours").AtMostBytes(4096),
      Key<&T::authentication>("authentication", "what the URL wants"),
  };
  return fields;
}

Fields A2aSendConfiguration::Describe() {
  using T = A2aSendConfiguration;
  static constexpr Field fields[] = {
      Key<&T::accepted_output_modes>("acceptedOutputModes", "media types").AtMostItems(kMaxNames),
      Key<&T::push>("taskPushNotificationConfig", "where to tell of updates"),
      Key<&T::history_length>("historyLength", "messages in the answer").AtLeast(0),
      Key<&T::return_immediately>("returnImmediately", "do not wait for the task"),
  };
  return fields;
}

Fields A2aSend::Describe() {
  using T = A2aSend;
  static constexpr Field fields[] = {
      Key<&T::message>("message", "what is said").Required(),
      Key<&T::configuration>("configuration", "how it is answered"),
      Key<&T::metadata>("metadata", "about the request"),
  };
  return fields;
}

Fields A2aTaskQuery::Describe() {
  using T = A2aTaskQuery;
  static constexpr Field fields[] = {
      Key<&T::id>("id", "of the task").AtMostBytes(kMaxIdBytes).Required(),
      Key<&T::history_length>("historyLength", "messages in the answer").AtLeast(0),
  };
  return fields;
}
Fields A2aPushQuery::Describe() {
  using T = A2aPushQuery;
  static constexpr Field fields[] = {
      Key<&T::task_id>("taskId", "of the task").AtMostBytes(kMaxIdBytes).Required(),
      Key<&T::id>("id", "of the configuration").AtMostBytes(kMaxIdBytes).Required(),
  };
  return fields;
}
Fields A2aPushListQuery::Describe() {
  using T = A2aPushListQuery;
  static constexpr Field fields[] = {
      Key<&T::task_id>("taskId", "of the task").AtMostBytes(kMaxIdBytes).Required(),
  };
  return fields;
}

Fields A2aListQuery::Describe() {
  using T = A2aListQuery;
  static constexpr Field fields[] = {
      Key<&T::context_id>("contextId", "tasks of this conversation").AtMostBytes(kMaxIdBytes),
      Key<&T::status>("status", "tasks in this state").AtMostBytes(64),
      Key<&T::page_size>("pageSize", "tasks of an answer").Between(1, 100),
      Key<&T::page_token>("pageToken", "where the last page ended").AtMostBytes(1024),
      Key<&T::history_length>("historyLength", "messages of a task").AtLeast(0),
      Key<&T::status_timestamp_after>("statusTimestampAfter", "tasks changed since").AtMostBytes(64),
      Key<&T::include_artifacts>("includeArtifacts", "give their artifacts too"),
  };
  return fields;
}

namespace {

// "contextId" of "context_id".
std::string CamelCase(std::string_view name) {
  std::string out;
  bool raise = false;
  for (const char c : name) {
    if (c == '_') {
      raise = true;
      continue;
    }
    out += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    raise = false;
  }
  return out;
}

}  // namespace

Json WithA2aNames(const Json& json) {
  if (json.is_array()) {
    Json out = Json::Array();
    for (const Json& item : json.items()) out.Push(WithA2aNames(item));
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::Object();
  for (const JsonMember& member : json.members()) {
    const std::string name = CamelCase(member.key);
    if (name != member.key && json.Has(name)) continue;  // said twice: JSON's own name holds
    const bool is_free = name == "metadata" || name == "data";
    out.Set(name, is_free ? member.value : WithA2aNames(member.value));
  }
  return out;
}

Result<void> CheckA2aMessage(const A2aMessage& message) {
  if (message.message_id.empty()) return Error::Invalid("message.messageId", "got none, want an id");
  if (message.parts.empty()) return Error::Invalid("message.parts", "got none, want at least one");
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const A2aPart& part = message.parts[i];
    const std::string where = "message.parts[" + std::to_string(i) + "]";
    const int held = part.text.has_value() + part.raw.has_value() + part.url.has_value() + !part.data.is_null();
    if (held != 1) {
      return Error::Invalid(where, "got " + std::to_string(held) + " of text, raw, url and data, want one");
    }
    if (part.raw && !Base64Decode(*part.raw).ok()) return Error::Invalid(where + ".raw", "is not base64");
  }
  return {};
}

}  // namespace atelier
