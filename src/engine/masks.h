// Masks are made beside the forward pass: what a grammar allows next depends on the tokens so far alone, and the logits
// of the same token are being computed meanwhile.
//
//   PendingMasks masks = masks_.Start(choices);     // a helper thread begins, if there is one
//   ... the model runs ...
//   masks.Get();                                    // makes what the helper has not come to, and waits for the rest
//
// What is chosen is the same with and without the helper: it only makes sooner what the choice would make itself. It
// pays on a core that the model leaves free. Where every core computes, it takes the place of a thread that all others
// wait for, and the switches come on top.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/constrained_choice.h"

namespace atelier {

class Masks;

// Until Get or the end of its life, nobody else may touch the choices it was started for.
class PendingMasks {
 public:
  explicit PendingMasks(Masks* masks) : masks_(masks) {}
  PendingMasks(PendingMasks&& other) noexcept : masks_(std::exchange(other.masks_, nullptr)) {}
  ~PendingMasks() { Get(); }
  void Get();

 private:
  Masks* masks_;  // null: none is pending
};

class Masks {
 public:
  explicit Masks(bool has_helper) : has_helper_(has_helper) {}
  ~Masks();
  // Begins these masks, the helper with the first of them.
  PendingMasks Start(std::vector<ConstrainedChoice*> choices);

 private:
  friend class PendingMasks;
  void Finish();
  void Help();
  // Makes one mask; false: none is left. The lock is held, but not while it works.
  bool MakeOne(std::unique_lock<std::mutex>& lock);

  const bool has_helper_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<ConstrainedChoice*> choices_;  // of this step
  size_t next_ = 0;                          // the first that nobody has begun
  size_t num_done_ = 0;
  bool stopping_ = false;
  std::thread helper_;
};

}  // namespace atelier
