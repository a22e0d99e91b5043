// route: one of several ways                                                     [Building effective agents, "routing"]
//
//   meaning    the likeness of the text to the options' descriptions and examples, where an embedding model is there
//   decision   a model's own decision, with its probabilities
//   rule       the text itself is the option's name
//
// Where the likeliest option is below `at_least` the next judge is asked (models in the order given, a cheap one
// first; after `meaning` all of them), and where none is sure `otherwise` is taken: a way there always is.
#include <algorithm>

#include "agent/choose.h"
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.route.has_value(); }

const RouteOption* FindOption(const RouteNodeConfig& route, const std::string& name) {
  const auto at = std::ranges::find(route.options, name, &RouteOption::name);
  return at == route.options.end() ? nullptr : &*at;
}

Json Names(const RouteNodeConfig& route) {
  Json names = Json::Array({});
  for (const RouteOption& option : route.options) names.Push(option.name);
  return names;
}

// That a rule whose values are known has a way for each of them.
Result<void> CheckRule(const RouteNodeConfig& route, const Json& text) {
  if (!route.otherwise.empty()) return {};
  if (!text["enum"].is_array()) {
    return Error::Invalid("otherwise", "got none, want the option that is taken where the text names none");
  }
  for (const Json& value : text["enum"].items()) {
    if (FindOption(route, TextOfValue(value))) continue;
    return Error::Invalid("options", "lack one for " + value.Dump() + ", which the text may be; or give `otherwise`");
  }
  return {};
}

Result<void> CheckWays(const RouteNodeConfig& route, const Json& text) {
  if (route.options.empty()) return Error::Invalid("options", "got none, want at least one");
  for (size_t i = 0; i < route.options.size(); ++i) {
    const RouteOption& option = route.options[i];
    if (option.name.empty() || FindOption(route, option.name) != &option) {
      return Error::Invalid("options[" + std::to_string(i) + "].name", "got '" + option.name + "', want a new name");
    }
  }
  if (!route.otherwise.empty() && !FindOption(route, route.otherwise)) {
    std::vector<std::string_view> known;
    for (const RouteOption& option : route.options) known.push_back(option.name);
    const std::string_view near = Nearest(route.otherwise, known);
    return Error::Invalid("otherwise", "got '" + route.otherwise + "', want the name of an option" +
                                           (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
  }
  if (route.by == "rule") return CheckRule(route, text);
  if (route.at_least > 0 && route.otherwise.empty()) {
    return Error::Invalid("otherwise", "got none, want the option that is taken where none reaches at_least");
  }
  return {};
}

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const RouteNodeConfig& route = *node.route;
  Result<Json> text = checker.Value(route.text, scope);
  if (!text.ok()) return std::move(text).error().Under("text");
  TRY_VOID(CheckWays(route, *text));
  std::vector<Json> outputs;
  for (size_t i = 0; i < route.options.size(); ++i) {
    NameScope inner(&scope);
    Result<Json> output = checker.List(route.options[i].nodes, inner);
    if (!output.ok()) {
      return std::move(output).error().Under("nodes").Under("options[" + std::to_string(i) + "]");
    }
    outputs.push_back(std::move(*output));
  }
  Json choice = Json::Object({{"type", "string"}, {"enum", Names(route)}});
  return ObjectSchema({{"choice", std::move(choice)},
                       {"probability", TypeSchema("number")},
                       {"probabilities", TypeSchema("object")},
                       {"output", UnionSchema(std::move(outputs))}});
}

ChoiceQuestion QuestionOf(const RouteNodeConfig& route, const std::string& text, std::string path) {
  ChoiceQuestion question{.path = std::move(path), .name = "route", .text = text, .instructions = route.question};
  for (const RouteOption& option : route.options) {
    question.options.push_back({.value = option.name, .description = option.description, .others = option.examples});
  }
  return question;
}

// Asks one judge after the other until one is sure. Journalled at "PATH", "PATH.1", …
Task<Result<Chosen>> Decide(Call call, NodeTurn& turn, const RouteNodeConfig& route, std::string text) {
  std::vector<std::string> models = route.model.values;
  const bool by_meaning = route.by == "meaning";
  if (models.empty() && !by_meaning) models.emplace_back();
  Chosen chosen;
  for (size_t i = 0; i < models.size() + (by_meaning ? 1 : 0); ++i) {
    ChoiceQuestion question = QuestionOf(route, text, turn.path + (i == 0 ? "" : ".judge" + std::to_string(i)));
    const bool alike = by_meaning && i == 0;
    const Agent judge = turn.run.Speaker(alike ? "" : models[by_meaning ? i - 1 : i]);
    auto choosing = alike ? ChooseByMeaning(call, turn.run.work(), judge, std::move(question))
                          : ChooseByModel(call, turn.run.work(), judge, std::move(question));
    CO_TRY(chosen, co_await choosing);
    if (chosen.probabilities[chosen.index] >= route.at_least) break;
  }
  co_return chosen;
}

struct Way {
  const RouteOption* option = nullptr;
  Json probability = {}, probabilities = {};
};

Task<Result<Way>> Choose(Call call, NodeTurn& turn, const RouteNodeConfig& route, std::string text) {
  Way way{.probabilities = Json::Object({})};
  if (route.by == "rule") {
    way.option = FindOption(route, text);
    way.probability = way.option ? 1 : 0;
  } else {
    auto deciding = Decide(std::move(call), turn, route, std::move(text));
    CO_TRY(const Chosen chosen, co_await deciding);
    for (size_t i = 0; i < route.options.size(); ++i) {
      way.probabilities.Set(route.options[i].name, chosen.probabilities.at(i));
    }
    const double probability = chosen.probabilities[chosen.index];
    way.probability = probability;
    if (probability >= route.at_least) way.option = &route.options[chosen.index];
  }
  if (!way.option && !route.otherwise.empty()) way.option = FindOption(route, route.otherwise);
  if (!way.option) co_return Refused("there is no option '" + text.substr(0, 64) + "'");
  co_return way;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const RouteNodeConfig& route = *turn.node.route;
  CO_TRY_VOID(co_await turn.run.CheckLimits(call, turn.path));
  CO_TRY(NodeValue text, turn.run.templates().Text(route.text, turn.scope));
  auto choosing = Choose(call, turn, route, text.value.AsString());
  CO_TRY(const Way way, co_await choosing);
  NodeScope inner(turn.scope, turn.path + "." + way.option->name);
  inner.Taint(text);  // what came from outside has chosen the way
  auto running = turn.run.RunList(std::move(call), way.option->nodes, inner);
  CO_TRY(NodeValue output, co_await running);
  output.Mix({.tainted_by = text.tainted_by});
  output.value = Json::Object({{"choice", way.option->name},
                               {"probability", way.probability},
                               {"probabilities", way.probabilities},
                               {"output", std::move(output.value)}});
  co_return output;
}

std::string Label(const NodeConfig& node) { return "by " + node.route->by; }

std::vector<NodeList> Lists(const NodeConfig& node) {
  std::vector<NodeList> lists;
  for (const RouteOption& option : node.route->options) lists.push_back({option.name, &option.nodes});
  return lists;
}

}  // namespace

extern const NodeEntry node_route{
    .key = "route", .is = Is, .check = Check, .run = Run, .label = Label, .lists = Lists, .flow = NodeFlow::kOneOf};

}  // namespace atelier
