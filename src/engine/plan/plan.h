// Plan: a Graph made ready for inference. At load its nodes become steps (step.h), neighbours are fused (fuse.h: one
// table of rules, each keeping the bits of the unfused steps), every value gets its place in one arena by liveness
// (place.h), and weights are taken as panels. A run walks the steps with a gang; between steps stands a barrier.
//
// Same bits, always: a row's output depends on the tokens of its own sequence up to it alone. Not on the other rows,
// the slicing into runs, block ids, the number of threads, fusing, or the instruction set; it does depend on the cache
// type and on the formats of the weights.
//
// Against Plain (F32): weights are the file's own values; what differs is that the inputs of integer panels are rounded
// to int8 with a scale for each 32 (twice, where it counts most: build_steps.h), and that K and V are kept in the
// cache's type.
//
// Threads: one Run at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "compute/kernel/attention.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/isa.h"
#include "engine/cache/cache_view.h"
#include "engine/plan/plan_weights.h"
#include "graph/graph.h"
#include "graph/rows.h"

namespace atelier {

struct PlanOptions {
  int32_t max_rows = 512;      // T of one run at most; buffers are sized by it
  int32_t max_outputs = 64;    // O at most; logits take max_outputs * V * 4 bytes
  int32_t max_sequences = 64;  // S at most
  int32_t max_threads = 2;     // of the gangs it will be run with
  CacheType cache_type = CacheType::kF16;
  Isa isa = Isa::kPlain;
  bool two_terms = true;       // false: every product reads its activations in one term of int8, for tests
  bool fuse = true;            // false: one step a node, for tests
  size_t num_fuse_rules = 99;  // of the table in fuse.h, for tests
};

// What a run gives: logits [O, V] or vectors [S, E]. Valid until the next run; the caller may overwrite it.
struct PlanOutputs {
  std::span<float> values;
  std::span<float> pooled;  // [T, E] what a last Pool has pooled, a row a token; empty where the graph ends otherwise
  int64_t rows = 0;
  int64_t cols = 0;

  std::span<float> Row(int64_t row) const {
    return values.subspan(static_cast<size_t>(row * cols), static_cast<size_t>(cols));
  }
};

// What a step costs, and after Profile what it took. Steps are in the order in which they run.
struct StepProfile {
  std::string name;          // "blk.3.attn_q.weight + 2": the weight or verb that names it
  std::string kind;          // "MatMul", "Attention", "Rows", "Pool"
  int64_t weight_bytes = 0;  // read once a run
  int64_t ops_per_row = 0;   // multiplications and additions of its matrix products, a row
  int64_t num_runs = 0;
  double seconds = 0;  // the leader's time over num_runs, barrier included
};

class Plan {
 public:
  // Errors: a weight is missing, or the graph has something that no step does.
  // `graph` may die afterwards; what `weights` gave must not.
  static Result<std::unique_ptr<Plan>> Create(const Graph& graph, PlanWeights& weights, const PlanOptions& options);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // Runs a batch: keys and values of its rows are written to `cache`, K and V of earlier positions read there.
  //   cache  tables [S]; looked at only where the graph has slots
  // Errors: broken Rows, more of something than the options allow, an index outside of its table, a table of blocks
  // that is too short. An encoder's sequence must come whole.
  // COST: see Profile; no allocation after the first runs.
  Result<PlanOutputs> Run(const Rows& rows, const CacheView& cache, Gang& gang);

  // Of one block over all slots; 0 for encoders. Fixes what CacheView::block_bytes must be.
  int64_t block_bytes() const;
  // Of arena and scratch.
  int64_t buffer_bytes() const;

  // While on, every run adds its times to profile(), which switching on empties. COST: two clock reads a step.
  void SetProfiling(bool on);
  const std::vector<StepProfile>& profile() const;

  // One line a step: what was fused and where values lie. For people and tests.
  std::string ToText() const;

 private:
  struct State;
  explicit Plan(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace atelier
