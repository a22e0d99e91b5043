#include "graph/plain.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

// A weight as its verbs read it: rows for Embed, norms and biases, panels for Linear and Output.
struct PlainWeight {
  std::vector<float> rows;
  LinearWeight packed;
};

struct WeightUse {
  bool as_rows = false;
  bool as_panels = false;
};

std::vector<WeightUse> FindUses(const Graph& graph) {
  std::vector<WeightUse> uses(graph.weights.size());
  for (const Node& node : graph.nodes) {
    const bool product = node.verb() == Verb::kLinear || node.verb() == Verb::kOutput;
    for (size_t i = 0; i < node.weights.size(); ++i) {
      if (node.weights[i] == kNoWeight) continue;
      WeightUse& use = uses[static_cast<size_t>(node.weights[i])];
      (product && i == 0 ? use.as_panels : use.as_rows) = true;
    }
  }
  return uses;
}

// The rows [begin, end) of one sequence.
struct SequenceRows {
  int64_t begin = 0;
  int64_t end = 0;
};

std::vector<SequenceRows> RowsBySequence(const Rows& rows) {
  std::vector<SequenceRows> ranges(static_cast<size_t>(rows.num_sequences));
  for (int64_t t = 0; t < rows.size(); ++t) {
    SequenceRows& range = ranges[static_cast<size_t>(rows.sequence[static_cast<size_t>(t)])];
    if (range.end == 0) range.begin = t;
    range.end = t + 1;
  }
  return ranges;
}

// One run: what came in, and the values of the nodes run so far.
struct Batch {
  const Graph& graph;
  const std::vector<PlainWeight>& weights;
  const Rows& rows;
  std::vector<SequenceRows> sequences;
  std::vector<std::span<PlainKv>> slots;  // [S][slot]
  std::vector<std::vector<float>> values;

  int64_t NumRows(RowKind kind) const {
    if (kind == RowKind::kTokens) return rows.size();
    return kind == RowKind::kOutputs ? static_cast<int64_t>(rows.output.size()) : rows.num_sequences;
  }
  ConstMatrix ValueOf(Value value) const {
    const Shape& shape = graph.shape(value);
    return {values[static_cast<size_t>(value.node)].data(), NumRows(shape.rows), shape.cols};
  }
};

// Runs one node. What only a batch can break is checked here; shapes were when the node was recorded.
class NodeRunner {
 public:
  NodeRunner(Batch& batch, const Node& node, Matrix y) : batch_(batch), node_(node), y_(y) {}

  Result<void> operator()(const EmbedSpec& spec) {
    const Rows& rows = batch_.rows;
    const auto index = spec.index == EmbedIndex::kToken      ? rows.token
                       : spec.index == EmbedIndex::kPosition ? rows.position
                                                             : rows.token_type;
    return EmbedForward(spec, {Numbers(0).data(), spec.num_rows, spec.cols}, index, y_);
  }
  Result<void> operator()(const LinearSpec&) { return LinearForward(Packed(), Numbers(1), In(0), y_), Done(); }
  Result<void> operator()(const NormSpec& spec) { return NormForward(spec, Numbers(0), Numbers(1), In(0), y_), Done(); }
  Result<void> operator()(const AddSpec&) { return AddForward(In(0), In(1), y_), Done(); }
  Result<void> operator()(const MulSpec&) { return MulForward(In(0), In(1), y_), Done(); }
  Result<void> operator()(const ScaleSpec& spec) { return ScaleForward(spec, In(0), y_), Done(); }
  Result<void> operator()(const CapSpec& spec) { return CapForward(spec, In(0), y_), Done(); }
  Result<void> operator()(const ActivateSpec& spec) { return ActivateForward(spec, In(0), y_), Done(); }
  Result<void> operator()(const GateSpec& spec) { return GateForward(spec, In(0), In(1), y_), Done(); }
  Result<void> operator()(const SplitSpec& spec) { return SplitForward(spec, In(0), y_), Done(); }
  Result<void> operator()(const ConcatSpec&) {
    std::vector<ConstMatrix> parts;
    for (size_t i = 0; i < node_.inputs.size(); ++i) parts.push_back(In(i));
    return ConcatForward(parts, y_), Done();
  }
  Result<void> operator()(const RopeSpec& spec) { return RopeForward(spec, batch_.rows.position, In(0), y_), Done(); }
  Result<void> operator()(const AttentionSpec& spec) {
    for (size_t s = 0; s < batch_.sequences.size(); ++s) Attend(spec, s);
    return Done();
  }
  Result<void> operator()(const PoolSpec& spec) { return PoolForward(spec, batch_.rows.sequence, In(0), y_); }
  Result<void> operator()(const OutputSpec&) {
    const ConstMatrix x = In(0);
    std::vector<float> chosen;
    for (const int32_t row : batch_.rows.output) chosen.insert(chosen.end(), x.Row(row), x.Row(row) + x.cols);
    return LinearForward(Packed(), Numbers(1), {chosen.data(), y_.rows, x.cols}, y_), Done();
  }

