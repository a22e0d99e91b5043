// Several wordings of one question are searched, so that a document need not share the asker's words.
#include <utility>

#include "knowledge/stage/stage_model.h"

namespace atelier {
namespace {

Task<Result<void>> MultiQuery(Call call, StageConfig config, StageTools tools, StageState& state) {
  std::string prompt = "Question: " + state.question + "\n\nWrite up to " + std::to_string(config.count) +
                       " other ways to ask this for a search engine, each with other words for the same thing, as a "
                       "list in JSON.";
  CO_TRY(const auto lines, co_await AskForList(std::move(call), config, tools, std::move(prompt), state));
  for (const std::string& line : lines) AddQuery(line, config.weight, state);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_multi_query{"multi_query", "searches for other wordings of the question too",
                                          StagePlace::kQuestion, MultiQuery};

}  // namespace atelier
