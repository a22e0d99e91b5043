// Graph retrieval, global: a question about the documents as a whole wants a bit of everything they speak of, not ten
// passages that say the same. What was found is put into groups that share things, and each group gives its best in
// turn. A chat model decides whether the question is such a one.   [after Edge et al., arXiv:2404.16130]
#include <algorithm>
#include <utility>

#include "knowledge/stage/passage_graph.h"
#include "knowledge/stage/stage.h"

namespace atelier {
namespace {

// Probability that the question asks about all of the documents.
Task<Result<double>> IsGlobal(Call call, const StageConfig& config, const StageTools& tools, StageState& state) {
  const std::string model = config.model.empty() ? tools.chat_model : config.model;
  if (tools.model == nullptr || model.empty()) {
    co_return Error::Unsupported("model", "got none, want a chat model");
  }
  auto asked = DecisionRequest::Of(
      model, "Question: " + state.question,
      {DecisionQuestion::Predicate("The question asks for an overview of many documents, not for one fact.")});
  CO_TRY(const Decision decision, co_await tools.model->Decide(std::move(call), std::move(asked)));
  state.usage.prompt_tokens += decision.usage.prompt_tokens;
  const DecisionAnswer& answer = decision.answers.at(0);
  co_return answer.refused ? 0 : answer.probability();
}

Task<Result<void>> SpreadOverCommunities(Call call, StageConfig config, StageTools tools, StageState& state) {
  CO_TRY(const double global, co_await IsGlobal(std::move(call), config, tools, state));
  if (global < config.grade_at_least) co_return Result<void>();
  const auto communities = PassageGraph(state.passages).Communities();
  std::vector<Passage> spread;
  for (size_t turn = 0; spread.size() < state.passages.size(); ++turn) {
    for (const std::vector<size_t>& members : communities) {
      if (turn < members.size()) spread.push_back(std::move(state.passages[members[turn]]));
    }
  }
  state.passages = std::move(spread);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_graph_global{"graph_global", "for questions about everything, a bit of every group",
                                           StagePlace::kPassages, SpreadOverCommunities, 5};

}  // namespace atelier
