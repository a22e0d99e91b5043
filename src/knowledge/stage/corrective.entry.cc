// The best passages are graded; where none is likely to help, the question is worded anew and searched again.
//   [after Yan et al., arXiv:2401.15884, without a search of the web]
#include <algorithm>
#include <set>
#include <utility>

#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

struct Grades {
  std::vector<double> of;  // the first passages
  double best = 0;
};

Task<Result<Grades>> GradePassages(Call call, const StageConfig& config, const StageTools& tools, StageState& state) {
  const std::string model = config.model.empty() ? tools.chat_model : config.model;
  if (tools.model == nullptr || model.empty()) {
    co_return Error::Unsupported("model", "got none, want a chat model");
  }
  Grades grades;
  const size_t num = std::min(state.passages.size(), static_cast<size_t>(config.count));
  for (size_t i = 0; i < num; ++i) {
    if (call.stopped(tools.clock->Now())) co_return Error::Timeout("corrective", "the time is over");
    auto asked = DecisionRequest::Of(model, "Question: " + state.question + "\n\nPassage: " + state.passages[i].text,
                                     {DecisionQuestion::Predicate("The passage helps to answer the question.")});
    CO_TRY(const Decision decision, co_await tools.model->Decide(call, std::move(asked)));
    state.usage.prompt_tokens += decision.usage.prompt_tokens;
    const DecisionAnswer& answer = decision.answers.at(0);
    grades.of.push_back(answer.refused ? 0 : answer.probability());
    grades.best = std::max(grades.best, grades.of.back());
  }
  co_return grades;
}

Task<Result<void>> Correct(Call call, StageConfig config, StageTools tools, StageState& state) {
  CO_TRY(const Grades grades, co_await GradePassages(call, config, tools, state));
  if (grades.best >= config.grade_at_least) co_return Result<void>();
  std::string prompt = "A search for this found nothing useful:\n" + state.question +
                       "\n\nWrite it anew with other words, so that a search engine finds documents that answer it. "
                       "Answer with that one question alone.";
  CO_TRY(const std::string said, co_await AskModel(call, config, tools, std::move(prompt), state));
  const std::string question = OneLineOf(said);
  if (question.empty() || question == state.question) co_return Result<void>();
  std::vector<SubQuery> queries = state.queries;
  queries.push_back({question, question, false, config.weight});
  CO_TRY(std::vector<Passage> again, co_await tools.search(call, std::move(queries)));
  state.passages = std::move(again);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_corrective{"corrective", "grades what was found, and searches again where none helps",
                                         StagePlace::kPassages, Correct};

}  // namespace atelier
