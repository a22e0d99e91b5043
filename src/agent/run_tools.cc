#include "agent/run_tools.h"

#include <algorithm>
#include <utility>

#include "agent/taint.h"
#include "agent/tool_output.h"

namespace atelier {
namespace {

// A schema of an object with one required text.
Json OneText(std::string_view key, std::string_view description) {
  Json text = Json::Object({{"type", "string"}, {"description", description}});
  return Json::Object({{"type", "object"},
                       {"properties", Json::Object({{key, std::move(text)}})},
                       {"required", Json::Array({key})},
                       {"additionalProperties", false}});
}

class AskPersonTool final : public AgentTool {
 public:
  AskPersonTool(AgentWork& work, const Agent& agent) : work_(work), agent_(agent) {
    spec_.name = kAskPerson;
    spec_.description = "Asks the person you work for, where only they can know or decide.";
    spec_.parameters = OneText("question", "what they have to know to answer, and the question");
    spec_.composed = true, spec_.outside = false;
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call /*call*/, ToolCallInfo info, Json arguments) override {
    Json question = Json::Object({{"reason", "question"}, {"question", arguments["question"]}});
    Result<Json> answer = co_await work_.log.AskPerson(info.path + "!", spec_.name, question);
    if (!answer.ok()) {
      if (IsSuspended(answer.error())) {
        work_.Tell(agent_, AgentEventType::kPersonAsked, info.path + "!", std::move(question));
      }
      co_return std::move(answer).error();
    }
    const Json* text = answer->Find("text");
    const bool refused = (*answer)["decision"] == Json("reject");
    ToolOutput output{.text = refused ? "They do not want to answer." : text ? text->AsString() : "Yes."};
    co_return output;
  }

 private:
  AgentWork& work_;
  const Agent& agent_;
  ToolSpec spec_;
};

class AskAgentTool final : public AgentTool {
 public:
  AskAgentTool(AgentWork& work, const CallHistory& history, std::shared_ptr<const Agent> other)
      : work_(work), history_(history), other_(std::move(other)) {
    spec_.name = "ask_" + other_->config.name;
    spec_.description = other_->config.description.empty() ? "Gives a task to the agent " + other_->config.name + "."
                                                           : other_->config.description;
    spec_.parameters = OneText("task", "all that the agent has to know: it reads nothing else");
    spec_.composed = true, spec_.outside = HearsFromOutside(*other_);
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    ToolOutput output;
    if (work_.depth >= work_.meter.limits().max_depth) {
      output.text = "Agents ask agents " + std::to_string(work_.depth) + " deep already.", output.is_error = true;
      co_return output;
    }
    AgentWork work = work_;
    ++work.depth;
    work.tainted_by = history_.tainted_by;
    auto program = RunAgent(std::move(call), std::move(work), *other_, arguments["task"], StepScope::Within(info.path));
    CO_TRY(AgentOutcome outcome, co_await program);
    output.text = outcome.structured.is_null() ? std::move(outcome.text) : outcome.structured.Dump();
    output.is_error = outcome.status != RunStatus::kCompleted;
    if (output.is_error) output.text += "\n(" + std::string(RunStatusName(outcome.status)) + ": " + outcome.what + ")";
    co_return output;
  }

 private:
  AgentWork& work_;
  const CallHistory& history_;
  std::shared_ptr<const Agent> other_;
  ToolSpec spec_;
};

class TransferTool final : public AgentTool {
 public:
  TransferTool(Handoff& handoff, std::shared_ptr<const Agent> other) : handoff_(handoff), other_(std::move(other)) {
    spec_.name = "transfer_to_" + other_->config.name;
    spec_.description = "Hands the conversation over to " + other_->config.name + ". " + other_->config.description;
    spec_.composed = true, spec_.outside = false;
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call /*call*/, ToolCallInfo /*info*/, Json /*arguments*/) override {
    ToolOutput output;
    output.is_error = handoff_.to != nullptr;
    output.text = output.is_error ? "Handed over to " + handoff_.to->config.name + " already."
                                  : "You are " + other_->config.name + " now.";
    if (!output.is_error) handoff_.to = other_;
    co_return output;
  }

 private:
  Handoff& handoff_;
  std::shared_ptr<const Agent> other_;
  ToolSpec spec_;
};

}  // namespace

std::shared_ptr<AgentTool> MakeAskPerson(AgentWork& work, const Agent& agent) {
  return std::make_shared<AskPersonTool>(work, agent);
}
std::shared_ptr<AgentTool> MakeAskAgent(AgentWork& work, const CallHistory& history,
                                        std::shared_ptr<const Agent> other) {
  return std::make_shared<AskAgentTool>(work, history, std::move(other));
}
std::shared_ptr<AgentTool> MakeTransfer(Handoff& handoff, std::shared_ptr<const Agent> other) {
  return std::make_shared<TransferTool>(handoff, std::move(other));
}

Result<AgentTools> MakeRunTools(AgentWork& work, const Agent& agent, const CallHistory& history, Handoff& handoff) {
  AgentTools tools;
  const auto find = [&](const std::string& name) -> Result<std::shared_ptr<const Agent>> {
    if (!work.find_agent) return Error::NotFound("agent " + name, "there are no other agents here");
    return work.find_agent(name);
  };
  if (agent.config.ask_person) tools.push_back(MakeAskPerson(work, agent));
  for (const std::string& name : agent.config.agents) {
    TRY(auto other, find(name));
    tools.push_back(MakeAskAgent(work, history, std::move(other)));
  }
  for (const std::string& name : agent.config.handoffs) {
    TRY(auto other, find(name));
    tools.push_back(MakeTransfer(handoff, std::move(other)));
  }
  return tools;
}

}  // namespace atelier
