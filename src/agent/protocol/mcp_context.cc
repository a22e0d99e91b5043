#include "agent/protocol/mcp_context.h"

#include <utility>

#include "base/task/for_each.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

constexpr std::string_view kSample = "sampling/createMessage";
constexpr std::string_view kRoots = "roots/list";

// What the client must be able to do to be asked this.
std::string NeededCapability(const McpQuestion& question) {
  if (question.method == kRoots) return "roots";
  if (question.method == kSample) return question.params.Has("tools") ? "sampling.tools" : "sampling";
  const Json& mode = question.params["mode"];
  return mode.is_string() && mode.AsString() == "url" ? "elicitation.url" : "elicitation";
}

// {"sampling": {"tools": {}}} of "sampling.tools".
Json CapabilityObject(std::string_view path) {
  const size_t dot = path.find('.');
  Json inner = dot == std::string_view::npos ? Json::Object() : CapabilityObject(path.substr(dot + 1));
  return Json::Object({{path.substr(0, dot), std::move(inner)}});
}

Result<void> CheckForm(const Json& params, const Json& content) {
  if (!params["requestedSchema"].is_object()) return {};
  const auto schema = SchemaDocument::Parse(params["requestedSchema"]);
  if (!schema) return {};  // ours, and beyond what is checked
  TRY(const auto violations, ValidateJson(*schema, content, FormatPolicy::kAnnotate));
  if (violations.empty()) return {};
  return Error::Invalid("content", violations.front().Text());
}

}  // namespace

bool McpCaller::Can(std::string_view capability) const {
  const Json* at = &capabilities;
  while (at != nullptr && !capability.empty()) {
    const size_t dot = std::min(capability.find('.'), capability.size());
    at = at->Find(capability.substr(0, dot));
    capability.remove_prefix(std::min(dot + 1, capability.size()));
  }
  return at != nullptr && !at->is_null();
}

Result<void> CheckMcpAnswer(const McpQuestion& question, const Json& answer) {
  if (!answer.is_object()) {
    return Error::Invalid(question.key, "got " + std::string(answer.TypeName()) + ", want an object");
  }
  if (question.method == kRoots) {
    if (answer["roots"].is_array()) return {};
    return Error::Invalid(question.key, "roots: want an array");
  }
  if (question.method == kSample) {
    const Json& content = answer["content"];
    if (content.is_object() || content.is_array()) return {};
    return Error::Invalid(question.key, "content: want an object or an array");
  }
  const Json& action = answer["action"];
  const std::string word = action.is_string() ? action.AsString() : "";
  if (word == "decline" || word == "cancel") return {};
  if (word != "accept") return Error::Invalid(question.key, "action: want 'accept', 'decline' or 'cancel'");
  const Json& mode = question.params["mode"];
  if (mode.is_string() && mode.AsString() == "url") return {};
  auto checked = CheckForm(question.params, answer.Has("content") ? answer["content"] : Json::Object());
  if (!checked) return std::move(checked).error().Under(question.key);
  return {};
}

void McpContext::Log(McpLogLevel level, Json data, std::string_view logger) {
  if (!parts_.log_level || level < *parts_.log_level) return;
  Json params = Json::Object({{"level", McpLogLevelName(level)}, {"data", std::move(data)}});
  if (!logger.empty()) params.Set("logger", logger);
  parts_.outlet->Send(RpcMessage::Notification("notifications/message", std::move(params)));
}

void McpContext::Progress(double done, double total, std::string_view message) {
  if (parts_.progress_token.is_null()) return;
  Json params = Json::Object({{"progressToken", parts_.progress_token}, {"progress", done}});
  if (total > 0) params.Set("total", total);
  if (!message.empty()) params.Set("message", message);
  parts_.outlet->Send(RpcMessage::Notification("notifications/progress", std::move(params)));
}

Task<Result<Json>> McpContext::Ask(McpQuestion question) {
  std::vector<McpQuestion> questions;
  questions.push_back(std::move(question));
  CO_TRY(auto answers, co_await AskAll(std::move(questions)));
  co_return std::move(answers.front());
}

Task<Result<std::vector<Json>>> McpContext::AskAll(std::vector<McpQuestion> questions) {
  for (const McpQuestion& question : questions) {
    if (CanAsk(question)) continue;
    co_return Error::Unsupported(question.method,
                                 "the client does not say that it can do '" + NeededCapability(question) + "'")
        .WithCode("missing_capability");
  }
  std::vector<Json> answers;
  if (parts_.ask) {
    answers.resize(questions.size());
    const auto ask = [&](size_t i) -> Task<Result<void>> {
      CO_TRY(answers[i], co_await AskNow(std::move(questions[i])));
      co_return Result<void>();
    };
    auto asking = ForEach(questions.size(), questions.size(), ask);
    CO_TRY_VOID(co_await asking);
    co_return answers;
  }
  for (McpQuestion& question : questions) {
    if (auto answer = Known(question)) {
      answers.push_back(*std::move(answer));
    } else {
      open_.push_back(std::move(question));
    }
  }
  if (!open_.empty()) {
    co_return Error::Conflict({}, "the client has to answer first").WithCode("input_required");
  }
  co_return answers;
}

Task<Result<Json>> McpContext::AskNow(McpQuestion question) {
  CO_TRY(RpcAnswer answer, co_await parts_.ask(parts_.call, question.method, question.params));
  if (answer.error) {
    co_return Error::Unavailable(
        question.method,
        "the client answered with error " + std::to_string(answer.error->code) + ": " + answer.error->message);
  }
  CO_TRY_VOID(CheckMcpAnswer(question, answer.result));
  co_return std::move(answer.result);
}

std::optional<Json> McpContext::Known(const McpQuestion& question) {
  if (const auto known = parts_.known.find(question.key); known != parts_.known.end()) return known->second;
  const Json* given = parts_.given.Find(question.key);
  if (given == nullptr || !CheckMcpAnswer(question, *given)) return std::nullopt;
  parts_.known.emplace(question.key, *given);
  return *given;
}

bool McpContext::CanAsk(const McpQuestion& question) {
  const std::string needed = NeededCapability(question);
  if (parts_.caller.Can(needed)) return true;
  missing_ = CapabilityObject(needed);
  return false;
}

}  // namespace atelier
