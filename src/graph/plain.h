// Plain runs a Graph as it is defined: node after node, in F32, one fixed order for every sum. It is what goldens,
// accuracy figures (KL divergence) and tests of faster readers stand on, and what one debugs in.
//
// A sequence run in slices gives the same bits as run whole, and a row's result does not depend on the other rows of
// the batch. Weights are held in F32: 4 bytes a parameter, so this is for models of some hundred million parameters.
//
// Not thread-safe; two Plains may run at once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/rows.h"

namespace atelier {

// K and V of one sequence, in every slot of the graph. Starts empty; Plain::Run appends. Copying it forks the sequence.
class PlainCache {
 public:
  // Number of positions held.
  int64_t size() const { return size_; }
  // Forgets the positions from `size` on. REQUIRES: size <= this->size().
  void Truncate(int64_t size);

 private:
  friend class Plain;
  int64_t size_ = 0;
  std::vector<PlainKv> slots_;
};

struct PlainResult {
  int64_t rows = 0;
  int64_t cols = 0;
  std::vector<float> values;                       // [rows, cols]: Graph::result
  std::map<std::string, std::vector<float>> taps;  // those asked for

  const float* Row(int64_t row) const { return values.data() + row * cols; }
};

class Plain {
 public:
  // Gives a weight in F32: rows * cols numbers.
  using ReadWeight = std::function<Result<std::vector<float>>(const WeightRef&)>;

  // Reads every weight. `graph` must outlive the Plain.
  static Result<std::unique_ptr<Plain>> Create(const Graph& graph, const ReadWeight& read);
  ~Plain();

  // Runs a batch. caches[s] belongs to sequence s of the batch (unused, and may be empty, where the graph has no
  // slots). The first position of a sequence must be caches[s]->size(): its earlier rows have been run. Errors: broken
  // Rows, a token outside of the vocabulary, positions that do not continue the cache.
  Result<PlainResult> Run(const Rows& rows, std::span<PlainCache* const> caches,
                          std::span<const std::string> taps = {});

 private:
  struct State;
  Plain(const Graph& graph, std::unique_ptr<State> state);
  // Sequences must continue their caches; a cache seen first gets its slots.
  Result<void> OpenCaches(const Rows& rows, std::span<PlainCache* const> caches) const;

  const Graph& graph_;
  std::unique_ptr<State> state_;
};

}  // namespace atelier
