// A workflow that is ready to run: checked, its templates parsed, its models' names resolved. It is the program of an
// Agent (agent.h), so its runs are runs of agents: journalled, resumed, forked, replayed, answered, limited the same.
//
//   TRY(auto workflow, Workflow::Create(config, surroundings, find_model));
//   agent.program = workflow;
//
// Immutable; shared by its runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/agent.h"
#include "agent/workflow/workflow_checker.h"

namespace atelier {

class Workflow final : public AgentProgram {
 public:
  // The id of a chat model by a name of the configuration; of "" the default's.
  using FindModel = std::function<Result<std::string>(const std::string& name)>;
  // Errors: those of WorkflowChecker, models that there are not.
  static Result<std::shared_ptr<const Workflow>> Create(WorkflowConfig config, const WorkflowSurroundings& surroundings,
                                                        const FindModel& find_model);

  Task<Result<AgentOutcome>> Run(Call call, AgentWork work, const Agent& agent, Json input,
                                 StepScope scope) const override;
  Result<void> CheckInput(const Json& input) const override;
  bool HearsFromOutside() const override { return hears_from_outside_; }

  const WorkflowConfig& config() const { return config_; }
  const Templates& templates() const { return templates_; }
  const std::string& ModelOf(const std::string& name) const { return models_.at(name); }
  const Json& output_schema() const { return output_schema_; }
  // The variable `input`: a text, of messages the last that a person wrote; under an input schema what keeps it, or the
  // JSON that the text is. Errors: kInvalid.
  Result<Json> InputOf(const Json& input) const;

 private:
  Workflow() = default;

  WorkflowConfig config_;
  Templates templates_;
  std::map<std::string, std::string> models_;  // ids by the names of the configuration
  Json output_schema_;
  bool hears_from_outside_ = false;
};

}  // namespace atelier
