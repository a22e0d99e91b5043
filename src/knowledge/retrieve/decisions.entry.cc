// A chat model decides of each passage whether it answers the question; the probability is the score.
#include "knowledge/retrieve/ranker.h"

namespace atelier {
namespace {

Task<Result<std::vector<double>>> ScoreDecisions(Call call, RankRequest request) {
  CO_TRY(const std::string model, ModelOf(request, "chat"));
  std::vector<double> scores;
  for (const Passage& passage : request.passages) {
    if (call.stopped(request.tools.clock->Now())) co_return Error::Timeout("rerank", "the time is over");
    auto asked = DecisionRequest::Of(model, "Question: " + request.query + "\n\nPassage: " + passage.text,
                                     {DecisionQuestion::Predicate("The passage answers the question.")});
    CO_TRY(const Decision decision, co_await request.tools.model->Decide(call, std::move(asked)));
    const DecisionAnswer& answer = decision.answers.at(0);
    scores.push_back(answer.refused ? 0 : answer.probability());
  }
  co_return scores;
}

}  // namespace

extern const RankerEntry ranker_decisions{"decisions", "a chat model decides whether each passage answers the question",
                                          ScoreDecisions, "chat"};

}  // namespace atelier
