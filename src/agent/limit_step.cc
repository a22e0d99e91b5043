#include "agent/limit_step.h"

#include <utility>

namespace atelier {

Task<Result<std::optional<LimitReached>>> MeetLimit(Call call, AgentWork& work, std::string coming,
                                                    std::optional<LimitReached> reached) {
  if (work.depth <= 1) co_return reached;  // who stands alone comes by in one order
  StepSpec spec{.path = coming + "!limit", .kind = RunStepKind::kValue, .name = "limit"};
  if (!work.log.Knows(spec.path)) {
    if (!reached || work.log.is_replay() || work.log.WentOn(coming)) co_return std::nullopt;
  }
  RunLog::Perform perform = [&reached](Call) -> Task<Result<Performed>> {
    Performed performed{.result = Json::Object({{"reason", reached->reason}, {"what", reached->what}})};
    co_return performed;
  };
  auto stepping = work.log.Step(std::move(call), std::move(spec), std::move(perform));
  CO_TRY(const StepResult step, co_await stepping);
  co_return LimitReached{step.value["reason"].AsString(), step.value["what"].AsString()};
}

}  // namespace atelier
