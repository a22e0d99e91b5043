// Scheduler decides what each step computes. It knows sequences, blocks and rows; nothing of text or sampling.
//
// A step takes, in order of (priority, arrival, choice):
//   1. of every running sequence that decodes, its one row;
//   2. of running sequences whose prompt is not done, the next slice of it, while rows are left;
//   3. waiting sequences, while rows, blocks and places are left, beginning behind the longest cached prefix.
// Beside decoding rows the prompts share at most max_prefill_beside_decode rows, so that no stream waits long for its
// next token. Encoders' inputs are never cut: they run whole or wait.
//
// When blocks run out, the running sequence served last gives its blocks back and waits again (preemption); what it had
// is computed anew later, from the same tokens, with the same result. A waiting sequence of higher priority may
// displace running ones of lower priority. The first in order can always go on, because one sequence always fits:
// nothing starves or deadlocks.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "engine/cache/cache_kind.h"
#include "engine/runner.h"
#include "engine/sequence.h"

namespace atelier {

struct SchedulerLimits {
  int32_t max_running = 64;
  int32_t max_step_rows = 512;
  int32_t max_prefill_beside_decode = 128;
  int32_t max_outputs = 64;
  bool whole_input = false;
};

class Scheduler {
 public:
  // REQUIRES: cache outlives this; max_running <= max_outputs.
  Scheduler(CacheKind* cache, SchedulerLimits limits) : cache_(cache), limits_(limits) {}

  // The sequence waits. REQUIRES: it is neither waiting nor running; its request outlives its stay here.
  void Add(Sequence* sequence);
  // `sibling` was just split off `parent`, whose tokens so far are computed: it runs on a copy of the parent's cache,
  // or waits where there is no room.
  void Fork(const Sequence& parent, Sequence* sibling);
  // Forgets the sequence and gives its blocks back.
  void Remove(Sequence* sequence);

  // What to run now: each scheduled sequence's slice_size and first_output are set. Their order is that of the batch.
  // The span dies with the next call.
  std::span<Sequence* const> Next();
  // The batch of what Next gave.
  const StepBatch& Batch();
  // What Next gave has run: its positions are computed, and full blocks known to the prefix cache.
  void Ran();

  int32_t num_running() const { return static_cast<int32_t>(running_.size()); }
  int32_t num_waiting() const { return static_cast<int32_t>(waiting_.size()); }
  int64_t num_preemptions() const { return num_preemptions_; }
  int64_t prefix_queried_tokens() const { return prefix_queried_tokens_; }
  int64_t prefix_hit_tokens() const { return prefix_hit_tokens_; }
  // CHECKs every invariant, also of the cache.   COST O(blocks); for tests.
  void CheckInvariants() const;

 private:
  using Order = std::set<Sequence*, ServedSooner>;
  struct Room {
    int64_t rows = 0;     // left in this step
    int64_t prefill = 0;  // of these, for prompts
    int64_t outputs = 0;
  };

  void ScheduleDecodes(Room& room);
  void ScheduleRunningPrefills(Room& room);
  void AdmitWaiting(Room& room);
  bool Admit(Sequence* sequence, Room& room);
  // The slice of a prompt that there is room for; 0: none.
  int64_t SliceSize(const Sequence& sequence, const Room& room) const;
  void Take(Sequence* sequence, int64_t slice_size, Room& room);
  // Room in the cache for the slice, if need be by preempting those who are served later. False: it preempted the
  // sequence itself.
  bool MakeRoom(Sequence* sequence, int64_t slice_size, Room& room);
  void Preempt(Sequence* sequence, Room* room);

  CacheKind* cache_;
  const SchedulerLimits limits_;
  Order waiting_;
  Order running_;
  std::vector<Sequence*> scheduled_;
  StepBatch batch_;
  std::vector<std::span<const int32_t>> tables_;
  int64_t num_preemptions_ = 0;
  int64_t prefix_queried_tokens_ = 0;
  int64_t prefix_hit_tokens_ = 0;
};

}  // namespace atelier
