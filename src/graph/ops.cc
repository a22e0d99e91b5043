#include "graph/ops.h"

#include <utility>

namespace atelier {

WeightId Ops::Want(const std::string& name, int64_t rows, int64_t cols) {
  if (name.empty()) return kNoWeight;
  const auto [place, is_new] = weight_ids_.try_emplace(name, static_cast<WeightId>(graph_.weights.size()));
  if (is_new) {
    graph_.weights.push_back({name, rows, cols});
    return place->second;
  }
  const WeightRef& known = graph_.weight(place->second);
  if (known.rows != rows || known.cols != cols) {
    faults_.push_back(name + ": got [" + std::to_string(rows) + ", " + std::to_string(cols) + "], want [" +
                      std::to_string(known.rows) + ", " + std::to_string(known.cols) + "] as where it was named first");
  }
  return place->second;
}

// After a fault the value has the shape of the first input, so that recording goes on and finds further faults.
Value Ops::Record(NodeSpec spec, std::vector<Value> inputs, std::vector<WeightId> weights, Result<Shape> shape) {
  const Value value{static_cast<int32_t>(graph_.nodes.size())};
  Node node{std::move(spec), std::move(inputs), std::move(weights), {}};
  if (shape.ok()) {
    node.shape = *shape;
  } else {
    if (!node.inputs.empty()) node.shape = graph_.shape(node.inputs.front());
    std::string where = "node " + std::to_string(value.node);
    for (const WeightId id : node.weights) {
      if (id != kNoWeight) where += " (" + graph_.weight(id).name + ")";
    }
    faults_.push_back(where + ": " + shape.error().Message());
  }
  graph_.nodes.push_back(std::move(node));
  return value;
}

Value Ops::Embed(EmbedIndex index, const std::string& table, int64_t num_rows, int64_t cols) {
  const EmbedSpec spec{index, num_rows, cols};
  return Record(spec, {}, {Want(table, num_rows, cols)}, EmbedShape(spec));
}

Value Ops::Linear(Value x, const AffineName& name, int64_t out) {
  const LinearSpec spec{cols(x), out, !name.bias.empty()};
  return Record(spec, {x}, {Want(name.weight, out, cols(x)), Want(name.bias, 1, out)}, LinearShape(spec, shape(x)));
}

Value Ops::Norm(Value x, const AffineName& name, const NormSpec& spec) {
  const int64_t n = spec.heads > 0 ? cols(x) / spec.heads : cols(x);
  return Record(spec, {x}, {Want(name.weight, 1, n), Want(name.bias, 1, n)}, NormShape(spec, shape(x)));
}

Value Ops::RmsNorm(Value x, const AffineName& name, float eps, int64_t heads) {
  return Norm(x, name, {NormKind::kRms, eps, heads, !name.weight.empty(), !name.bias.empty()});
}

Value Ops::LayerNorm(Value x, const AffineName& name, float eps) {
  return Norm(x, name, {NormKind::kLayer, eps, 1, !name.weight.empty(), !name.bias.empty()});
}

Value Ops::Add(Value a, Value b) { return Record(AddSpec{}, {a, b}, {}, PairShape(shape(a), shape(b))); }
Value Ops::Mul(Value a, Value b) { return Record(MulSpec{}, {a, b}, {}, PairShape(shape(a), shape(b))); }
Value Ops::Scale(Value x, float factor) { return Record(ScaleSpec{factor}, {x}, {}, shape(x)); }

Value Ops::Cap(Value x, float limit) {
  const CapSpec spec{limit};
  return Record(spec, {x}, {}, CapShape(spec, shape(x)));
}

Value Ops::Activate(Value x, Activation activation) { return Record(ActivateSpec{activation}, {x}, {}, shape(x)); }

Value Ops::Gate(Value gate, Value up, Activation activation) {
  return Record(GateSpec{activation}, {gate, up}, {}, PairShape(shape(gate), shape(up)));
}

Value Ops::Split(Value x, int64_t offset, int64_t num_cols) {
  const SplitSpec spec{offset, num_cols};
  return Record(spec, {x}, {}, SplitShape(spec, shape(x)));
}

Value Ops::Concat(std::span<const Value> parts) {
  std::vector<Shape> shapes;
  for (const Value part : parts) shapes.push_back(shape(part));
  return Record(ConcatSpec{}, {parts.begin(), parts.end()}, {}, ConcatShape(shapes));
}

Value Ops::Rope(Value x, RopeSpec spec) {
  Result<Shape> made = RopeShape(spec, shape(x));
  return Record(std::move(spec), {x}, {}, std::move(made));
}

Value Ops::Attention(Value q, Value k, Value v, AttentionSpec spec) {
  spec.slot = kNoSlot;
  if (spec.causal) {
    spec.slot = static_cast<int32_t>(graph_.slots.size());
    graph_.slots.push_back({SlotKind::kAttention, spec.kv_heads, spec.head_dim});
  }
  return Record(spec, {q, k, v}, {}, AttentionShape(spec, shape(q), shape(k), shape(v)));
}

Value Ops::Pool(Value x, const PoolSpec& spec) { return Record(spec, {x}, {}, PoolShape(spec, shape(x))); }

Value Ops::Output(Value x, const AffineName& name, int64_t out) {
  const OutputSpec spec{{cols(x), out, !name.bias.empty()}};
  return Record(spec, {x}, {Want(name.weight, out, cols(x)), Want(name.bias, 1, out)}, OutputShape(spec, shape(x)));
}

void Ops::Tap(Value x, const std::string& name) { graph_.taps.push_back({name, x}); }

Result<Graph> Ops::Finish(Value result) && {
  if (!faults_.empty()) {
    std::string all;
    for (const std::string& fault : faults_) all += (all.empty() ? "" : "\n") + fault;
    return Error::Invalid("graph", std::move(all));
  }
  graph_.result = result;
  return std::move(graph_);
}

}  // namespace atelier
