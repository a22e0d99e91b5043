// Delivery makes of a step's outputs what requests are told: picks tokens, turns them into text, decides whether a
// choice ends, calls sinks and listener. The engine thread alone uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "engine/events.h"
#include "engine/runner.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"

namespace atelier {

class Delivery {
 public:
  struct Parts {
    Scheduler* scheduler = nullptr;
    const Tokenizer* tokenizer = nullptr;  // may be null: no text
    const Clock* clock = nullptr;
    EngineListener* listener = nullptr;  // may be null
    int32_t num_tokens = 0;              // V
    int32_t vector_size = 0;             // E
    int64_t max_context = 0;
    bool prefer_closing = false;  // where requests do not say
    bool jump_ahead = true;       // forced tokens are delivered with the one before them
  };
  explicit Delivery(const Parts& parts) : parts_(parts) {}

  // Of the sequences whose next token this step gives, the choices that a grammar constrains.
  std::vector<ConstrainedChoice*> Constrained(std::span<Sequence* const> scheduled) const;
  // What ran is committed: its outputs are told, and sequences that ended have left the scheduler.
  void Commit(std::span<Sequence* const> scheduled, Outputs outputs);
  // The request's last word. REQUIRES: none of its sequences is in the scheduler.
  void Finish(RequestState& request, FinishReason reason, const Error* error);

  int64_t num_prompt_tokens() const { return num_prompt_tokens_; }
  int64_t num_generated_tokens() const { return num_generated_tokens_; }
  int64_t num_jumped_tokens() const { return num_jumped_tokens_; }  // of these, those that no step was made for

 private:
  struct Choice {
    int32_t token = 0;
    std::optional<LogprobEntry> logprob;
  };

  std::span<float> Row(std::span<float> logits, int64_t row) const;
  void CommitPromptLogprobs(Sequence& sequence, std::span<float> logits, int64_t first_row);
  void CommitForced(Sequence& sequence, std::span<float> logits, int64_t first_row);
  void CommitFirst(Sequence& sequence, std::span<float> logits);
  void Split(Sequence& sequence, int32_t choice, std::span<const float> logits);
  void Constrain(Sequence& sequence) const;
  void StartGenerating(Sequence& sequence);
  Choice Choose(Sequence& sequence, std::span<float> logits);
  Choice Score(Sequence& sequence, int32_t token, std::span<const float> logits) const;
  int32_t Pick(Sequence& sequence, std::span<float> logits);
  void ChooseAndDeliver(Sequence& sequence, std::span<float> logits);
  void JumpAhead(Sequence& sequence);
  void Deliver(Sequence& sequence, const Choice& choice);
  void TellTimes(Sequence& sequence);
  void Emit(Sequence& sequence, const Choice& choice, std::string_view text);
  void End(Sequence& sequence, FinishReason reason, std::string_view stop_string, std::optional<int32_t> stop_token);
  void ReleaseHeld(RequestState& request);
  void TellFinish(const RequestState& request, FinishReason reason);

  const Parts parts_;
  std::vector<float> scratch_;  // [V] logits of a further choice
  std::vector<float> raw_;      // [V] logits as the model gave them, where logprobs are asked
  int64_t num_prompt_tokens_ = 0;
  int64_t num_generated_tokens_ = 0;
  int64_t num_jumped_tokens_ = 0;
};

}  // namespace atelier
