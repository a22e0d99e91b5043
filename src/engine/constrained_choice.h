// ConstrainedChoice keeps one choice of a request to its grammar: it holds the mask of the token that comes next, has
// the sampler choose among what the mask allows, and tells the grammar what was chosen.
//
// MakeMask may run on another thread while the model computes the logits (masks.h); everything else is the engine
// thread's, and never at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/closing_budget.h"
#include "engine/forced_text.h"
#include "engine/grammar/grammar.h"
#include "engine/request.h"
#include "engine/sample/sampler.h"

namespace atelier {

class ConstrainedChoice {
 public:
  struct Parts {
    const GenerateRequest* request = nullptr;  // has a grammar
    std::span<const int32_t> ending_ids = {};  // sorted
    int64_t max_tokens = 0;                    // clipped to the context
    int32_t num_tokens = 0;                    // V
    const Tokenizer* tokenizer = nullptr;      // may be null: nothing is forced
    bool prefer_closing = false;               // where the request does not say
  };
  // What parts point to outlives the choice.
  explicit ConstrainedChoice(const Parts& parts);

  // Whether MakeMask has something to do.
  bool needs_mask() const { return !mask_made_ && num_taken_ == forced_.tokens.size(); }
  // What may come next, unless it is known already. Depends on the tokens chosen so far alone.
  void MakeMask();
  // Chooses the next token: the one that is forced, or else the sampler's. The grammar outranks every other ban: where
  // these leave nothing that it allows, the likeliest token that it allows is taken.
  //   logits  [V] overwritten
  //   tokens  prompt and output so far
  int32_t Pick(Sampler& sampler, std::span<float> logits, std::span<const int32_t> tokens);

  // The next token, where it is forced; the choice has made it.
  std::optional<int32_t> TakeForced();

  bool ended() const { return ended_; }  // nothing but an end could follow, and one was chosen
  // The last token ends outputs, but here the grammar names it and wants more behind it.
  bool goes_on() const { return goes_on_; }
  bool stuck() const { return stuck_; }  // nothing could follow, not even an end: a fault of the grammar's

 private:
  bool Ends(int32_t token) const;
  bool Accept(int32_t token);
  void LookAhead();
  void LookForForced();
  // The output is completed by the shortest way from here; returns its first token, or one that ends.
  int32_t BeginClosing(std::span<const float> logits);

  std::unique_ptr<Constraint> constraint_;
  const Tokenizer* const tokenizer_;
  const std::span<const int32_t> ending_ids_;
  const bool has_bans_;         // the sampler may leave nothing of what is allowed
  std::vector<uint64_t> mask_;  // [V / 64] ending tokens included
  std::optional<ClosingBudget> budget_;
  bool closing_ = false;  // what is forced leads to the end
  ForcedText forced_;
  size_t num_taken_ = 0;  // of the forced tokens
  bool mask_made_ = false;
  bool only_end_ = false;
  bool can_end_ = false;
  bool ended_ = false;
  bool goes_on_ = false;
  bool stuck_ = false;
};

}  // namespace atelier