 private:
  static Result<void> Done() { return {}; }
  ConstMatrix In(size_t i) const { return batch_.ValueOf(node_.inputs[i]); }
  std::span<const float> Numbers(size_t i) const {
    const WeightId id = node_.weights[i];
    if (id == kNoWeight) return {};
    return batch_.weights[static_cast<size_t>(id)].rows;
  }
  const LinearWeight& Packed() const { return batch_.weights[static_cast<size_t>(node_.weights[0])].packed; }

  void Attend(const AttentionSpec& spec, size_t s) {
    const auto [begin, end] = batch_.sequences[s];
    const ConstMatrix q = In(0);
    const ConstMatrix k = In(1);
    const ConstMatrix v = In(2);
    const float* keys = k.Row(begin);
    const float* values = v.Row(begin);
    std::vector<int64_t> visible(static_cast<size_t>(end - begin), end - begin);
    if (spec.causal) {
      PlainKv& kv = batch_.slots[s][static_cast<size_t>(spec.slot)];
      kv.k.insert(kv.k.end(), k.Row(begin), k.Row(end));
      kv.v.insert(kv.v.end(), v.Row(begin), v.Row(end));
      keys = kv.k.data();
      values = kv.v.data();
      for (int64_t t = begin; t < end; ++t) {
        visible[static_cast<size_t>(t - begin)] = batch_.rows.position[static_cast<size_t>(t)] + 1;
      }
    }
    AttentionForward(spec, {q.Row(begin), end - begin, q.cols}, keys, values, visible,
                     {y_.Row(begin), end - begin, y_.cols});
  }

  Batch& batch_;
  const Node& node_;
  Matrix y_;
};

Result<void> RunNodes(Batch& batch) {
  for (size_t i = 0; i < batch.graph.nodes.size(); ++i) {
    const Node& node = batch.graph.nodes[i];
    const int64_t num_rows = batch.NumRows(node.shape.rows);
    batch.values[i].resize(static_cast<size_t>(num_rows * node.shape.cols));
    TRY_VOID(std::visit(NodeRunner(batch, node, {batch.values[i].data(), num_rows, node.shape.cols}), node.spec));
  }
  return {};
}

Result<std::vector<Tap>> FindTaps(const Graph& graph, std::span<const std::string> names) {
  std::vector<Tap> taps;
  for (const std::string& name : names) {
    const auto tap = std::ranges::find(graph.taps, name, &Tap::name);
    if (tap == graph.taps.end()) return Error::NotFound("taps", "got '" + name + "', want a tap of this graph");
    taps.push_back(*tap);
  }
  return taps;
}

PlainResult Collect(Batch& batch, std::span<const Tap> taps) {
  PlainResult result;
  for (const Tap& tap : taps) result.taps[tap.name] = batch.values[static_cast<size_t>(tap.value.node)];
  const Value last = batch.graph.result;
  result.rows = batch.NumRows(batch.graph.shape(last).rows);
  result.cols = batch.graph.shape(last).cols;
  result.values = std::move(batch.values[static_cast<size_t>(last.node)]);
  return result;
}

}  // namespace

