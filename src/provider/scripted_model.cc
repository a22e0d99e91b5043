#include "provider/scripted_model.h"

#include "base/task/stop_link.h"

namespace atelier {

Task<void> ScriptedModel::Say(Loop& loop, Call call, Line line, std::shared_ptr<Channel<GenerationEvent>> events) {
  GenerationEnd end;
  end.times.submitted = end.times.scheduled = loop.Now();
  const bool slept = co_await SleepFor(loop, line.delay, call.stop);
  if (!slept) line.end_error = Error::Cancelled("", "the request was cancelled");
  if (slept) {
    for (const std::string& text : line.deltas) {
      GenerationDelta delta;
      delta.text = text;
      events->Push(std::move(delta));
    }
    if (!line.end_error) events->Push(GenerationChoiceEnd());
    end.usage = line.usage;
  }
  end.times.first_token = end.times.last_token = end.times.finished = loop.Now();
  end.error = line.end_error;
  events->Push(std::move(end));
  events->Close();
}

Task<Result<Generation>> ScriptedModel::Generate(Call call, GenerationRequest request) {
  Line line = script_(request.model);
  if (line.refusal) co_return *line.refusal;
  Generation generation;
  generation.events = Channel<GenerationEvent>::Create(loop_, 1 << 16);
  auto link = std::make_shared<StopLink>(call.stop);
  call.stop = link->token();
  generation.owner = link;
  Spawn(Say(loop_, std::move(call), std::move(line), generation.events));
  co_return generation;
}

Task<Result<Embeddings>> ScriptedModel::Embed(Call call, EmbeddingRequest request) {
  const Line line = script_(request.model);
  const bool slept = co_await SleepFor(loop_, line.delay, call.stop);
  if (!slept) co_return Error::Cancelled("", "the request was cancelled");
  if (line.refusal) co_return *line.refusal;
  Embeddings embeddings;
  embeddings.vectors.assign(request.inputs.size(), {1.0F});
  embeddings.usage = line.usage;
  co_return embeddings;
}

Task<Result<Reranking>> ScriptedModel::Rerank(Call /*call*/, RerankingRequest request) {
  const Line line = script_(request.model);
  if (line.refusal) co_return *line.refusal;
  Reranking reranking;
  reranking.scores.assign(request.documents.size(), 0.5);
  reranking.usage = line.usage;
  co_return reranking;
}

Task<Result<Decision>> ScriptedModel::Decide(Call /*call*/, DecisionRequest request) {
  const Line line = script_(request.model);
  if (line.refusal) co_return *line.refusal;
  Decision decision;
  for (const DecisionQuestion& question : request.questions) {
    decision.answers.push_back(DecisionAnswer::Of(std::vector<double>(question.num_options(), 1)));
  }
  decision.usage = line.usage;
  co_return decision;
}

Task<Result<Generation>> ScriptedModel::Prepare(Call /*call*/, GenerationRequest /*request*/) {
  co_return Generation();
}
Task<Result<ModelDetails>> ScriptedModel::Describe(Call /*call*/, std::string /*model*/) { co_return ModelDetails(); }
Task<Result<std::vector<TokenText>>> ScriptedModel::Spell(Call /*call*/, std::string /*model*/,
                                                          std::vector<int32_t> tokens) {
  co_return std::vector<TokenText>(tokens.size());
}

}  // namespace atelier
