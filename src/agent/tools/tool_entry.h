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

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  std::string name = {};         // of the tool, or before the names of several ("name_search"); empty: the tool's own
  std::string type = {};         // of ToolEntry
  std::string description = {};  // in place of the tool's own, or before those of several; empty: its own
  // In place of what the tool says of itself.
  std::optional<bool> sensitive = {}, needs_approval = {}, outside = {};
  bool trusted = false;        // its definition is as good as our own: ToolSpec::author is left empty
  double timeout_seconds = 0;  // 0: the tool's own
  Json with = {};              // what the type has to be told; null or an object
  static Fields Describe();
};

// What a tool asks of a corpus, and what it is given.
struct PassageQuery {
  std::string corpus, text;
  int32_t limit = 5;
};
struct FoundPassage {
  std::string document_id, title, text;
  std::vector<std::string> heading_path;
  int32_t first_page = 0;  // 0: it has no pages
  double score = 0;
};

// Something that a memory holds of a person.
struct RememberedItem {
  std::string id, day, text;  // day: "2026-11-28", or empty
};
// What a tool asks of a memory; each of one person alone.
struct ToolMemory {
  std::function<Task<Result<std::vector<RememberedItem>>>(Call call, std::string user, std::string query,
                                                          int32_t limit)>
      search;
  // `key`: kept again under the same key, it is there once. Gives its id.
  std::function<Task<Result<std::string>>(Call call, std::string user, std::string fact, std::string key)> remember;
  // How many went: 0 where the id is nobody's, or another's.
  std::function<Task<Result<int64_t>>(Call call, std::string user, std::string id)> forget;
};

// What tools are made with; it outlives them.
struct ToolEnvironment {
  Pool& pool;                       // for what blocks
  AsyncHttpClient* http = nullptr;  // null: no tool may reach the network
  // Of tools that settings do not give one of their own. Null: EgressPolicy::Public().
  std::shared_ptr<const EgressPolicy> egress = {};
  std::string home = {};  // Atelier's data folder
  const Clock* clock = &Clock::Real();
  // Of what the call's principal may see, best first. Empty: there are no corpora.
  std::function<Task<Result<std::vector<FoundPassage>>>(Call call, PassageQuery query)> search_corpus = {};
  std::optional<ToolMemory> memory = {};  // none: nothing is remembered here
};

struct ToolEntry {
  std::string_view type;
  std::string_view sentence;  // for the reference
  // Names and describes its tools as if `config` did not; MakeTools overrides. Errors: kInvalid with the key within
  // `with`; MakeTools puts "with" before.
  Result<AgentTools> (*make)(const ToolConfig& config, const ToolEnvironment& environment) = nullptr;
};

// Every type, sorted by file name.
std::span<const ToolEntry* const> ToolTypes();
// The tools of one entry, with its overrides applied; each call ends at the spec's timeout at the latest. Errors: an
// unknown type, by the nearest known one; the type's own; what CheckToolSpec says of one of them.
Result<AgentTools> MakeTools(const ToolConfig& config, const ToolEnvironment& environment);

// What tool.h says of a ToolSpec: the name's letters, schemas that compile, a timeout above 0.
Result<void> CheckToolSpec(const ToolSpec& spec);

// `with` as a described struct of the type's.
template <class Options>
Result<Options> ReadToolOptions(const ToolConfig& config) {
  return ReadJson<Options>(config.with.is_null() ? Json::Object({}) : config.with);
}

}  // namespace atelier