struct Plain::State {
  std::vector<PlainWeight> weights;
};

void PlainCache::Truncate(int64_t size) {
  CHECK(size >= 0 && size <= size_);
  size_ = size;
  for (PlainKv& slot : slots_) {
    slot.k.resize(static_cast<size_t>(size * slot.row));
    slot.v.resize(static_cast<size_t>(size * slot.row));
  }
}

Plain::Plain(const Graph& graph, std::unique_ptr<State> state) : graph_(graph), state_(std::move(state)) {}
Plain::~Plain() = default;

Result<std::unique_ptr<Plain>> Plain::Create(const Graph& graph, const ReadWeight& read) {
  auto state = std::make_unique<State>();
  const std::vector<WeightUse> uses = FindUses(graph);
  for (size_t i = 0; i < graph.weights.size(); ++i) {
    const WeightRef& ref = graph.weights[i];
    TRY(std::vector<float> rows, read(ref));
    if (static_cast<int64_t>(rows.size()) != ref.rows * ref.cols) {
      return Error::Invalid(ref.name, "got " + std::to_string(rows.size()) + " numbers, want [" +
                                          std::to_string(ref.rows) + ", " + std::to_string(ref.cols) + "]");
    }
    PlainWeight weight;
    if (uses[i].as_panels) weight.packed = PackLinear({rows.data(), ref.rows, ref.cols});
    if (uses[i].as_rows) weight.rows = std::move(rows);
    state->weights.push_back(std::move(weight));
  }
  return std::unique_ptr<Plain>(new Plain(graph, std::move(state)));
}

Result<void> Plain::OpenCaches(const Rows& rows, std::span<PlainCache* const> caches) const {
  if (caches.size() != static_cast<size_t>(rows.num_sequences)) {
    return Error::Invalid("caches",
                          "got " + std::to_string(caches.size()) + ", want " + std::to_string(rows.num_sequences));
  }
  for (size_t t = 0; t < rows.token.size(); ++t) {
    if (t > 0 && rows.sequence[t] == rows.sequence[t - 1]) continue;
    PlainCache& cache = *caches[static_cast<size_t>(rows.sequence[t])];
    if (rows.position[t] != cache.size_) {
      return Error::Invalid("rows.position[" + std::to_string(t) + "]", "got " + std::to_string(rows.position[t]) +
                                                                            ", want " + std::to_string(cache.size_) +
                                                                            ", where the cache ends");
    }
    if (!cache.slots_.empty()) continue;
    for (const CacheSlot& slot : graph_.slots) cache.slots_.push_back({slot.kv_heads * slot.head_dim, {}, {}});
  }
  return {};
}

Result<PlainResult> Plain::Run(const Rows& rows, std::span<PlainCache* const> caches,
                               std::span<const std::string> tap_names) {
  TRY(const std::vector<Tap> taps, FindTaps(graph_, tap_names));
  TRY_VOID(rows.Check());
  if (graph_.slots.empty()) caches = {};
  if (!graph_.slots.empty()) TRY_VOID(OpenCaches(rows, caches));
  Batch batch{graph_, state_->weights, rows, RowsBySequence(rows), {}, {}};
  for (PlainCache* cache : caches) batch.slots.emplace_back(cache->slots_);
  batch.values.resize(graph_.nodes.size());
  const Result<void> done = RunNodes(batch);
  for (size_t s = 0; s < caches.size(); ++s) {
    const auto [begin, end] = batch.sequences[s];
    if (done.ok()) caches[s]->size_ += end - begin;
    if (!done.ok()) caches[s]->Truncate(caches[s]->size_);
  }
  if (!done.ok()) return done.error();
  return Collect(batch, taps);
}

}  // namespace atelier
