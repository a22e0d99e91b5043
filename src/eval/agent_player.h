// Chat models that play an agent without understanding anything: who knows the moves, and who draws valid ones at
// random. What they score says what a task's tools and checks are worth: all, and next to nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/task/loop.h"
#include "eval/agent_suite.h"
#include "provider/gathered.h"
#include "provider/language_model.h"

namespace atelier {

// A model whose answers are moves. Generates alone; loop thread.
class AgentPlayer : public LanguageModel {
 public:
  // What it does next, having read `prompt`. More than one call: beside each other.
  virtual std::vector<AgentMove> Next(const ChatPrompt& prompt) = 0;

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 protected:
  explicit AgentPlayer(Loop& loop) : loop_(loop) {}

 private:
  Loop& loop_;
  int64_t num_calls_ = 0;
};

// Makes a task's moves in their order, and answers with the last tool's words where they give out.
class OraclePlayer final : public AgentPlayer {
 public:
  OraclePlayer(Loop& loop, std::vector<AgentMove> moves) : AgentPlayer(loop), moves_(std::move(moves)) {}
  std::vector<AgentMove> Next(const ChatPrompt& prompt) override;

 private:
  std::vector<AgentMove> moves_;
  size_t next_ = 0;
};

// Calls whatever there is with whatever its schema allows, in words of the conversation, and answers with what the last
// tool said or with such words: one time in four where it could call.
class RandomPlayer final : public AgentPlayer {
 public:
  RandomPlayer(Loop& loop, uint64_t seed) : AgentPlayer(loop), random_(seed) {}
  std::vector<AgentMove> Next(const ChatPrompt& prompt) override;

 private:
  Random random_;
};

// A value that `schema` allows as far as its types, fixed values, bounds and required members say; texts are made of
// `words`, which is not empty.
Json RandomValue(const Json& schema, const std::vector<std::string>& words, Random& random, int depth = 0);

}  // namespace atelier
