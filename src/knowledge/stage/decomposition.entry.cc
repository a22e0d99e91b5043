// A question that asks for several things becomes several questions.
#include <utility>

#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

Task<Result<void>> Decompose(Call call, StageConfig config, StageTools tools, StageState& state) {
  std::string prompt = "Question: " + state.question + "\n\nWhich simpler questions, at most " +
                       std::to_string(config.count) +
                       ", must be answered first? Each must be understood without the others. Write them as a list in "
                       "JSON; if the question is simple already, only itself.";
  CO_TRY(const auto lines, co_await AskForList(std::move(call), config, tools, std::move(prompt), state));
  for (const std::string& line : lines) AddQuery(line, config.weight, state);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_decomposition{"decomposition", "searches for the simpler questions within it too",
                                            StagePlace::kQuestion, Decompose};

}  // namespace atelier
