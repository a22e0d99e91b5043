// Runner is the model as the scheduler sees it: rows in, logits or pooled vectors out. PlanRunner (plan_runner.h) runs
// a real model's Plan; the tests have a toy whose logits are a pure function of what stands in the cache.
//
// REQUIRED of every runner: the outputs of a row depend on the tokens of its own sequence up to it and on nothing else,
// bit for bit: not on the other rows, the slicing, the block ids or the number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/cache/cache_view.h"

namespace atelier {

// One step's work. Rows of a sequence stand together, in ascending positions; sequences are numbered 0..S-1 in that
// order.
struct StepBatch {
  std::vector<int32_t> tokens;     // [T]
  std::vector<int32_t> positions;  // [T]
  std::vector<int32_t> sequences;  // [T]
  std::vector<int32_t> segments;   // [T] or empty: all 0 (cross-encoders: 0 query, 1 document)
  std::vector<int32_t> outputs;    // [O] rows whose logits are wanted, ascending
  CacheView cache;                 // tables [S]

  bool empty() const { return tokens.empty(); }
  int32_t num_rows() const { return static_cast<int32_t>(tokens.size()); }
  int32_t num_sequences() const { return empty() ? 0 : sequences.back() + 1; }
};

// Valid until the next Run. Both may be overwritten by the caller.
struct Outputs {
  std::span<float> logits;   // [O, V] of StepBatch::outputs; empty for encoders
  std::span<float> vectors;  // [S, E] one pooled vector (or [S, 1] score) for each sequence; empty for language models
  std::span<float> token_vectors = {};  // [T, E] what was pooled; empty where the model does not end in pooling
};

struct RunnerShape {
  int32_t num_tokens = 0;      // V: the vocabulary of inputs and logits
  int32_t vector_size = 0;     // E: of pooled vectors; 0: this is a language model
  bool scores = false;         // the vector is a cross-encoder's score
  bool pools_by_mean = false;  // the vector is the mean of its tokens' (Outputs::token_vectors)
  bool whole_input = false;    // bidirectional: a sequence's rows must all be in one step
  int64_t max_context = 0;     // positions that the model knows; with whole_input at most max_rows
  int64_t block_bytes = 0;     // of the cache
  int32_t max_rows = 0;        // T at most
  int32_t max_sequences = 0;
  int32_t max_outputs = 0;
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual const RunnerShape& shape() const = 0;
  // Error: the batch could not run; every request in it ends with it. The runner stays usable.
  virtual Result<Outputs> Run(const StepBatch& batch) = 0;
};

}  // namespace atelier
