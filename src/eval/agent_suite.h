// Tasks for agents, declared in a file: the world that each begins in, who works in it with which tools, the moves of
// somebody who knows how (they prove that tools and checks work), and what the world has to be like afterwards.
//
//   world:                                     # of every task of the file; a task can add to it
//     files: {notes/todo.txt: "buy milk"}
//     databases: {shop.db: "CREATE TABLE …"}
//   tools: [{type: files, with: {folder: "{world}/notes", write: true}}]    # as in atelier.yaml
//   actions:                                   # tools made of one SQL statement each
//     - {name: cancel_order, database: shop.db, parameters: {order: {type: integer}},
//        sql: "UPDATE orders SET state = 'cancelled' WHERE id = ?1"}
//   agents: [{name: clerk, tools: ["*"]}]      # as in atelier.yaml; the first is the one that is asked
//   tasks:
//     - id: cancel
//       input: Cancel order 7.
//       moves: [{call: cancel_order, arguments: {order: 7}}, {answer: "Done."}]
//       checks: [{database: shop.db, query: "SELECT state FROM orders WHERE id = 7", gives: cancelled}]
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent_config.h"
#include "agent/tools/tool_entry.h"
#include "base/io/files.h"

namespace atelier {

struct AgentWorldConfig {
  std::map<std::string, std::string> files = {};      // path in the world to content
  std::map<std::string, std::string> databases = {};  // path in the world to statements that make a SQLite file
  static Fields Describe();
};

// A tool that runs one statement on a database of the world.
struct ActionConfig {
  std::string name = {}, description = {}, database = {};
  std::map<std::string, Json> parameters = {};  // properties; ?1, ?2, … of the statement in the order of `order`
  std::vector<std::string> order = {};          // names of parameters; needed where there are two or more
  std::vector<std::string> optional = {};       // parameters that need not be given: NULL
  std::string sql = {};
  bool sensitive = false, needs_approval = false, outside = false;
  static Fields Describe();
};

// One thing that an agent does, or is answered.
struct AgentMove {
  std::string call = {};  // a tool
  Json arguments = {};
  std::string answer = {};  // where `call` is empty
  std::string agent = {};   // whose move it is; empty: whoever's turn it is
  static Fields Describe();
};

// One thing that is true of the world afterwards. Which members are set says what is looked at:
//   answer, answer_lacks      a text in the run's answer, in whatever case, commas in numbers aside
//   file                      with holds, lacks, equals or absent; a glob: of one of the files that match
//   database, query           with gives: columns joined by '|', rows by '\n'
//   called, not_called        a tool, in the journal; with `arguments`: members that the call had; `times`: exactly
//   status, waits_for         of the run; the tool that waits for a person
//   changed                   the files of the world that are new, other or gone, all of them; databases aside
struct AgentCheck {
  std::string answer = {}, answer_lacks = {};
  std::string file = {}, holds = {}, lacks = {};
  std::optional<std::string> equals = {};
  bool absent = false;
  std::string database = {}, query = {}, gives = {};
  std::string called = {}, not_called = {};
  Json arguments = {};
  std::optional<int64_t> times = {};
  std::string status = {}, waits_for = {};
  std::optional<std::vector<std::string>> changed = {};
  static Fields Describe();
};

// What a person says where the run waits for one.
struct AgentPersonConfig {
  std::string decision = "approve", text = {};
  static Fields Describe();
};

struct AgentTask {
  std::string id = {}, what = {};
  Json input = {};  // a text or messages
  AgentWorldConfig world = {};
  std::vector<ActionConfig> actions = {};  // beside the file's
  std::vector<AgentConfig> agents = {};    // in place of the file's
  std::vector<AgentMove> moves = {};
  std::vector<AgentCheck> checks = {};
  std::optional<AgentPersonConfig> person = {};  // none: the run stays waiting
  static Fields Describe();
};

struct AgentSuite {
  AgentWorldConfig world = {};
  std::vector<ToolConfig> tools = {};
  std::vector<ActionConfig> actions = {};
  std::vector<AgentConfig> agents = {};
  std::vector<AgentTask> tasks = {};
  static Fields Describe();
};

// Each task with what the file says of all: its world, actions and agents are whole. Errors: kInvalid with file and
// key; ids twice; tasks without checks or moves.
Result<AgentSuite> ReadAgentSuite(Files& files, const std::string& path);

}  // namespace atelier
