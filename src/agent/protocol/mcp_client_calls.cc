// What a client asks for: requests with all their rounds, lists with all their pages.
#include <algorithm>
#include <set>
#include <utility>

#include "agent/protocol/mcp_client.h"

namespace atelier {
namespace {

constexpr size_t kMaxNameBytes = 256;

std::string WordOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

}  // namespace

Task<Result<RpcAnswer>> McpClient::AskInSession(Call call, std::string method, Json params, OnProgress on_progress) {
  if (stateless_) {
    Json meta = params["_meta"].is_object() ? params["_meta"] : Json::Object();
    const Json ours = Meta(revision_);
    for (const JsonMember& member : ours.members()) meta.Add(member.key, member.value);
    params.Set("_meta", std::move(meta));
  }
  McpSending sending = SendingOf(method, params);
  auto answer = co_await Ask(call, method, params, std::move(sending), on_progress);
  if (answer || answer.error().code != "session_lost") co_return answer;
  // The server has not taken the request: it did not know the session.
  transport_->Forget();
  revision_.clear();
  CO_TRY_VOID(co_await Initialize(call));
  sending = SendingOf(method, params);
  co_return co_await Ask(call, std::move(method), std::move(params), std::move(sending), std::move(on_progress));
}

Task<Result<Json>> McpClient::Request(Call call, std::string method, Json params, OnProgress on_progress) {
  const auto self = shared_from_this();
  if (params.is_null()) params = Json::Object();
  Json attempt = params;
  for (int rounds = 0; rounds < options_.max_rounds; ++rounds) {
    CO_TRY(RpcAnswer answer, co_await AskInSession(call, method, attempt, on_progress));
    if (answer.error) co_return FaultError(method, *answer.error);
    const Json& type = answer.result["resultType"];
    if (!stateless_ || type.is_null() || WordOf(type) == "complete") co_return std::move(answer.result);
    if (WordOf(type) != "input_required") {
      co_return Error::Invalid(
          method, "resultType: got " + type.Dump().substr(0, 100) + ", want 'complete' or 'input_required'");
    }
    // What goes back is of this request alone: the first parameters, the answers, and the state as it came.
    attempt = params;
    if (const Json* questions = answer.result.Find("inputRequests")) {
      CO_TRY(Json answers, co_await AnswerQuestions(call, *questions));
      attempt.Set("inputResponses", std::move(answers));
    }
    if (const Json* state = answer.result.Find("requestState")) attempt.Set("requestState", *state);
  }
  co_return Error::Exhausted(
      method, "the server asked for input " + std::to_string(options_.max_rounds) + " times and still has no result");
}

Task<Result<std::vector<Json>>> McpClient::List(Call call, std::string method, std::string key) {
  std::vector<Json> items;
  std::set<std::string> cursors;
  const OnProgress silent;
  Json params = Json::Object();
  for (int pages = 0; pages < options_.max_pages; ++pages) {
    CO_TRY(Json page, co_await Request(call, method, params, silent));
    if (!page[key].is_array()) co_return Error::Invalid(method, key + ": want an array");
    for (Json& item : page.Find(key)->items()) {
      if (items.size() >= options_.max_items) {
        co_return Error::TooLarge(method, "got more than " + std::to_string(options_.max_items) + " items");
      }
      items.push_back(std::move(item));
    }
    const std::string cursor = WordOf(page["nextCursor"]);
    if (cursor.empty()) co_return items;
    if (!cursors.insert(cursor).second) co_return Error::Invalid(method, "the server's pages go in a circle");
    params.Set("cursor", cursor);
  }
  co_return Error::TooLarge(method, "got more than " + std::to_string(options_.max_pages) + " pages");
}

Task<Result<std::vector<Json>>> McpClient::ListTools(Call call) {
  CO_TRY(std::vector<Json> all, co_await List(std::move(call), "tools/list", "tools"));
  std::vector<Json> tools;
  std::set<std::string> names;
  mirrored_.clear();
  skipped_tools_.clear();
  for (Json& tool : all) {
    const std::string name = WordOf(tool["name"]);
    std::string why;
    if (name.empty() || name.size() > kMaxNameBytes) why = "it has no name of a sensible length";
    if (why.empty() && !tool["inputSchema"].is_object()) why = "inputSchema: want an object";
    if (why.empty() && !names.insert(name).second) why = "there is another of its name before it";
    if (why.empty() && stateless_ && transport_->answers_in_send()) {
      auto parameters = MirroredParameters(tool["inputSchema"]);
      if (parameters) {
        mirrored_.emplace(name, *std::move(parameters));
      } else {
        why = parameters.error().Message();
      }
    }
    if (why.empty()) {
      tools.push_back(std::move(tool));
    } else {
      skipped_tools_.push_back("tool '" + name.substr(0, 100) + "' is not used: " + why);
    }
  }
  co_return tools;
}

Task<Result<Json>> McpClient::CallTool(Call call, std::string name, Json arguments, OnProgress on_progress) {
  const Json params =
      Json::Object({{"name", std::move(name)}, {"arguments", arguments.is_null() ? Json::Object() : arguments}});
  co_return co_await Request(std::move(call), "tools/call", params, std::move(on_progress));
}

Task<Result<Json>> McpClient::ReadResource(Call call, std::string uri) {
  const OnProgress silent;
  const Json params = Json::Object({{"uri", std::move(uri)}});
  co_return co_await Request(std::move(call), "resources/read", params, silent);
}

Task<Result<Json>> McpClient::GetPrompt(Call call, std::string name, Json arguments) {
  const OnProgress silent;
  const Json params =
      Json::Object({{"name", std::move(name)}, {"arguments", arguments.is_null() ? Json::Object() : arguments}});
  co_return co_await Request(std::move(call), "prompts/get", params, silent);
}

Task<Result<void>> McpClient::Listen(Call call, Json filter) {
  const auto self = shared_from_this();
  if (!stateless_) {
    co_await SleepUntil(loop_, call.deadline, call.stop);
    co_return Result<void>();
  }
  const OnProgress silent;
  const Json params = Json::Object({{"notifications", std::move(filter)}});
  CO_TRY(const Json ended, co_await Request(std::move(call), "subscriptions/listen", params, silent));
  co_return Result<void>();
}

}  // namespace atelier
