#include "agent/guarded.h"

#include <utility>

#include "agent/guards.h"

namespace atelier {

Task<Result<std::optional<AgentOutcome>>> GuardText(Call call, AgentWork& work, const Agent& agent, std::string on,
                                                    std::string text, std::string path) {
  GuardedText guarded{.on = on, .text = text, .path = path};
  auto checking = CheckGuards(std::move(call), work, agent, std::move(guarded));
  CO_TRY(const std::optional<GuardRefusal> refusal, co_await checking);
  if (!refusal) co_return std::nullopt;
  AgentOutcome outcome{.status = RunStatus::kRefused, .reason = "guard:" + refusal->guard};
  outcome.what = "the " + on + " " + refusal->why;
  if (!refusal->ask) co_return outcome;
  Json question = Json::Object({{"reason", outcome.reason}, {"why", refusal->why}, {"text", text}});
  auto asking = work.log.AskPerson(path + "!", refusal->guard, std::move(question));
  CO_TRY(const Json answer, co_await asking);
  if (answer["decision"] == Json("approve")) co_return std::nullopt;
  if (answer["decision"] == Json("edit") && on == "output" && answer["text"].is_string()) {
    co_return AgentOutcome{.text = answer["text"].AsString()};
  }
  co_return outcome;
}

}  // namespace atelier
