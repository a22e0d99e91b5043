#include "app/mcp_prompts.h"

#include <algorithm>
#include <utility>

#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::chrono::seconds kLookEvery{1};   // however many ask
constexpr std::chrono::seconds kWatchEvery{2};  // where nobody asks

Json DefinitionOf(const PromptFile& prompt) {
  Json definition = Json::Object({{"name", prompt.name}});
  if (!prompt.title.empty()) definition.Set("title", prompt.title);
  if (!prompt.description.empty()) definition.Set("description", prompt.description);
  Json arguments = Json::Array();
  for (const PromptArgument& argument : prompt.arguments) {
    Json one = Json::Object({{"name", argument.name}});
    if (!argument.title.empty()) one.Set("title", argument.title);
    if (!argument.description.empty()) one.Set("description", argument.description);
    one.Set("required", argument.required);
    arguments.Push(std::move(one));
  }
  if (!arguments.empty()) definition.Set("arguments", std::move(arguments));
  return definition;
}

}  // namespace

void McpPromptFiles::Look() {
  const Loop::TimePoint now = loop_.Now();
  if (looked_ && now - looked_at_ < kLookEvery) return;
  const bool changed = files_.Refresh(), is_first = !looked_;
  looked_ = true, looked_at_ = now;
  if (!changed) return;
  for (const Error& fault : files_.faults()) LogWarn("prompts: " + fault.Message());
  if (!is_first) on_change_();
}

std::vector<Json> McpPromptFiles::List(const McpCaller&) {
  Look();
  std::vector<Json> definitions;
  for (const PromptFile* prompt : files_.List()) definitions.push_back(DefinitionOf(*prompt));
  return definitions;
}

Task<Result<Json>> McpPromptFiles::Get(McpContextPtr, std::string name, Json arguments) {
  CO_TRY(std::string text, files_.Render(name, arguments));
  const std::string description = files_.Find(name)->description;
  Json message = Json::Object({{"role", "user"}, {"content", McpText(std::move(text))}});
  Json result = Json::Object({{"messages", Json::Array({std::move(message)})}});
  if (!description.empty()) result.Set("description", description);
  co_return result;
}

Result<std::vector<std::string>> McpPromptFiles::Complete(const std::string& name, const std::string& argument,
                                                          const std::string& begun) {
  Look();
  const PromptFile* const prompt = files_.Find(name);
  if (prompt == nullptr) return Error::NotFound("ref.name", "got '" + name.substr(0, 100) + "', want a prompt's");
  const PromptArgument* const wanted = prompt->Find(argument);
  if (wanted == nullptr) return Error::Invalid("argument.name", "the prompt has no '" + argument.substr(0, 100) + "'");
  std::vector<std::string> values;
  for (const std::string& value : wanted->values) {
    if (value.starts_with(begun)) values.push_back(value);
  }
  return values;
}

Task<void> McpPromptFiles::Watch(Call call) {
  for (;;) {
    const Loop::TimePoint next = loop_.Now() + kWatchEvery;
    const bool goes_on = co_await SleepUntil(loop_, next, call.stop);
    if (!goes_on) co_return;
    Look();
  }
}

}  // namespace atelier
