// A mixture of agents: a name under which several models answer as one.             [MoA, arXiv:2406.04692]
//
//   layers     the proposers of a layer are asked beside each other; those of the next read what they said
//   write      a model reads the last layer's proposals and writes the answer, which streams as it comes
//   vote       the commonest of the last layer's answers: self-consistency         [arXiv:2203.11171]
//   choose     that of them of which a model most believes a statement (a typed decision)
//   identity   the last layer's only proposer is the answer: one layer, one proposer gives that model's tokens
//
// What is delivered is asked with everything that the request wants (schema, tools, logprobs): of write and identity
// the last model, of vote and choose each proposer of the last layer. What only models read is asked as plain text, n
// = 1. A proposer that fails is left out while `min_proposals` remain. Usage is that of all who were asked; each is
// charged where it is asked. A decision is the mean of the last layer's. Loop thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task/loop.h"
#include "provider/gathered.h"
#include "provider/language_model.h"
#include "provider/mixture_config.h"
#include "provider/route.h"

namespace atelier {

struct MixtureSurroundings {
  Loop& loop;
  LanguageModel& models;                                     // asked by the names of proposers
  std::function<void(const RouteAttempt&)> on_attempt = {};  // may be empty
};

class Mixture final : public LanguageModel {
 public:
  // REQUIRES: CheckMixture(config).ok(). What `around` names outlives the mixture and its generations.
  Mixture(MixtureConfig config, MixtureSurroundings around);

  const MixtureConfig& config() const { return config_; }
  // Every model that it asks, each once, in the order they are asked.
  std::vector<std::string> Models() const;
  // Whose words are delivered: who writes, or the first proposer of the last layer.
  const std::string& Heard() const;

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  // Of the model that is heard.
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  // What has been said and used so far.
  struct Proposals {
    std::vector<Gathered> answers;  // of the last layer asked, in its order
    GenerationEnd used;             // of all layers
    std::optional<Clock::TimePoint> submitted;
  };
  bool Selects() const { return config_.aggregator.how == "vote" || config_.aggregator.how == "choose"; }
  Task<Result<Proposals>> Propose(Call call, GenerationRequest request, size_t num_layers);
  Task<Result<void>> AskLayer(Call call, GenerationRequest request, size_t layer, Proposals* proposals);
  Task<Result<Gathered>> AskOne(Call call, GenerationRequest request);
  Task<Result<Generation>> Speak(Call call, GenerationRequest request, Proposals proposals);
  Task<Result<Generation>> Select(Call call, GenerationRequest request, Proposals proposals);
  // How much each is worth; of equals the first is taken.
  static std::vector<double> Votes(const std::vector<Gathered>& answers);
  Task<Result<std::vector<double>>> Judge(Call call, GenerationRequest request, Proposals* proposals);
  void Report(const Call& call, const std::string& model, Clock::TimePoint began, const Error* error) const;

  const MixtureConfig config_;
  const MixtureSurroundings around_;
};

}  // namespace atelier
