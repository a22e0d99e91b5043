#include "engine/plan/build_steps.h"

#include <algorithm>
#include <map>
#include <utility>

namespace atelier {
namespace {

Curve CurveOf(Activation activation) {
  switch (activation) {
    case Activation::kSilu: return Curve::kSilu;
    case Activation::kGelu: return Curve::kGeluErf;
    case Activation::kGeluTanh: return Curve::kGeluTanh;
    case Activation::kRelu: return Curve::kRelu;
    case Activation::kTanh: return Curve::kTanh;
  }
  return Curve::kSilu;
}

class Builder {
 public:
  Builder(const Graph& graph, PlanWeights& weights) : graph_(graph), weights_(weights) {}

  Result<Program> Build() {
    program_.slots = graph_.slots;
    for (const Node& node : graph_.nodes) {
      values_.push_back(AddValue(node.shape.rows, node.shape.cols, false));
      TRY_VOID(Add(node));
    }
    program_.result = ValueOf(graph_.result);
    return std::move(program_);
  }

 private:
  ValueId AddValue(RowKind rows, int64_t cols, bool quantized) {
    program_.values.push_back({.rows = rows, .cols = cols, .quantized = quantized});
    return static_cast<ValueId>(program_.values.size() - 1);
  }
  ValueId ValueOf(Value value) const { return values_[static_cast<size_t>(value.node)]; }

  Result<const float*> Floats(WeightId id) {
    if (id == kNoWeight) return nullptr;
    const WeightRef& ref = graph_.weight(id);
    auto floats = weights_.Floats(ref);
    if (!floats) return std::move(floats).error().Under(ref.name);
    program_.floats.push_back(std::move(*floats));
    return program_.floats.back().data();
  }

  void AddRows(RowOp op, RowKind rows, std::string name) {
    Step step{.kind = StepKind::kRows, .rows = rows, .name = std::move(name)};
    step.before.push_back(std::move(op));
    program_.steps.push_back(std::move(step));
  }

  // The op of an elementwise or row-wise node, without what is its own.
  RowOp OpOf(RowOpKind kind, const Node& node) const {
    RowOp op{.kind = kind, .out = values_.back()};
    for (const Value input : node.inputs) op.in.push_back(ValueOf(input));
    return op;
  }

  Result<void> Add(const Node& node) {
    const auto rows = [&](RowOp op) { AddRows(std::move(op), node.shape.rows, std::string(VerbName(node.verb()))); };
    switch (node.verb()) {
      case Verb::kEmbed: return AddEmbed(node);
      case Verb::kLinear: return AddLinear(node, node.As<LinearSpec>());
      case Verb::kOutput: return AddLinear(node, node.As<OutputSpec>().linear);
      case Verb::kNorm: return AddNorm(node);
      case Verb::kAdd: rows(OpOf(RowOpKind::kAdd, node)); return {};
      case Verb::kMul: rows(OpOf(RowOpKind::kMul, node)); return {};
      case Verb::kConcat: rows(OpOf(RowOpKind::kConcat, node)); return {};
      case Verb::kAttention: AddAttention(node); return {};
      case Verb::kPool: AddPool(node); return {};
      default: break;
    }
    RowOp op = OpOf(RowOpKind::kScale, node);
    switch (node.verb()) {
      case Verb::kScale: op.number = node.As<ScaleSpec>().factor; break;
      case Verb::kCap:
        op.kind = RowOpKind::kCap;
        op.number = node.As<CapSpec>().limit;
        break;
      case Verb::kActivate:
        op.kind = RowOpKind::kActivate;
        op.curve = CurveOf(node.As<ActivateSpec>().activation);
        break;
      case Verb::kGate:
        op.kind = RowOpKind::kGate;
        op.curve = CurveOf(node.As<GateSpec>().activation);
        break;
      case Verb::kSplit:
        op.kind = RowOpKind::kSplit;
        op.column = node.As<SplitSpec>().offset;
        break;
      case Verb::kRope: SetRope(node.As<RopeSpec>(), op); break;
      default: return Error::Unsupported(std::string(VerbName(node.verb())), "got a verb that no step does");
    }
    rows(std::move(op));
    return {};
  }

  Result<void> AddEmbed(const Node& node) {
    const auto& spec = node.As<EmbedSpec>();
    const WeightRef& ref = graph_.weight(node.weights.at(0));
    RowOp op = OpOf(RowOpKind::kEmbed, node);
    auto table = weights_.Table(ref);
    if (!table) return std::move(table).error().Under(ref.name);
    op.table = *table;
    op.embed_index = spec.index;
    op.column = spec.num_rows;
    AddRows(std::move(op), node.shape.rows, ref.name);
    return {};
  }

