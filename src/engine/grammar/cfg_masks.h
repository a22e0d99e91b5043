// Masks of grammars that need a stack, kept by where an output stands.
//
// Tokens are short: what may come next depends on the terminals that the threads stand in and on the few innermost
// frames that some token can return to. While a mask is made the machine notes which frames are looked into; the mask
// holds wherever threads and frames look the same as far out as that. A place is written as numbers at some depth:
//
//   for each thread its terminal, the state after it, and its frame
//   for each frame that is at most `depth - 1` frames away, its edges in order: a state and a frame each
//
// Frames are numbered in the order in which they are met; those that every output shares stand for themselves. A place
// is looked up at depth 0, then 1, …: an entry is the mask, or says that one frame more matters. Equal numbers mean
// that the machine does the same, frame for frame, so a kept mask has the very bits of a new one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/grammar/cfg_machine.h"

namespace atelier {

class CfgMasks {
 public:
  explicit CfgMasks(CfgMachine& machine) : machine_(&machine) {}

  // Sets the bits of the tokens that may come after `threads`, which stand in no document. `make(bits)` finds them with
  // the machine.
  template <class Make>
  void Add(std::span<const CfgThread> threads, std::span<uint64_t> bits, Make make) {
    if (const std::vector<uint64_t>* known = Find(threads)) return Or(*known, bits);
    std::vector<uint64_t> made(bits.size());
    machine_->NoteFrames();
    make(std::span(made));
    Or(made, bits);
    const auto looked_into = machine_->StopNoting();
    if (looked_into) Keep(threads, *looked_into, std::move(made));
  }

 private:
  using Place = std::vector<int64_t>;
  using Mask = std::vector<uint64_t>;

  static constexpr int kMaxDepth = 6;
  static constexpr size_t kMaxMasks = 2048;  // of 6 kB for 49,000 tokens

  static void Or(const Mask& mask, std::span<uint64_t> bits) {
    for (size_t i = 0; i < bits.size(); ++i) bits[i] |= mask[i];
  }
  const Mask* Find(std::span<const CfgThread> threads);
  void Keep(std::span<const CfgThread> threads, std::span<const CfgFrame* const> looked_into, Mask mask);
  // Writes `threads` to place_, with no frame's edges yet.
  void Begin(std::span<const CfgThread> threads);
  // One depth more. False: there is no frame that far out.
  bool Deepen();
  int64_t NumberOf(const CfgFrame* frame);

  CfgMachine* machine_;
  std::map<Place, std::optional<Mask>> masks_;  // nothing: one frame more matters
  size_t num_masks_ = 0;
  Place place_;
  std::vector<const CfgFrame*> frames_;  // by number
  size_t num_written_ = 0;               // frames whose edges stand in place_
};

}  // namespace atelier
