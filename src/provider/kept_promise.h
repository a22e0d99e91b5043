// A LanguageModel that keeps what a request says of its output, before one that may not.
//
//   the upstream promises to keep it   its stream passes through as it comes and is checked at the end of each choice:
//                                      one that breaks its promise ends in the error schema_not_kept, never as an
//                                      answer
//   it does not                        the description goes into the conversation; the answer is held back until it is
//                                      whole and checked; one that is wrong is asked for again with what is wrong, at
//                                      most `repairs` times; then the error schema_not_kept says what was wrong
//
// `hold_back` has both: the upstream is told the description in its own terms, and its answers are held back, checked
// and asked for again. Answers cut by length are marked so and not checked. What cannot be checked is refused before
// anything is asked.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/task/loop.h"
#include "base/task/pool.h"
#include "provider/language_model.h"
#include "provider/output_check.h"

namespace atelier {

struct PromiseOptions {
  std::string provider;  // for errors
  int32_t repairs = 2;
  std::function<bool(const GrammarSpec&)> keeps;  // what the upstream promises
  bool keeps_tools = false;                       // arguments of calls too
  bool hold_back = false;                         // answers of conversations, even where it promises
};

class KeptPromise final : public LanguageModel {
 public:
  // All must outlive this and its generations.
  KeptPromise(LanguageModel& model, Loop& loop, Pool& pool, PromiseOptions options)
      : model_(model), loop_(loop), pool_(pool), options_(std::move(options)) {}

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  struct Watch;
  using Check = std::shared_ptr<const OutputCheck>;
  Task<Result<Generation>> Watched(Call call, GenerationRequest request, Check check);
  Task<Result<Generation>> Repaired(Call call, GenerationRequest request, Check check);
  // One choice that keeps its description, and what all attempts used.
  Task<Result<Gathered>> OneChoice(Call call, GenerationRequest request, Check check);
  Task<std::optional<std::string>> Violation(Check check, std::shared_ptr<GatheredChoice> choice);
  static Task<void> Forward(std::shared_ptr<Watch> watch);

  LanguageModel& model_;
  Loop& loop_;
  Pool& pool_;
  const PromiseOptions options_;
};

}  // namespace atelier
