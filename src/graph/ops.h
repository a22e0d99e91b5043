// Ops: what an architecture is written in. Each call records a node and gives back the value that it will make; nothing
// is computed. An architecture is run once, at load:
//
//   Ops ops;
//   Value x = ops.Embed(EmbedIndex::kToken, "token_embd.weight", vocabulary, width);
//   x = ops.Linear(x, {"output.weight"}, vocabulary);
//   TRY(Graph graph, std::move(ops).Finish(x));
//
// Weights are only named here, with the shape that the graph wants; whether the file has them in that shape is checked
// afterwards for all of them at once (WeightStore::Check). Likewise a shape that does not fit does not stop the
// recording: Finish reports every fault.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace atelier {

// The names of a weight and of its bias; an empty name means absent.
struct AffineName {
  std::string weight;
  std::string bias;
};

class Ops {
 public:
  // table [num_rows, cols]
  Value Embed(EmbedIndex index, const std::string& table, int64_t num_rows, int64_t cols);
  // weight [out, cols of x], bias [out]
  Value Linear(Value x, const AffineName& name, int64_t out);
  // weight, bias [cols of x / heads]
  Value RmsNorm(Value x, const AffineName& name, float eps, int64_t heads = 1);
  Value LayerNorm(Value x, const AffineName& name, float eps);

  Value Add(Value a, Value b);
  Value Mul(Value a, Value b);
  Value Scale(Value x, float factor);
  Value Cap(Value x, float limit);
  Value Activate(Value x, Activation activation);
  // activation(gate) * up
  Value Gate(Value gate, Value up, Activation activation);

  // Columns [offset, offset + cols).
  Value Split(Value x, int64_t offset, int64_t cols);
  Value Concat(std::span<const Value> parts);

  Value Rope(Value x, RopeSpec spec);
  // Claims a cache slot when causal; spec.slot is set here.
  Value Attention(Value q, Value k, Value v, AttentionSpec spec);

  Value Pool(Value x, const PoolSpec& spec);
  // The output rows of x times weight [out, cols of x], plus bias.
  Value Output(Value x, const AffineName& name, int64_t out);

  // Names a value for whoever wants to look at it.
  void Tap(Value x, const std::string& name);

  int64_t cols(Value x) const { return shape(x).cols; }

  // The graph whose result is `result`, or all shape faults in one error, a line each.
  Result<Graph> Finish(Value result) &&;

 private:
  const Shape& shape(Value x) const { return graph_.shape(x); }
  WeightId Want(const std::string& name, int64_t rows, int64_t cols);
  Value Record(NodeSpec spec, std::vector<Value> inputs, std::vector<WeightId> weights, Result<Shape> shape);
  Value Norm(Value x, const AffineName& name, const NormSpec& spec);

  Graph graph_;
  std::map<std::string, WeightId> weight_ids_;
  std::vector<std::string> faults_;
};

}  // namespace atelier
