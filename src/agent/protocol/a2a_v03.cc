#include "agent/protocol/a2a_v03.h"

#include <algorithm>
#include <array>
#include <utility>

namespace atelier {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;  // 1.0, 0.3

constexpr std::array<Pair, 10> kMethods = {{
    {"SendMessage", "message/send"},
    {"SendStreamingMessage", "message/stream"},
    {"GetTask", "tasks/get"},
    {"CancelTask", "tasks/cancel"},
    {"SubscribeToTask", "tasks/resubscribe"},
    {"CreateTaskPushNotificationConfig", "tasks/pushNotificationConfig/set"},
    {"GetTaskPushNotificationConfig", "tasks/pushNotificationConfig/get"},
    {"ListTaskPushNotificationConfigs", "tasks/pushNotificationConfig/list"},
    {"DeleteTaskPushNotificationConfig", "tasks/pushNotificationConfig/delete"},
    {"GetExtendedAgentCard", "agent/getAuthenticatedExtendedCard"},
}};

constexpr std::array<Pair, 9> kStates = {{
    {"TASK_STATE_UNSPECIFIED", "unknown"},
    {"TASK_STATE_SUBMITTED", "submitted"},
    {"TASK_STATE_WORKING", "working"},
    {"TASK_STATE_COMPLETED", "completed"},
    {"TASK_STATE_FAILED", "failed"},
    {"TASK_STATE_CANCELED", "canceled"},
    {"TASK_STATE_INPUT_REQUIRED", "input-required"},
    {"TASK_STATE_REJECTED", "rejected"},
    {"TASK_STATE_AUTH_REQUIRED", "auth-required"},
}};
constexpr std::array<Pair, 2> kRoles = {{{"ROLE_USER", "user"}, {"ROLE_AGENT", "agent"}}};

// Older drafts of a2a.proto, which 0.3's HTTP+JSON writes.
constexpr std::array<Pair, 1> kProtoStates = {{{"TASK_STATE_CANCELED", "TASK_STATE_CANCELLED"}}};

template <size_t kSize>
Json Renamed(const std::array<Pair, kSize>& table, const Json& value, bool to_v03) {
  if (!value.is_string()) return value;
  for (const auto& [v10, v03] : table) {
    if (value.AsString() == (to_v03 ? v10 : v03)) return to_v03 ? v03 : v10;
  }
  return value;
}

// The members of `from` named, where they are and not null, under other names where two are given.
void Copy(const Json& from, Json& to, std::initializer_list<Pair> names) {
  for (const auto& [source, target] : names) {
    const Json& value = from[source];
    if (!value.is_null()) to.Set(target, value);
  }
}

template <class Change>
Json Each(const Json& list, Change change) {
  if (!list.is_array()) return list;
  Json out = Json::Array();
  for (const Json& item : list.items()) out.Push(change(item));
  return out;
}

// ---- 0.3 to 1.0

Json UpFile(const Json& file, const Json& part) {
  Json out = Json::Object();
  Copy(file, out, {{"bytes", "raw"}, {"uri", "url"}, {"fileWithBytes", "raw"}, {"fileWithUri", "url"}});
  Copy(file, out, {{"name", "filename"}, {"mimeType", "mediaType"}});
  Copy(part, out, {{"metadata", "metadata"}});
  return out;
}

Json UpPart(const Json& part, A2aV03Form form) {
  if (!part.is_object()) return part;
  if (part["file"].is_object()) return UpFile(part["file"], part);
  Json out = Json::Object();
  Copy(part, out, {{"text", "text"}, {"metadata", "metadata"}});
  const Json& data = part["data"];
  if (!data.is_null()) out.Set("data", form == A2aV03Form::kRest && data.Has("data") ? data["data"] : data);
  return out;
}

Json UpMessage(const Json& message, A2aV03Form form) {
  if (!message.is_object()) return message;
  Json out = Json::Object();
  Copy(message, out,
       {{"messageId", "messageId"}, {"contextId", "contextId"}, {"taskId", "taskId"}, {"metadata", "metadata"}});
  Copy(message, out, {{"extensions", "extensions"}, {"referenceTaskIds", "referenceTaskIds"}});
  if (message.Has("role")) out.Set("role", Renamed(kRoles, message["role"], false));
  const Json& parts = message.Has("content") ? message["content"] : message["parts"];
  if (!parts.is_null()) out.Set("parts", Each(parts, [form](const Json& part) { return UpPart(part, form); }));
  return out;
}

Json UpArtifact(const Json& artifact, A2aV03Form form) {
  Json out = artifact;
  if (artifact["parts"].is_array()) {
    out.Set("parts", Each(artifact["parts"], [form](const Json& part) { return UpPart(part, form); }));
  }
  return out;
}

Json UpStatus(const Json& status, A2aV03Form form) {
  if (!status.is_object()) return status;
  Json out = Json::Object();
  Json state = Renamed(kStates, status["state"], false);
  out.Set("state", Renamed(kProtoStates, state, false));
  const Json& message = status.Has("update") ? status["update"] : status["message"];
  if (message.is_object()) out.Set("message", UpMessage(message, form));
  Copy(status, out, {{"timestamp", "timestamp"}});
  return out;
}

Json UpTask(const Json& task, A2aV03Form form) {
  if (!task.is_object()) return task;
  Json out = Json::Object();
  Copy(task, out, {{"id", "id"}, {"contextId", "contextId"}, {"metadata", "metadata"}});
  out.Set("status", UpStatus(task["status"], form));
  const auto artifact = [form](const Json& one) { return UpArtifact(one, form); };
  const auto message = [form](const Json& one) { return UpMessage(one, form); };
  if (task["artifacts"].is_array()) out.Set("artifacts", Each(task["artifacts"], artifact));
  if (task["history"].is_array()) out.Set("history", Each(task["history"], message));
  return out;
}

Json UpUpdate(const Json& event, A2aV03Form form) {
  Json out = Json::Object();
  Copy(event, out, {{"taskId", "taskId"}, {"contextId", "contextId"}, {"metadata", "metadata"}});
  Copy(event, out, {{"append", "append"}, {"lastChunk", "lastChunk"}});
  if (event.Has("status")) out.Set("status", UpStatus(event["status"], form));
  if (event.Has("artifact")) out.Set("artifact", UpArtifact(event["artifact"], form));
  return out;
}

// What "kind" says, or HTTP+JSON's key, under 1.0's key.
Json UpEvent(const Json& event, A2aV03Form form) {
  const bool rpc = form == A2aV03Form::kRpc;
  const Json& kind = event["kind"];
  const auto is = [&](std::string_view word, std::string_view key) {
    return rpc ? kind == Json(word) : event.Has(key);
  };
  const auto of = [&](std::string_view key) -> const Json& { return rpc ? event : event[key]; };
  if (is("task", "task")) return Json::Object({{"task", UpTask(of("task"), form)}});
  if (is("message", "message")) return Json::Object({{"message", UpMessage(of("message"), form)}});
  if (!rpc && event.Has("msg")) return Json::Object({{"message", UpMessage(event["msg"], form)}});
  if (is("status-update", "statusUpdate")) return Json::Object({{"statusUpdate", UpUpdate(of("statusUpdate"), form)}});
  if (is("artifact-update", "artifactUpdate")) {
    return Json::Object({{"artifactUpdate", UpUpdate(of("artifactUpdate"), form)}});
  }
  return event;
}

Json UpPush(const Json& config) {
  if (!config.is_object()) return config;
  Json out = Json::Object();
  Copy(config, out, {{"id", "id"}, {"url", "url"}, {"token", "token"}});
  const Json& authentication = config["authentication"];
  if (authentication.is_object()) {
    Json up = Json::Object();
    const Json& schemes = authentication["schemes"];
    up.Set("scheme", schemes.is_array() && !schemes.empty() ? schemes[0] : Json(""));
    Copy(authentication, up, {{"credentials", "credentials"}});
    out.Set("authentication", std::move(up));
  }
  return out;
}
Json UpTaskPush(const Json& push) {
  Json out = UpPush(push.Has("pushNotificationConfig") ? push["pushNotificationConfig"] : push);
  if (out.is_object()) Copy(push, out, {{"taskId", "taskId"}});
  return out;
}

Json UpSend(const Json& params, A2aV03Form form) {
  Json out = Json::Object();
  const Json& message = params.Has("request") ? params["request"] : params["message"];
  if (!message.is_null()) out.Set("message", UpMessage(message, form));
  Copy(params, out, {{"metadata", "metadata"}});
  const Json& configuration = params["configuration"];
  // 0.3's word for waiting is `blocking`; where nothing is said its servers wait.
  if (!configuration.is_object()) return out;
  Json up = Json::Object();
  Copy(configuration, up, {{"acceptedOutputModes", "acceptedOutputModes"}, {"historyLength", "historyLength"}});
  const Json& push = configuration[form == A2aV03Form::kRpc ? "pushNotificationConfig" : "pushNotification"];
  if (push.is_object()) up.Set("taskPushNotificationConfig", UpPush(push));
  if (configuration["blocking"] == Json(false)) up.Set("returnImmediately", true);
  out.Set("configuration", std::move(up));
  return out;
}

// ---- 1.0 to 0.3

Json DownPart(const Json& part, A2aV03Form form) {
  if (!part.is_object()) return part;
  const bool rpc = form == A2aV03Form::kRpc;
  Json out = Json::Object();
  if (part.Has("text")) {
    if (rpc) out.Set("kind", "text");
    out.Set("text", part["text"]);
  } else if (part.Has("data")) {
    // 0.3 wants an object here.
    Json data = part["data"].is_object() ? part["data"] : Json::Object({{"value", part["data"]}});
    if (rpc) out.Set("kind", "data");
    out.Set("data", rpc ? std::move(data) : Json::Object({{"data", std::move(data)}}));
  } else {
    Json file = Json::Object();
    Copy(part, file, {{"raw", rpc ? "bytes" : "fileWithBytes"}, {"url", rpc ? "uri" : "fileWithUri"}});
    Copy(part, file, {{"filename", "name"}, {"mediaType", "mimeType"}});
    if (rpc) out.Set("kind", "file");
    out.Set("file", std::move(file));
  }
  Copy(part, out, {{"metadata", "metadata"}});
  return out;
}

Json DownMessage(const Json& message, A2aV03Form form) {
  if (!message.is_object()) return message;
  const bool rpc = form == A2aV03Form::kRpc;
  Json out = Json::Object();
  if (rpc) out.Set("kind", "message");
  Copy(message, out,
       {{"messageId", "messageId"}, {"contextId", "contextId"}, {"taskId", "taskId"}, {"metadata", "metadata"}});
  Copy(message, out, {{"extensions", "extensions"}});
  if (rpc) Copy(message, out, {{"referenceTaskIds", "referenceTaskIds"}});
  out.Set("role", rpc ? Renamed(kRoles, message["role"], true) : message["role"]);
  const auto down = [form](const Json& part) { return DownPart(part, form); };
  out.Set(rpc ? "parts" : "content", Each(message["parts"], down));
  return out;
}

Json DownArtifact(const Json& artifact, A2aV03Form form) {
  Json out = artifact;
  const auto down = [form](const Json& part) { return DownPart(part, form); };
  if (artifact["parts"].is_array()) out.Set("parts", Each(artifact["parts"], down));
  return out;
}

Json DownStatus(const Json& status, A2aV03Form form) {
  const bool rpc = form == A2aV03Form::kRpc;
  Json out = Json::Object();
  out.Set("state", rpc ? Renamed(kStates, status["state"], true) : Renamed(kProtoStates, status["state"], true));
  if (status["message"].is_object()) out.Set(rpc ? "message" : "update", DownMessage(status["message"], form));
  Copy(status, out, {{"timestamp", "timestamp"}});
  return out;
}

bool IsFinal(const Json& status) {
  const Json& state = status["state"];
  if (!state.is_string()) return false;
  constexpr std::array<std::string_view, 6> kFinal = {"TASK_STATE_COMPLETED",      "TASK_STATE_FAILED",
                                                      "TASK_STATE_CANCELED",       "TASK_STATE_REJECTED",
                                                      "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"};
  return std::ranges::find(kFinal, state.AsString()) != kFinal.end();
}

Json DownUpdate(const Json& update, A2aV03Form form, std::string_view kind) {
  Json out = Json::Object();
  if (form == A2aV03Form::kRpc) out.Set("kind", kind);
  Copy(update, out, {{"taskId", "taskId"}, {"contextId", "contextId"}, {"metadata", "metadata"}});
  Copy(update, out, {{"append", "append"}, {"lastChunk", "lastChunk"}});
  if (update.Has("status")) {
    out.Set("status", DownStatus(update["status"], form));
    out.Set("final", IsFinal(update["status"]));
  }
  if (update.Has("artifact")) out.Set("artifact", DownArtifact(update["artifact"], form));
  return out;
}

Json DownEvent(const Json& event, A2aV03Form form) {
  const bool rpc = form == A2aV03Form::kRpc;
  const auto keyed = [rpc](std::string_view key, Json value) {
    return rpc ? std::move(value) : Json::Object({{key, std::move(value)}});
  };
  if (event.Has("task")) return keyed("task", A2aV03Task(event["task"], form));
  if (event.Has("message")) return keyed("message", DownMessage(event["message"], form));
  if (event.Has("statusUpdate")) {
    return keyed("statusUpdate", DownUpdate(event["statusUpdate"], form, "status-update"));
  }
  if (event.Has("artifactUpdate")) {
    return keyed("artifactUpdate", DownUpdate(event["artifactUpdate"], form, "artifact-update"));
  }
  return event;
}

Json DownPush(const Json& config) {
  if (!config.is_object()) return config;
  Json out = Json::Object();
  Copy(config, out, {{"id", "id"}, {"url", "url"}, {"token", "token"}});
  const Json& authentication = config["authentication"];
  if (authentication.is_object()) {
    Json down = Json::Object({{"schemes", Json::Array({authentication["scheme"]})}});
    Copy(authentication, down, {{"credentials", "credentials"}});
    out.Set("authentication", std::move(down));
  }
  return out;
}
Json DownTaskPush(const Json& push, A2aV03Form form) {
  Json out = Json::Object();
  const Json& task = push["taskId"];
  const std::string id = push["id"].is_string() ? push["id"].AsString() : std::string();
  if (form == A2aV03Form::kRpc) {
    out.Set("taskId", task);
  } else if (task.is_string()) {
    out.Set("name", "tasks/" + task.AsString() + "/pushNotificationConfigs/" + id);
  }
  out.Set("pushNotificationConfig", DownPush(push));
  return out;
}

Json DownSend(const Json& params, A2aV03Form form) {
  Json out = Json::Object({{"message", DownMessage(params["message"], form)}});
  Copy(params, out, {{"metadata", "metadata"}});
  const Json& configuration = params["configuration"];
  Json down = Json::Object();
  Copy(configuration, down, {{"acceptedOutputModes", "acceptedOutputModes"}, {"historyLength", "historyLength"}});
  down.Set("blocking", !(configuration["returnImmediately"] == Json(true)));
  const Json& push = configuration["taskPushNotificationConfig"];
  const bool rpc = form == A2aV03Form::kRpc;
  if (push.is_object()) down.Set(rpc ? "pushNotificationConfig" : "pushNotification", DownPush(push));
  out.Set("configuration", std::move(down));
  return out;
}

bool IsSend(std::string_view method) { return method == "SendMessage" || method == "SendStreamingMessage"; }
bool IsPushById(std::string_view method) {
  return method == "GetTaskPushNotificationConfig" || method == "DeleteTaskPushNotificationConfig";
}

}  // namespace

