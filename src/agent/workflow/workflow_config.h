// `workflows` in atelier.yaml: programs of nodes that run as agents do.
//
//   workflows:
//     - name: announce
//       nodes:
//         - name: outline
//           ask: {prompt: "Three points on {{ input }}."}
//           gates: [{must_match: "3"}]
//         - name: text
//           ask: {prompt: "Write it out:\n{{ outline }}"}
//
// The nodes of a list run one after the other; what a node gives is a variable of those that come later, and what the
// last gives is what the list gives. A node is of one kind, the key beside its name; some kinds hold lists of their
// own, so patterns nest. There are no jumps: what repeats is a loop with a bound, and a program without an end cannot
// be written.
//
// Texts are Jinja templates. A value that is one expression, "{{ a.b }}", is what the expression gives; any other text
// is a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent_config.h"
#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

struct NodeConfig;

// Asks a model.
struct AskConfig {
  std::string prompt = {};            // a template
  std::string system = {};            // a template
  OneOrMany<std::string> model = {};  // several: asked in turn, until the gates let one's answer through
  Json output_schema = {};            // of what it gives; null: a text
  int32_t retries = 0;                // of a refused answer, which the same model is told why
  bool may_be_cut = false;            // an answer that max_tokens ends is taken as it is
  int64_t max_tokens = 1024;
  double temperature = 0;
  static Fields Describe();
};

// Calls a tool, without a model.
struct ToolNodeConfig {
  std::string name = {};
  Json arguments = {};  // an object of templates
  static Fields Describe();
};

// Has another agent, or workflow, do something.
struct RunConfig {
  std::string agent = {};
  Json input = "{{ input }}";
  static Fields Describe();
};

// Asks a person, and waits for the answer.
struct PersonConfig {
  std::string question = {};  // a template
  bool must_approve = false;  // a rejection ends the run
  static Fields Describe();
};

struct RouteOption {
  std::string name = {};
  std::string description = {};
  std::vector<std::string> examples = {};  // of texts that belong here
  std::vector<NodeConfig> nodes;           // what is done then; may be empty
  static Fields Describe();
};

// Chooses one of several ways, by a decision with probabilities or by a rule.
struct RouteNodeConfig {
  std::string text = "{{ input }}";  // what is decided about; by a rule, the name of the option
  std::string question = "What is this about?";
  std::string by = "meaning";
  OneOrMany<std::string> model = {};  // that decides; several: the next where one is not sure, and any after `meaning`
  std::vector<RouteOption> options = {};
  double at_least = 0;         // that the likeliest option's probability has to be
  std::string otherwise = {};  // the option that is taken below
  static Fields Describe();
};

// Does nodes beside each other.
struct ParallelConfig {
  std::vector<NodeConfig> nodes;
  int32_t times = 1;                  // each of them
  std::string join = "all";           // "all": gives all; "vote": gives what most gave
  std::string ballot = "{{ item }}";  // what of each counts as its vote
  static Fields Describe();
};

// Does the same for each item of a list, beside each other.
struct MapConfig {
  std::string over = {};  // a template that gives an array
  std::vector<NodeConfig> nodes;
  int32_t at_once = 4;
  int32_t max_items = 100;
  static Fields Describe();
};

// Does the same again until it is good.
struct LoopConfig {
  std::vector<NodeConfig> nodes;
  std::string until = {};  // a template that is true when it is good; empty: all rounds
  int32_t max_rounds = 3;
  Json output = {};  // a template; null: what the last node gives
  static Fields Describe();
};

struct ChatMember {
  std::string name = {};          // empty: the agent's
  std::string description = {};   // what it is for; empty: the agent's
  std::string agent = {};         // who speaks; or
  std::vector<NodeConfig> nodes;  // what is done when it is its turn
  std::string when = {};          // a template: may it speak now? empty: always
  static Fields Describe();
};

// Several members in one conversation, and on one board.
struct ChatConfig {
  std::string task = "{{ input }}";
  std::vector<ChatMember> members = {};
  std::string speaker = "round_robin";
  std::string rule = {};      // by rule: a template that gives the next speaker's name; empty text ends the chat
  std::string model = {};     // that chooses; empty: the workflow's
  std::string end_when = {};  // by meaning or model: describes when nobody has to speak any more
  std::string until = {};     // a template that is true when the chat is over
  int32_t max_turns = 6;
  static Fields Describe();
};

// What is looked at before a node's output goes on. Errors of its own are refusals.
struct GateConfig {
  std::string check = {};  // a template that is true of what may pass; `output` is what the node gives
  std::string must_match = {}, must_not_match = {};
  Json schema = {};
  std::string statement = {};
  double at_most = 0.5;
  std::string why = {};  // told where it refuses, in place of the gate's own words
  static Fields Describe();
};

struct NodeConfig {
  std::string name = {};
  // One of these.
  std::optional<AskConfig> ask = {};
  std::optional<ToolNodeConfig> tool = {};
  std::optional<RunConfig> run = {};
  std::optional<PersonConfig> person = {};
  std::optional<RouteNodeConfig> route = {};
  std::optional<ParallelConfig> parallel = {};
  std::optional<MapConfig> map = {};
  std::optional<LoopConfig> loop = {};
  std::optional<ChatConfig> chat = {};
  std::vector<NodeConfig> nodes;
  Json value = {};  // templates

  std::vector<GateConfig> gates = {};
  Json otherwise = {};  // given where a gate or the node itself refuses; null: the run ends then
  static Fields Describe();
};

struct WorkflowConfig {
  std::string name = {};
  std::string description = {};
  std::string model = {};  // of nodes that name none; empty: the default chat model
  Json input_schema = {};  // null: a text
  std::vector<NodeConfig> nodes;
  Json output = {};  // templates; null: what the last node gives
  AgentLimits limits = {};
  static Fields Describe();
};

inline constexpr int kMaxNodeDepth = 8;  // lists within lists
inline constexpr size_t kMaxWorkflowNodes = 500;

}  // namespace atelier
