// AgentTool: what an agent may call. A ToolSpec says what a model sees of it and what the runtime must know to call it
// safely; Run does the work, once a call.
//
// Two kinds of failure are told apart. A ToolOutput with is_error is an answer: the tool ran and says what went wrong,
// and the model reads it and may do better. An Error of Run means that no answer came: the runtime words it for the
// model too, unless the call was stopped.
//
// A tool is told a key that stands for this one call of this one run (ToolCallInfo::idempotency_key). A run that is
// resumed after a crash makes the call again with the same key if the tool is idempotent, and otherwise asks a person.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "base/text/json.h"

namespace atelier {

// How a tool looks things up, for the policy "research", which searches several sources and reads what it finds.
struct SourceSpec {
  std::string query;               // the argument that says what is looked for
  bool by_term = false;            // it finds what holds the query as it stands: it is asked for one word at a time
  std::string found = {};          // member of the structured output, an array of what was found; empty: the output's
                                   // text is what was found
  std::string id = {};             // member of one of these that names it; empty: it is a text, its own name
  std::string title = {};          // member that says in words what it is; empty: none
  std::string text = {};           // member that has what it says, or its beginning; empty: none
  std::string read_by = {};        // the tool that reads it whole; empty: `text` is all
  std::string read_argument = {};  // the argument of that tool that takes the id
};

struct ToolSpec {
  std::string name;  // [A-Za-z0-9_-]{1,64}
  std::string title = {};
  std::string description = {};
  Json parameters = Json::Object({{"type", "object"}});  // a schema of an object
  Json output_schema = {};                               // of ToolOutput::structured; null: none is promised
  // How the parts of a text look (ECMA-262) that may be an argument, by its name: for the policy "guided", which copies
  // arguments. A hint, no condition: what a call may say is `parameters`.
  std::map<std::string, std::string> looks = {};
  bool read_only = false;       // changes nothing that anybody could notice
  bool idempotent = false;      // made again with the same key it has one effect; so is what is read_only
  bool sensitive = false;       // not to be steered by what came from outside: then a person is asked first
  bool needs_approval = false;  // a person is asked first in any case
  bool composed = false;        // a program of steps of its own: these are journalled, the call is not
  bool outside = true;          // what it says may come from strangers: marked for the model, and taints the run
  // Who wrote the words above, where that is a stranger whose instructions it may be: a run that is shown them is
  // tainted, but for the author's own tools. Empty: we, or whoever wrote the settings.
  std::string author = {};
  std::chrono::milliseconds timeout{60'000};
  std::optional<SourceSpec> source = {};

  bool may_repeat() const { return read_only || idempotent; }
};

// What came out of a call.
struct ToolOutput {
  std::string text = {};  // what the model reads
  Json structured = {};   // null or what keeps output_schema
  // Further parts in MCP's words: {"type": "image", "data", "mimeType"}, {"type": "resource_link", "uri", …}.
  std::vector<Json> parts = {};
  bool is_error = false;  // the tool ran and failed; `text` says why
};

// Of one call.
struct ToolCallInfo {
  std::string run_id;
  std::string idempotency_key;  // the same whenever this call of this run is made
  std::string principal;        // for whom the run is
  std::string path = {};        // of the call in its run; of composed ones, their steps stand below it
  // How far a long call has come; may be empty. `total` 0: not known.
  std::function<void(double done, double total, std::string message)> on_progress = {};
};

class AgentTool {
 public:
  virtual ~AgentTool() = default;
  virtual const ToolSpec& spec() const = 0;
  // `arguments` keeps spec().parameters. The call's deadline and stop hold; what was begun ends with them.
  virtual Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) = 0;
};

using AgentTools = std::vector<std::shared_ptr<AgentTool>>;

}  // namespace atelier
