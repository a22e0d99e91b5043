// A judge of a workflow's `route` node, alone: the node with this one judge, without threshold and ways, asked as a run
// asks it, over a journal that is thrown away.
#pragma once

#include <memory>
#include <string>

#include "agent/agent_runs.h"
#include "agent/workflow/workflow_config.h"
#include "base/store/database.h"
#include "cli/session.h"
#include "eval/routing_eval.h"

namespace atelier {

inline constexpr char kByMeaning[] = "meaning";  // a judge's name; others are models

// The first node of this name, or where that is empty the first, that is a route; null: there is none.
const NodeConfig* FindRoute(const std::vector<NodeConfig>& nodes, const std::string& name);

class RoutingJudge {
 public:
  // `judge`: "meaning" or a model; "" the default one. `folder` is made, and removed at the end.
  static Result<std::unique_ptr<RoutingJudge>> Create(Session& session, const RouteNodeConfig& route, std::string judge,
                                                      std::string folder);
  ~RoutingJudge();

  const std::string& name() const { return name_; }
  // Its cost: the milliseconds that it took.
  Task<Result<RouteJudgement>> Ask(Call call, std::string input);

 private:
  explicit RoutingJudge(App& app) : app_(app) {}

  App& app_;
  std::string name_, folder_;
  std::vector<std::string> options_;
  std::shared_ptr<const Agent> agent_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AgentRuns> runs_;
};

}  // namespace atelier