std::optional<std::string_view> A2aV10Method(std::string_view v03_method) {
  const auto at = std::ranges::find(kMethods, v03_method, &Pair::second);
  if (at == kMethods.end()) return {};
  return at->first;
}
std::optional<std::string_view> A2aV03Method(std::string_view v10_method) {
  const auto at = std::ranges::find(kMethods, v10_method, &Pair::first);
  if (at == kMethods.end()) return {};
  return at->second;
}

Json A2aV10Params(std::string_view method, const Json& params, A2aV03Form form) {
  if (!params.is_object()) return params;
  if (IsSend(method)) return UpSend(params, form);
  if (method == "CreateTaskPushNotificationConfig") {
    return UpTaskPush(params.Has("config") ? params["config"] : params);
  }
  if (form == A2aV03Form::kRest) return params;
  Json out = params;
  if (IsPushById(method)) {
    out = Json::Object();
    Copy(params, out, {{"id", "taskId"}, {"pushNotificationConfigId", "id"}});
  } else if (method == "ListTaskPushNotificationConfigs") {
    out = Json::Object();
    Copy(params, out, {{"id", "taskId"}});
  }
  return out;
}

Json A2aV03Params(std::string_view method, const Json& params, A2aV03Form form) {
  if (IsSend(method)) return DownSend(params, form);
  if (method == "CreateTaskPushNotificationConfig") return DownTaskPush(params, form);
  Json out = params;
  if (IsPushById(method)) {
    out = Json::Object();
    Copy(params, out, {{"taskId", "id"}, {"id", "pushNotificationConfigId"}});
  } else if (method == "ListTaskPushNotificationConfigs") {
    out = Json::Object();
    Copy(params, out, {{"taskId", "id"}});
  }
  return out;
}

