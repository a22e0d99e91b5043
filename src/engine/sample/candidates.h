// Candidates: what is left of the vocabulary while truncating samplers run, likeliest first.
//
// Nothing is sorted or copied before it is asked for: Top(n) selects the n best in one scan and sorts only those, so
// top-k and top-p over 49,152 logits touch a few hundred candidates. The probability of a candidate is
// e^((logit - max) * scale) / TotalWeight(), where scale is 1 / temperature.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace atelier {

struct TokenCandidate {
  float logit = 0.0F;
  int32_t token = 0;
};

// Puts into `out` the n largest values with their indices, largest first, the smaller index first among equals.
// COST one scan, and a sort of n.
void SelectLargest(std::span<const float> values, size_t n, std::vector<TokenCandidate>* out);

class Candidates {
 public:
  // Starts anew with a whole vocabulary. REQUIRES: some logit is finite; `logits` stays until the draw.
  void Reset(std::span<const float> logits, float scale);

  size_t size() const { return complete_ ? list_.size() : logits_.size(); }
  // The likeliest min(n, size()), in order. Dies with the next call.
  std::span<const TokenCandidate> Top(size_t n);
  // Keeps the likeliest n alone. REQUIRES: n > 0.
  void KeepTop(size_t n);
  // Removes the likeliest n. REQUIRES: n < size().
  void DropTop(size_t n);
  // Keeps those given, which must be in order.
  void Keep(std::vector<TokenCandidate> list);
  // Keeps those whose logit is at least `lowest`, and the likeliest in any case.
  void KeepAtLeast(float lowest);

  // Of all that are left; 1 is the likeliest one's.
  double TotalWeight();
  double Weight(float logit) const;
  float max() const { return max_; }
  float scale() const { return scale_; }
  std::span<const float> logits() const { return logits_; }  // of the whole vocabulary
  bool complete() const { return complete_; }                // the list is all that is left

  // The candidate that u in [0, 1) falls on when all stand side by side: by falling likelihood where some were removed,
  // by token id where none was.
  int32_t Draw(double u);

 private:
  int32_t DrawFromAll(double u);

  std::span<const float> logits_;
  float scale_ = 1.0F;
  float max_ = 0.0F;
  int32_t max_token_ = 0;
  bool complete_ = false;
  std::vector<TokenCandidate> list_;  // the best so far, in order
  std::vector<float> blocks_;         // weights of kSumBlock logits each; empty: not summed yet
};

}  // namespace atelier