  Result<void> AddNorm(const Node& node) {
    const auto& spec = node.As<NormSpec>();
    RowOp op = OpOf(RowOpKind::kNorm, node);
    op.norm = spec.kind;
    op.number = spec.eps;
    op.heads = spec.heads;
    TRY(op.weight, Floats(node.weights.at(0)));
    TRY(op.bias, Floats(node.weights.at(1)));
    if (op.weight == nullptr) {  // the kernels always multiply
      program_.floats.emplace_back(static_cast<size_t>(node.shape.cols / spec.heads), 1.0F);
      op.weight = program_.floats.back().data();
    }
    AddRows(std::move(op), node.shape.rows, "Norm");
    return {};
  }

  void SetRope(const RopeSpec& spec, RowOp& op) {
    op.kind = RowOpKind::kRope;
    op.heads = spec.heads;
    op.rope_style = spec.style;
    op.rope = kNowhere;
    for (size_t i = 0; i < program_.ropes.size(); ++i) {  // angles are computed once a row for all that share them
      const RopeSpec& known = program_.ropes[i];
      if (known.inv_freq == spec.inv_freq && known.magnitude == spec.magnitude) op.rope = static_cast<int32_t>(i);
    }
    if (op.rope != kNowhere) return;
    op.rope = static_cast<int32_t>(program_.ropes.size());
    program_.ropes.push_back(spec);
  }

  // x as the panels of a product want it, for the rows that the product runs over.
  ValueId Quantized(ValueId x, RowKind rows) {
    const auto [at, is_new] = quantized_.try_emplace({x, rows}, kNowhere);
    if (!is_new) return at->second;
    at->second = AddValue(rows, program_.value(x).cols, true);
    AddRows({.kind = RowOpKind::kQuantize, .out = at->second, .in = {x}}, rows, "Quantize");
    return at->second;
  }

  // The rows of x that a step of fewer rows wants.
  ValueId Gathered(ValueId x, RowKind rows) {
    const ValueId y = AddValue(rows, program_.value(x).cols, false);
    AddRows({.kind = RowOpKind::kSplit, .out = y, .in = {x}}, rows, "Gather");
    return y;
  }

  Result<void> AddLinear(const Node& node, const LinearSpec& spec) {
    const WeightRef& ref = graph_.weight(node.weights.at(0));
    auto panels = weights_.Panels(ref);
    if (!panels) return std::move(panels).error().Under(ref.name);
    if (panels->n != spec.out || panels->k != spec.in) {
      return Error::Invalid(ref.name, "got panels of another shape than the graph wants");
    }
    const ValueId y = values_.back();
    ValueId x = ValueOf(node.inputs.at(0));
    if (!IsFloatPanel(panels->layout.kind)) {
      x = Quantized(x, node.shape.rows);
    } else if (program_.value(x).rows != node.shape.rows) {
      x = Gathered(x, node.shape.rows);
    }
    Step step{.kind = StepKind::kMatMul, .rows = node.shape.rows, .name = ref.name};
    step.products.push_back({.weight = *panels, .x = x, .y = y});
    if (node.weights.at(1) != kNoWeight) {
      RowOp bias{.kind = RowOpKind::kBias, .out = y, .in = {y}};
      TRY(bias.weight, Floats(node.weights.at(1)));
      step.after.push_back(std::move(bias));
    }
    program_.steps.push_back(std::move(step));
    return {};
  }

  void AddAttention(const Node& node) {
    Step step{.kind = StepKind::kAttention, .rows = node.shape.rows, .name = "Attention"};
    step.attention = node.As<AttentionSpec>();
    step.q = step.turned_q = ValueOf(node.inputs.at(0));
    step.k = step.turned_k = ValueOf(node.inputs.at(1));
    step.v = ValueOf(node.inputs.at(2));
    step.out = values_.back();
    program_.steps.push_back(std::move(step));
  }

  void AddPool(const Node& node) {
    Step step{.kind = StepKind::kPool, .rows = node.shape.rows, .name = "Pool"};
    step.pool = node.As<PoolSpec>();
    step.pooled = ValueOf(node.inputs.at(0));
    step.out = values_.back();
    program_.steps.push_back(std::move(step));
  }

  const Graph& graph_;
  PlanWeights& weights_;
  Program program_;
  std::vector<ValueId> values_;  // by node
  std::map<std::pair<ValueId, RowKind>, ValueId> quantized_;
};

}  // namespace

void UseTwoTerms(Program& program) {
  std::vector<ValueId> wanted = {program.result};
  for (const Step& step : program.steps) {
    if (step.kind == StepKind::kAttention) wanted.push_back(step.v);
  }
  for (Step& step : program.steps) {
    for (Product& product : step.products) {
      PlanValue& x = program.value(product.x);
      if (!x.quantized || std::find(wanted.begin(), wanted.end(), product.y) == wanted.end()) continue;
      product.two_terms = x.two_terms = true;
    }
  }
}

Result<Program> BuildSteps(const Graph& graph, PlanWeights& weights) { return Builder(graph, weights).Build(); }

}  // namespace atelier
