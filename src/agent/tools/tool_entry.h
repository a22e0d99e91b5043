// A type of tool that atelier.yaml can name: one file, x.entry.cc, with one ToolEntry (docs/adding.md). An entry makes
// AgentTools of its settings; most make one, some several (mail: search, read, draft).
//
//   tools:
//     - type: calculator
//     - name: handbook
//       type: corpus_search
//       needs_approval: true
//       with: {corpus: handbook, limit: 5}
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/tools/tool.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task/pool.h"
#include "base/text/describe.h"
#include "base/text/describe_json.h"

namespace atelier {

class AsyncHttpClient;
class EgressPolicy;

// One entry of `tools` in atelier.yaml.
struct ToolConfig {
  std::string name;         // of the tool, or before the names of several; empty: the type's
  std::string type;         // of ToolEntry
  std::string description;  // in place of the tool's own; empty: its own
  // In place of what the tool says of itself.
  std::optional<bool> sensitive, needs_approval, outside;
  double timeout_seconds = 0;  // 0: the tool's own
  Json with;                   // what the type has to be told; null or an object
  static Fields Describe();
};

// What tools are made with; it outlives them.
struct ToolEnvironment {
  Pool& pool;                       // for what blocks
  AsyncHttpClient* http = nullptr;  // null: no tool may reach the network
  // Of tools that settings do not give one of their own. Null: EgressPolicy::Public().
  std::shared_ptr<const EgressPolicy> egress = {};
  std::string home = {};  // Atelier's data folder
  const Clock* clock = &Clock::Real();
};

struct ToolEntry {
  std::string_view type;
  std::string_view sentence;  // for the reference
  // Errors: kInvalid under "with".
  Result<AgentTools> (*make)(const ToolConfig& config, const ToolEnvironment& environment) = nullptr;
};

// Every type, sorted by file name.
std::span<const ToolEntry* const> ToolTypes();
// The tools of one entry, with its overrides applied. Errors: an unknown type, by the nearest known one; the type's
// own.
Result<AgentTools> MakeTools(const ToolConfig& config, const ToolEnvironment& environment);

// `with` as a described struct of the type's.
template <class Options>
Result<Options> ReadToolOptions(const ToolConfig& config) {
  return ReadJson<Options>(config.with.is_null() ? Json::Object({}) : config.with);
}

}  // namespace atelier
