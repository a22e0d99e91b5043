// Steps: what a Plan is made of. A step is work that the gang does between two barriers; a matrix product step may hold
// one more barrier inside. build_steps.h makes one step a node, fuse.h joins them, place.h gives values their places,
// run_steps.h runs them.
//
// Values are written once, by one op of one step. An op works on one row (RowOp) or, at the tail of a matrix product or
// of attention, on a run of columns of many rows; either way each element comes from the same operations, which is why
// moving an op from one step into another never changes a bit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/kernel/panel.h"
#include "compute/kernel/vector_math.h"
#include "engine/plan/plan_weights.h"
#include "graph/graph.h"

namespace atelier {

using ValueId = int32_t;
inline constexpr int32_t kNowhere = -1;

// Rows of numbers with a place in the arena, f32 or (quantized) ActivationRows. Where one term of int8 is too coarse
// for a product that reads them (Product::two_terms) there are twice the rows: [T, 2T) hold what rounding took from [0,
// T).
struct PlanValue {
  RowKind rows = RowKind::kTokens;
  int64_t cols = 0;
  bool quantized = false;
  bool two_terms = false;
  int64_t offset = kNowhere;        // in the arena, bytes
  int64_t local_offset = kNowhere;  // in a thread's own memory, where a step may compute it for itself (place.h)
};

enum class RowOpKind : uint8_t {
  kEmbed,     // table row
  kNorm,      // in[0]; weight, bias, heads
  kAdd,       // in[0] + in[1]
  kMul,       // in[0] * in[1]
  kScale,     // in[0] * number
  kCap,       // number * tanh(in[0] / number)
  kActivate,  // curve(in[0])
  kGate,      // curve(in[0]) * in[1]
  kBias,      // in[0] + weight; out == in[0] (the one op that writes where it reads)
  kSplit,     // columns [column, column + cols) of in[0]
  kConcat,    // in side by side
  kRope,      // in[0] turned by the angles of `rope`
  kQuantize,  // in[0] as ActivationRows
};

struct RowOp {
  RowOpKind kind = RowOpKind::kAdd;
  ValueId out = kNowhere;
  std::vector<ValueId> in = {};
  const float* weight = nullptr;  // [cols / heads]
  const float* bias = nullptr;
  NormKind norm = NormKind::kRms;
  Curve curve = Curve::kSilu;
  RopeStyle rope_style = RopeStyle::kHalves;
  EmbedIndex embed_index = EmbedIndex::kToken;
  TableView table = {};
  float number = 0;  // eps, factor or limit
  int64_t heads = 1;
  int64_t column = 0;
  int32_t rope = 0;  // index into Program::ropes
};

// y = x W^T. x is quantized exactly where the panels are of integers.
struct Product {
  PackedMatrix weight = {};
  ValueId x = kNowhere;
  ValueId y = kNowhere;
  bool two_terms = false;  // x quantized in two terms
};

enum class StepKind : uint8_t { kRows, kMatMul, kAttention, kPool };

struct Step {
  StepKind kind = StepKind::kRows;
  RowKind rows = RowKind::kTokens;  // which rows it runs over
  std::string name = {};
  // kRows: the step itself. kMatMul: what makes x. kAttention: ops on heads of q and k.
  std::vector<RowOp> before = {};
  bool before_is_local = false;        // nothing else reads what `before` makes (place.h)
  std::vector<Product> products = {};  // kMatMul
  std::vector<RowOp> after = {};       // kMatMul, kAttention: ops on columns of what the step makes
  // kAttention: q, k, v before `before` turns them; out
  AttentionSpec attention = {};
  ValueId q = kNowhere;
  ValueId k = kNowhere;
  ValueId v = kNowhere;
  ValueId turned_q = kNowhere;  // q and k after `before`
  ValueId turned_k = kNowhere;
  // kAttention, kPool
  ValueId out = kNowhere;
  PoolSpec pool = {};
  ValueId pooled = kNowhere;  // kPool: what it reads
};

struct Program {
  std::vector<PlanValue> values;
  std::vector<Step> steps;
  std::vector<RopeSpec> ropes;
  std::vector<CacheSlot> slots;
  std::vector<std::vector<float>> floats;  // norm weights and biases that ops point to
  ValueId result = kNowhere;

  const PlanValue& value(ValueId id) const { return values[static_cast<size_t>(id)]; }
  PlanValue& value(ValueId id) { return values[static_cast<size_t>(id)]; }
};

// What a step reads from and leaves for others; what it makes and uses up itself is in both lists.
std::vector<ValueId> ReadsOf(const Step& step);
std::vector<ValueId> WritesOf(const Step& step);

std::string ToText(const Program& program);

}  // namespace atelier
