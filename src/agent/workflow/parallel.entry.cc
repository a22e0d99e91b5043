// parallel: nodes beside each other                                      [Building effective agents, "parallelization"]
//
// Sectioning: different nodes, all of whose outputs are given, by their names. Voting: `join: vote` gives what most of
// them gave (of equals the first), with its share; `times` has each done so often, for models that draw.
#include <algorithm>

#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.parallel.has_value(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const ParallelConfig& parallel = *node.parallel;
  if (parallel.nodes.empty()) return Error::Invalid("nodes", "got none, want at least one");
  std::vector<std::pair<std::string, Json>> members;
  std::vector<Json> outputs;
  for (const NodeConfig& one : parallel.nodes) {
    NameScope inner(&scope);  // none sees what its neighbours give
    const auto i = static_cast<size_t>(&one - parallel.nodes.data());
    Result<Json> output = checker.One(one, i, inner);
    if (!output.ok()) return std::move(output).error().Under("nodes");
    outputs.push_back(*output);
    Json many = TypeSchema("array");
    many.Set("items", *output);
    members.emplace_back(one.name, parallel.times == 1 ? std::move(*output) : std::move(many));
  }
  if (parallel.join == "all") return ObjectSchema(std::move(members));
  NameScope with_item(&scope);
  with_item.Set("item", UnionSchema(std::move(outputs)));
  Result<Json> ballot = checker.Value(parallel.ballot, with_item);
  if (!ballot.ok()) return std::move(ballot).error().Under("ballot");
  return ObjectSchema({{"choice", std::move(*ballot)},
                       {"share", TypeSchema("number")},
                       {"num_votes", TypeSchema("integer")},
                       {"votes", TypeSchema("object")}});
}

// What is the same vote: texts but for space around them, capitals and a full stop.
std::string BallotText(const Json& vote) {
  std::string text = TextOfValue(vote);
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '.'; };
  while (!text.empty() && is_space(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), is_space));
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Result<NodeValue> Count(const NodeTurn& turn, const std::vector<NodeValue>& values) {
  NodeValue counted;
  std::vector<Json> votes;
  std::vector<std::string> keys;
  Json tally = Json::Object({});
  for (const NodeValue& value : values) {
    NodeScope with_item(turn.scope, turn.path);
    with_item.Set("item", value);
    TRY(NodeValue vote, turn.run.templates().Value(turn.node.parallel->ballot, with_item));
    counted.Mix(value);
    keys.push_back(BallotText(vote.value));
    votes.push_back(std::move(vote.value));
    tally.Set(keys.back(), tally[keys.back()].is_null() ? 1 : tally[keys.back()].AsInt64().value_or(0) + 1);
  }
  size_t best = 0;
  for (size_t i = 1; i < keys.size(); ++i) {
    if (tally[keys[i]].AsInt64() > tally[keys[best]].AsInt64()) best = i;
  }
  const double most = tally[keys[best]].AsDouble();
  counted.value = Json::Object({{"choice", votes[best]},
                                {"share", most / static_cast<double>(values.size())},
                                {"num_votes", values.size()},
                                {"votes", std::move(tally)}});
  return counted;
}

NodeValue Gather(const ParallelConfig& parallel, std::vector<NodeValue> values) {
  NodeValue all{.value = Json::Object({})};
  const auto times = static_cast<size_t>(parallel.times);
  for (size_t i = 0; i < values.size(); ++i) {
    all.Mix(values[i]);
    const std::string& name = parallel.nodes[i / times].name;
    if (times == 1) {
      all.value.Set(name, std::move(values[i].value));
    } else {
      if (i % times == 0) all.value.Set(name, Json::Array({}));
      all.value.Find(name)->Push(std::move(values[i].value));
    }
  }
  return all;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const ParallelConfig& parallel = *turn.node.parallel;
  const auto times = static_cast<size_t>(parallel.times);
  const size_t num = parallel.nodes.size() * times;
  WorkflowRun::Op one = [&turn, &parallel, call, times](size_t i) {
    const std::string path = times == 1 ? turn.path : turn.path + "." + std::to_string(i % times);
    return turn.run.RunAlone(call, parallel.nodes[i / times], turn.scope, path);
  };
  auto beside = turn.run.Beside(num, num, std::move(one));
  CO_TRY(std::vector<NodeValue> values, co_await beside);
  if (parallel.join == "vote") co_return Count(turn, values);
  co_return Gather(parallel, std::move(values));
}

std::string Label(const NodeConfig& node) {
  std::string label = node.parallel->join == "vote" ? "vote" : "";
  if (node.parallel->times > 1) label += (label.empty() ? "" : ", ") + std::to_string(node.parallel->times) + " times";
  return label;
}

std::vector<NodeList> Lists(const NodeConfig& node) { return {{.nodes = &node.parallel->nodes}}; }

}  // namespace

extern const NodeEntry node_parallel{
    .key = "parallel", .is = Is, .check = Check, .run = Run, .label = Label, .lists = Lists, .flow = NodeFlow::kBeside};

}  // namespace atelier
