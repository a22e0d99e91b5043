#include "agent/arguments.h"

#include <algorithm>
#include <utility>

#include "agent/choose.h"
#include "agent/model_step.h"
#include "agent/spans.h"

namespace atelier {
namespace {

struct Parameter {
  std::string name;
  Json schema;
  std::string looks;  // a regular expression of what it looks like; empty: not told

  std::string Description() const {
    return schema["description"].is_string() ? name + ": " + schema["description"].AsString() : name;
  }
};

std::vector<Parameter> Required(const ToolSpec& spec) {
  std::vector<Parameter> wanted;
  const Json& required = spec.parameters["required"];
  if (!required.is_array()) return wanted;
  for (const Json& name : required.items()) {
    if (!name.is_string()) continue;
    wanted.push_back({name.AsString(), spec.parameters["properties"][name.AsString()], {}});
    const auto looks = spec.looks.find(name.AsString());
    if (looks != spec.looks.end()) wanted.back().looks = looks->second;
  }
  return wanted;
}

// What copying looks like: a small model goes on as it was shown.
AgentConversation Shown(const Parameter& parameter, const std::string& text) {
  AgentConversation talk;
  const auto pair = [&](const char* asked, const char* answered) {
    talk.Add(AgentConversation::User(asked));
    talk.Add(Json::Object({{"role", "assistant"}, {"content", answered}}));
  };
  pair("Text: Please weigh 3.5 kg of flour for me.\nmass: a quantity with its unit", "3.5 kg");
  pair("Text: Is the file a/b.log empty?\nfile: a name", "a/b.log");
  pair("Text: Find out what the contract says about late delivery.\nquery: what to look for", "late delivery");
  talk.Add(AgentConversation::User("Text: " + text + "\n" + parameter.Description()));
  return talk;
}

Task<Result<std::string>> AskUnder(Call call, AgentWork& work, const Agent& agent, const Parameter& parameter,
                                   std::string text, GrammarSpec grammar, std::string path) {
  const AgentConversation talk = Shown(parameter, text);
  ModelQuestion question{.path = std::move(path), .conversation = talk, .grammar = std::move(grammar)};
  question.max_tokens = 256, question.quiet = true;
  auto asking = AskModel(std::move(call), work, agent, std::move(question));
  CO_TRY(ModelAnswer answer, co_await asking);
  co_return std::move(answer.text);
}

Task<Result<std::optional<Json>>> Copied(Call call, AgentWork& work, const Agent& agent, Parameter parameter,
                                         std::string text, std::string path) {
  Json schema = parameter.schema;
  if (!parameter.looks.empty()) schema.Set("pattern", parameter.looks);
  CO_TRY(std::vector<std::string> spans, SpansFor(text, schema));
  if (spans.empty()) co_return std::nullopt;
  std::string span = spans.front();
  if (spans.size() > 1) {
    GrammarSpec grammar;
    grammar.kind = GrammarSpec::Kind::kChoice, grammar.choices = std::move(spans), grammar.where = parameter.name;
    auto asking =
        AskUnder(std::move(call), work, agent, parameter, std::move(text), std::move(grammar), std::move(path));
    CO_TRY(span, co_await asking);
  }
  if (parameter.schema["type"] == Json("string")) co_return Json(std::move(span));
  Result<Json> number = Json::Parse(span);
  co_return number.ok() ? std::optional<Json>(std::move(*number)) : std::nullopt;
}

Task<Result<std::optional<Json>>> OneOf(Call call, AgentWork& work, const Agent& agent, Parameter parameter,
                                        std::string text, std::string path) {
  const Json values = parameter.schema["enum"];
  ChoiceQuestion question{.path = std::move(path), .name = parameter.name, .text = std::move(text)};
  question.instructions = parameter.Description();
  for (const Json& value : values.items()) {
    question.options.push_back({.value = value.is_string() ? value.AsString() : value.Dump(), .description = {}});
  }
  if (question.options.empty()) co_return std::nullopt;
  auto choosing = ChooseByModel(std::move(call), work, agent, std::move(question));
  CO_TRY(const Chosen chosen, co_await choosing);
  co_return values[chosen.index];
}

Task<Result<std::optional<Json>>> Written(Call call, AgentWork& work, const Agent& agent, Parameter parameter,
                                          std::string text, std::string path) {
  GrammarSpec grammar;
  grammar.schema = parameter.schema.is_object() ? parameter.schema : Json(true), grammar.where = parameter.name;
  auto asking = AskUnder(std::move(call), work, agent, parameter, std::move(text), std::move(grammar), std::move(path));
  CO_TRY(const std::string written, co_await asking);
  Result<Json> value = Json::Parse(written);
  co_return value.ok() ? std::optional<Json>(std::move(*value)) : std::nullopt;
}

Task<Result<std::optional<Json>>> IsTrue(Call call, AgentWork& work, const Agent& agent, Parameter parameter,
                                         std::string text, std::string path) {
  ChoiceQuestion question{.path = std::move(path), .name = parameter.name, .text = std::move(text)};
  question.instructions = parameter.Description();
  auto judging = Judge(std::move(call), work, agent, std::move(question));
  CO_TRY(const double likely, co_await judging);
  co_return Json(likely >= 0.5);
}

Task<Result<std::optional<Json>>> Fill(Call call, AgentWork& work, const Agent& agent, Parameter parameter,
                                       std::string text, std::string path) {
  const Json type = parameter.schema["type"];
  if (const Json* value = parameter.schema.Find("const"))
    return [](Json fixed) -> Task<Result<std::optional<Json>>> {
      co_return std::optional<Json>(std::move(fixed));
    }(*value);
  auto fill = parameter.schema.Has("enum")                                                  ? OneOf
              : type == Json("boolean")                                                     ? IsTrue
              : type == Json("string") || type == Json("number") || type == Json("integer") ? Copied
                                                                                            : Written;
  return fill(std::move(call), work, agent, std::move(parameter), std::move(text), std::move(path));
}

}  // namespace

Task<Result<std::optional<Json>>> FillArguments(Call call, AgentWork& work, const Agent& agent, const ToolSpec& spec,
                                                std::string text, StepScope scope) {
  Json arguments = Json::Object({});
  for (const Parameter& parameter : Required(spec)) {
    auto filling = Fill(call, work, agent, parameter, text, scope.Next());
    CO_TRY(std::optional<Json> value, co_await filling);
    if (!value) co_return std::nullopt;
    arguments.Set(parameter.name, std::move(*value));
  }
  co_return arguments;
}

}  // namespace atelier
