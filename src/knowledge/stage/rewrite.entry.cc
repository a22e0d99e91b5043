// Rewriting from history: "and on Windows?" becomes a question that says what it is about.
#include <utility>

#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

constexpr size_t kTurnsRead = 6;

Task<Result<void>> Rewrite(Call call, StageConfig config, StageTools tools, StageState& state) {
  if (state.history.empty()) co_return Result<void>();
  std::string prompt = "A conversation:\n\n";
  const size_t first = state.history.size() - std::min(state.history.size(), kTurnsRead);
  for (size_t i = first; i < state.history.size(); ++i) {
    const HistoryTurn& turn = state.history[i];
    prompt += turn.role + ": " + HistoryText(turn) + "\n";
  }
  prompt += "user: " + state.question +
            "\n\nWrite the user's last question so that it can be understood without the conversation: put names in "
            "the place of words like \"it\" and \"that\". Answer with that one question alone.";
  CO_TRY(const std::string said, co_await AskModel(std::move(call), config, tools, std::move(prompt), state));
  std::string question = OneLineOf(said);
  if (question.empty()) co_return Error::Invalid("answer", "got an empty question");
  AskInstead(std::move(question), state);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_rewrite{"rewrite", "makes a follow-up question one that stands alone",
                                      StagePlace::kQuestion, Rewrite};

}  // namespace atelier
