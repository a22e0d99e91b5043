#include "agent/protocol/a2a_operations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/protocol/a2a_error.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 11> kMethods = {
    "SendMessage",
    "SendStreamingMessage",
    "GetTask",
    "ListTasks",
    "CancelTask",
    "SubscribeToTask",
    "CreateTaskPushNotificationConfig",
    "GetTaskPushNotificationConfig",
    "ListTaskPushNotificationConfigs",
    "DeleteTaskPushNotificationConfig",
    "GetExtendedAgentCard",
};

bool IsPush(std::string_view method) { return method.find("PushNotification") != std::string_view::npos; }

Error Undeclared(std::string_view method) {
  return A2aError(a2a_reason::kUnsupported, std::string(method), "this agent's card does not declare it");
}

template <Described T>
Result<T> ReadParams(const Json& params) {
  if (params.is_null()) return ReadA2a<T>(Json::Object());
  return ReadA2a<T>(params);
}

}  // namespace

Result<void> A2aOperations::CheckVersion(A2aVersion version) const {
  if (version == A2aVersion::kV10 || capabilities_.version_03) return {};
  return A2aError(a2a_reason::kVersion, "A2A-Version", "got none or 0.3, want 1.0");
}

Result<void> A2aOperations::CheckExtensions(const A2aCaller& caller) const {
  for (const A2aExtension& one : capabilities_.extensions) {
    if (!one.required || std::ranges::find(caller.extensions, one.uri) != caller.extensions.end()) continue;
    return A2aError(a2a_reason::kExtension, "A2A-Extensions", "want '" + one.uri + "', which this agent requires");
  }
  return {};
}

bool A2aOperations::IsMethod(std::string_view method) { return std::ranges::find(kMethods, method) != kMethods.end(); }
bool A2aOperations::IsStreaming(std::string_view method) {
  return method == "SendStreamingMessage" || method == "SubscribeToTask";
}

Task<Result<Json>> A2aOperations::List(Json params, A2aCaller caller) {
  CO_TRY(A2aListQuery query, ReadParams<A2aListQuery>(params));
  const int64_t page_size = query.page_size.value_or(50);
  CO_TRY(const A2aPage page, co_await desk_.List(std::move(caller), std::move(query)));
  Json tasks = Json::Array();
  for (const A2aTask& task : page.tasks) tasks.Push(WriteJson(task));
  Json body = Json::Object({{"tasks", std::move(tasks)}, {"nextPageToken", page.next}});
  body.Set("pageSize", page_size);
  body.Set("totalSize", page.total);
  co_return body;
}

Task<Result<Json>> A2aOperations::RunPush(std::string method, Json params, A2aCaller caller) {
  if (!capabilities_.push) {
    co_return A2aError(a2a_reason::kNoPush, "capabilities.pushNotifications", "this agent's card does not declare it");
  }
  if (method == "CreateTaskPushNotificationConfig") {
    CO_TRY(A2aPushConfig config, ReadParams<A2aPushConfig>(params));
    CO_TRY(const A2aPushConfig made, co_await desk_.CreatePush(std::move(caller), std::move(config)));
    co_return WriteJson(made);
  }
  if (method == "ListTaskPushNotificationConfigs") {
    CO_TRY(A2aPushListQuery query, ReadParams<A2aPushListQuery>(params));
    CO_TRY(const auto pushes, co_await desk_.ListPushes(std::move(caller), std::move(query.task_id)));
    Json configs = Json::Array();
    for (const A2aPushConfig& config : pushes) configs.Push(WriteJson(config));
    co_return Json::Object({{"configs", std::move(configs)}, {"nextPageToken", ""}});
  }
  // 0.3 may leave the configuration's name out where it is the task's.
  if (params.is_object() && caller.version == A2aVersion::kV03 && params["id"].is_null()) {
    params.Set("id", params["taskId"]);
  }
  CO_TRY(A2aPushQuery query, ReadParams<A2aPushQuery>(params));
  if (method == "DeleteTaskPushNotificationConfig") {
    CO_TRY_VOID(co_await desk_.DeletePush(std::move(caller), std::move(query)));
    co_return Json::Object();
  }
  CO_TRY(const A2aPushConfig config, co_await desk_.GetPush(std::move(caller), std::move(query)));
  co_return WriteJson(config);
}

Task<Result<Json>> A2aOperations::Run(std::string method, Json params, A2aCaller caller) {
  CO_TRY_VOID(CheckExtensions(caller));
  if (IsPush(method)) co_return co_await RunPush(std::move(method), std::move(params), std::move(caller));
  if (method == "SendMessage") {
    CO_TRY(A2aSend send, ReadParams<A2aSend>(params));
    if (send.configuration && send.configuration->push && !capabilities_.push) {
      co_return A2aError(a2a_reason::kNoPush, "configuration.taskPushNotificationConfig", "none is sent here");
    }
    CO_TRY(const A2aReply reply, co_await desk_.Send(std::move(caller), std::move(send)));
    const auto* message = std::get_if<A2aMessage>(&reply);
    co_return message ? A2aEvent(*message) : A2aEvent(std::get<A2aTask>(reply));
  }
  if (method == "ListTasks") co_return co_await List(std::move(params), std::move(caller));
  if (method == "GetExtendedAgentCard") {
    if (!capabilities_.extended_card) co_return Undeclared(method);
    if (!extended_) co_return A2aError(a2a_reason::kNoExtendedCard, method, "there is none");
    co_return extended_(caller);
  }
  CO_TRY(A2aTaskQuery query, ReadParams<A2aTaskQuery>(params));
  if (method == "CancelTask") {
    CO_TRY(const A2aTask task, co_await desk_.Cancel(std::move(caller), std::move(query.id)));
    co_return WriteJson(task);
  }
  CHECK(method == "GetTask");
  CO_TRY(const A2aTask task, co_await desk_.Get(std::move(caller), std::move(query)));
  co_return WriteJson(task);
}

Task<Result<A2aStreamReply>> A2aOperations::Stream(std::string method, Json params, A2aCaller caller) {
  CO_TRY_VOID(CheckExtensions(caller));
  if (!capabilities_.streaming) co_return Undeclared(method);
  if (method == "SubscribeToTask") {
    CO_TRY(A2aTaskQuery query, ReadParams<A2aTaskQuery>(params));
    CO_TRY(A2aWatch watch, co_await desk_.Watch(std::move(caller), std::move(query.id)));
    co_return A2aStreamReply(std::move(watch));
  }
  CO_TRY(A2aSend send, ReadParams<A2aSend>(params));
  if (send.configuration && send.configuration->push && !capabilities_.push) {
    co_return A2aError(a2a_reason::kNoPush, "configuration.taskPushNotificationConfig", "none is sent here");
  }
  co_return co_await desk_.SendStreaming(std::move(caller), std::move(send));
}

}  // namespace atelier