Json A2aV03Task(const Json& task, A2aV03Form form) {
  if (!task.is_object()) return task;
  Json out = Json::Object();
  if (form == A2aV03Form::kRpc) out.Set("kind", "task");
  Copy(task, out, {{"id", "id"}, {"contextId", "contextId"}, {"metadata", "metadata"}});
  out.Set("status", DownStatus(task["status"], form));
  const auto artifact = [form](const Json& one) { return DownArtifact(one, form); };
  const auto message = [form](const Json& one) { return DownMessage(one, form); };
  if (task["artifacts"].is_array()) out.Set("artifacts", Each(task["artifacts"], artifact));
  if (task["history"].is_array()) out.Set("history", Each(task["history"], message));
  return out;
}

Json A2aV03Result(std::string_view method, const Json& result, A2aV03Form form) {
  if (IsSend(method) || method == "SubscribeToTask") return DownEvent(result, form);
  if (method == "GetTask" || method == "CancelTask") return A2aV03Task(result, form);
  if (method == "CreateTaskPushNotificationConfig" || method == "GetTaskPushNotificationConfig") {
    return DownTaskPush(result, form);
  }
  if (method == "ListTaskPushNotificationConfigs") {
    const auto down = [form](const Json& one) { return DownTaskPush(one, form); };
    Json list = result["configs"].is_array() ? Each(result["configs"], down) : Json::Array();
    return form == A2aV03Form::kRpc ? list : Json::Object({{"configs", std::move(list)}});
  }
  if (method == "DeleteTaskPushNotificationConfig") return form == A2aV03Form::kRpc ? Json() : Json::Object();
  return result;
}

Json A2aV10Result(std::string_view method, const Json& result, A2aV03Form form) {
  if (IsSend(method) || method == "SubscribeToTask") return UpEvent(result, form);
  if (method == "GetTask" || method == "CancelTask") return UpTask(result, form);
  return result;
}

}  // namespace atelier
