// The more general question behind a question finds what explains it.   [Zheng et al., arXiv:2310.06117]
#include <utility>

#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

Task<Result<void>> StepBack(Call call, StageConfig config, StageTools tools, StageState& state) {
  std::string prompt = "Question: " + state.question +
                       "\n\nWrite one more general question, about the idea behind it, whose answer would help to "
                       "answer this one. Answer with that question alone.";
  CO_TRY(const std::string said, co_await AskModel(std::move(call), config, tools, std::move(prompt), state));
  const std::string question = OneLineOf(said);
  if (question.empty()) co_return Error::Invalid("answer", "got an empty question");
  AddQuery(question, config.weight, state);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_step_back{"step_back", "searches for the more general question behind it too",
                                        StagePlace::kQuestion, StepBack};

}  // namespace atelier
