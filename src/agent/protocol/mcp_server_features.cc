// Each method of a feature: what it takes, and what the feature gives made into the protocol's result.
#include <algorithm>
#include <utility>

#include "agent/protocol/mcp_server.h"
#include "base/text/json_schema_validator.h"
#include "base/text/number_text.h"

namespace atelier {
namespace {

constexpr std::string_view kCursorPurpose = "mcp cursor";
constexpr size_t kMaxCompletions = 100;  // the protocol's

Result<std::string> TextParam(const Json& params, std::string_view key) {
  const Json& value = params[key];
  if (value.is_string()) return value.AsString();
  return Error::Invalid(std::string(key), "got " + std::string(value.TypeName()) + ", want a string");
}

Result<Json> ArgumentsParam(const Json& params) {
  const Json& value = params["arguments"];
  if (value.is_null()) return Json::Object();
  if (value.is_object()) return value;
  return Error::Invalid("arguments", "got " + std::string(value.TypeName()) + ", want an object");
}

const Json* FindNamed(const std::vector<Json>& items, std::string_view name) {
  const auto found = std::ranges::find_if(items, [&](const Json& item) { return item["name"].AsString() == name; });
  return found == items.end() ? nullptr : &*found;
}

// What of the arguments breaks the tool's schema; empty: nothing.
std::string BrokenArguments(const Json& tool, const Json& arguments) {
  const auto schema = SchemaDocument::Parse(tool["inputSchema"]);
  if (!schema) return {};  // it is beyond our reader, and the tool's own
  const auto violations = ValidateJson(*schema, arguments, FormatPolicy::kAnnotate);
  if (!violations) return violations.error().Message();
  std::string text;
  for (const SchemaViolation& violation : *violations) {
    text += (text.empty() ? "" : "; ") + violation.Text();
  }
  return text;
}

}  // namespace

Result<Json> McpServer::Page(std::string_view key, std::vector<Json> items, const Json& params) const {
  size_t begin = 0;
  if (const Json* cursor = params.Find("cursor")) {
    if (!cursor->is_string()) return Error::Invalid("cursor", "want a string");
    auto opened = sealer_.Open(cursor->AsString(), kCursorPurpose);
    const auto offset = opened ? Json::Parse(*opened) : Result<Json>(Json());
    if (!opened || !offset || !offset->is_number()) return Error::Invalid("cursor", "it is none of this server's");
    begin = static_cast<size_t>(offset->AsInt64().value_or(0));
  }
  begin = std::min(begin, items.size());
  const size_t end = std::min(items.size(), begin + static_cast<size_t>(limits_.page_size));
  Json page = Json::Array();
  for (size_t i = begin; i < end; ++i) page.Push(std::move(items[i]));
  Json result = Json::Object({{key, std::move(page)}});
  if (end < items.size()) result.Set("nextCursor", sealer_.Seal(std::to_string(end), kCursorPurpose));
  return result;
}

Json McpServer::FindTool(const McpCaller& caller, std::string_view name) const {
  if (!features_.tools) return {};
  const std::vector<Json> tools = features_.tools->List(caller);
  const Json* tool = FindNamed(tools, name);
  return tool == nullptr ? Json() : *tool;
}

Task<Result<Json>> McpServer::ListTools(McpContextPtr context, Json params) {
  co_return Page("tools", features_.tools->List(context->caller()), params);
}

Task<Result<Json>> McpServer::CallTool(McpContextPtr context, Json params) {
  CO_TRY(const std::string name, TextParam(params, "name"));
  CO_TRY(Json arguments, ArgumentsParam(params));
  const Json tool = FindTool(context->caller(), name);
  if (tool.is_null()) co_return Error::NotFound({}, "Unknown tool: " + name.substr(0, 100));
  if (const std::string broken = BrokenArguments(tool, arguments); !broken.empty()) {
    co_return McpTextResult("arguments of " + name + ": " + broken, true);
  }
  const bool as_task = KnowsMcpTasks(context->caller()) &&
                       features_.tools->TaskUseOf(name) != McpTools::TaskUse::kNever && tasks_.HasRoom();
  Result<Json> result = Json();
  if (as_task) {
    result = co_await features_.tools->BeforeTask(context, name, std::move(arguments));
    if (result) co_return co_await tasks_.Begin(context->caller(), name, *std::move(result));
  } else {
    result = co_await features_.tools->Call(context, name, std::move(arguments));
  }
  if (result) co_return result;
  const bool of_protocol = context->caller().stateless() && !context->missing().is_null();
  if (of_protocol || !context->open_questions().empty()) co_return std::move(result).error();
  co_return McpTextResult(result.error().Message(), true);
}

Task<Result<Json>> McpServer::GetTask(McpContextPtr context, Json params) {
  CO_TRY(const std::string id, TextParam(params, "taskId"));
  co_return co_await tasks_.Get(context->caller(), id);
}

Task<Result<Json>> McpServer::UpdateTask(McpContextPtr context, Json params) {
  CO_TRY(const std::string id, TextParam(params, "taskId"));
  co_return co_await tasks_.Update(context->caller(), id, params["inputResponses"]);
}

Task<Result<Json>> McpServer::CancelTask(McpContextPtr context, Json params) {
  CO_TRY(const std::string id, TextParam(params, "taskId"));
  co_return co_await tasks_.Cancel(context->caller(), id);
}

Task<Result<Json>> McpServer::ListResources(McpContextPtr context, Json params) {
  co_return Page("resources", features_.resources->List(context->caller()), params);
}

Task<Result<Json>> McpServer::ListTemplates(McpContextPtr context, Json params) {
  co_return Page("resourceTemplates", features_.resources->Templates(context->caller()), params);
}

Task<Result<Json>> McpServer::ReadResource(McpContextPtr context, Json params) {
  CO_TRY(std::string uri, TextParam(params, "uri"));
  co_return co_await features_.resources->Read(std::move(context), std::move(uri));
}

Task<Result<Json>> McpServer::ListPrompts(McpContextPtr context, Json params) {
  co_return Page("prompts", features_.prompts->List(context->caller()), params);
}

Task<Result<Json>> McpServer::GetPrompt(McpContextPtr context, Json params) {
  CO_TRY(std::string name, TextParam(params, "name"));
  CO_TRY(Json arguments, ArgumentsParam(params));
  const std::vector<Json> prompts = features_.prompts->List(context->caller());
  const Json* prompt = FindNamed(prompts, name);
  if (prompt == nullptr) co_return Error::NotFound({}, "Unknown prompt: " + name.substr(0, 100));
  for (const JsonMember& member : arguments.members()) {
    if (!member.value.is_string()) co_return Error::Invalid("arguments." + member.key, "want a string");
  }
  if (const Json& wanted = (*prompt)["arguments"]; wanted.is_array()) {
    for (const Json& argument : wanted.items()) {
      const Json& required = argument["required"];
      if (!required.is_bool() || !required.AsBool() || arguments.Has(argument["name"].AsString())) continue;
      co_return Error::Invalid("arguments." + argument["name"].AsString(), "got none, want a string");
    }
  }
  co_return co_await features_.prompts->Get(std::move(context), std::move(name), std::move(arguments));
}

Task<Result<Json>> McpServer::Complete(McpContextPtr context, Json params) {
  const Json& reference = params["ref"];
  if (!reference.is_object()) co_return Error::Invalid("ref", "want an object");
  CO_TRY(std::string argument, TextParam(params["argument"], "name"));
  CO_TRY(std::string value, TextParam(params["argument"], "value"));
  const Json& others = params["context"]["arguments"];
  auto completing =
      features_.completion->Complete(std::move(context), reference, std::move(argument), std::move(value), others);
  CO_TRY(const std::vector<std::string> values, co_await std::move(completing));
  Json sent = Json::Array();
  for (size_t i = 0; i < std::min(values.size(), kMaxCompletions); ++i) sent.Push(values[i]);
  co_return Json::Object({{"completion", Json::Object({{"values", std::move(sent)},
                                                       {"total", values.size()},
                                                       {"hasMore", values.size() > kMaxCompletions}})}});
}

}  // namespace atelier
