// Agents as models: "agent/NAME" is a LanguageModel like any other, so what asks a model can ask an agent (the OpenAI
// API's clients, other agents, evaluations). A generation is a run: the conversation is its input, its answer the text,
// what it used the usage; who lets go of the generation ends the run.
//
// The answer is streamed as it is written, where what is written is the answer: not of agents that look at it first
// (guided, an output schema, guards of the output). Calls that the run made, and what they gave, come as reasoning. A
// run that needs a person ends the answer with its id and how to go on. Who has better words for both, and a person's
// word, is served by AgentServing (app/served_call.h).
//
// What a model can be told and an agent cannot is refused: tools of the caller's, several choices, log probabilities,
// grammars. What only steers the choice of tokens is the agent's own matter, and passed over.   Loop thread only.
#pragma once

#include <string>
#include <string_view>

#include "app/app.h"
#include "app/served_call.h"
#include "provider/language_model.h"

namespace atelier {

inline constexpr std::string_view kAgentModels = "agent";  // before the '/' of their names

// A model or an agent.
inline bool CanChat(const ModelListing& model) { return model.kind == "chat" || model.kind == kAgentModels; }

class AgentModels final : public LanguageModel {
 public:
  // `app` outlives it.
  explicit AgentModels(App& app) : app_(app) {}

  // request.model: the agent's name.
  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  // Of the model that the agent asks.
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  struct Answering;
  Task<Result<std::string>> RunFor(Call call, const GenerationRequest& request, std::shared_ptr<AgentServing> serving);
  static Task<void> Answer(std::shared_ptr<Answering> answering, Call call);

  App& app_;
  size_t num_running_ = 0;
};

// A conversation in OpenAI's shape as an agent's input: instructions of the caller's stand before what it asks. Errors:
// parts that are no text.
Result<Json> AgentInputOf(const Json& messages);

}  // namespace atelier
