// The question together with what the asker said before: "And how hot?" is searched as "What is green tea? And how
// hot?". Asks no model. Where a small model would rewrite the question, this finds more (docs/knowledge.md).
#include <utility>

#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

Task<Result<void>> Join(Call /*call*/, StageConfig config, StageTools /*tools*/, StageState& state) {
  std::string question = state.question;
  int32_t num_joined = 0;
  for (auto turn = state.history.rbegin(); turn != state.history.rend() && num_joined < config.count; ++turn) {
    if (turn->role != "user") continue;
    question = HistoryText(*turn) + " " + question;
    ++num_joined;
  }
  AskInstead(std::move(question), state);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_history{"history", "searches for what the asker said before, too", StagePlace::kQuestion,
                                      Join};

}  // namespace atelier
