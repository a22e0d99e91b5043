#include <algorithm>

#include "base/check.h"
#include "engine/plan/worker.h"

namespace atelier {
namespace {

constexpr int64_t kRestColumns = 1024;  // of a second term at a time

int64_t EmbedIndexOf(const Rows& rows, EmbedIndex index, int64_t row) {
  const auto at = static_cast<size_t>(row);
  switch (index) {
    case EmbedIndex::kToken: return rows.token[at];
    case EmbedIndex::kPosition: return rows.position[at];
    case EmbedIndex::kTokenType: return rows.token_type.empty() ? 0 : rows.token_type[at];
  }
  return 0;
}

void EmbedRow(const Worker& worker, const RowOp& op, int64_t row, float* out, int64_t cols) {
  const int64_t index = EmbedIndexOf(*worker.run.rows, op.embed_index, row);
  const QuantFormat& format = *op.table.format;
  format.dequantize(op.table.bytes.data() + index * format.BytesFor(cols), out, cols);
}

void NormRun(const VectorKernels& kernels, const RowOp& op, const float* x, float* y, int64_t n) {
  if (op.norm == NormKind::kRms) {
    kernels.rms_norm(x, op.weight, op.number, y, n);
    if (op.bias != nullptr) kernels.add(y, op.bias, y, n);
  } else {
    kernels.layer_norm(x, op.weight, op.bias, op.number, y, n);
  }
}

// Elementwise: n numbers of out from those at the same place of the inputs.
void ElementRun(const VectorKernels& kernels, const RowOp& op, const float* a, const float* b, float* y, int64_t n) {
  switch (op.kind) {
    case RowOpKind::kAdd: return kernels.add(a, b, y, n);
    case RowOpKind::kMul: return kernels.multiply(a, b, y, n);
    case RowOpKind::kScale: return kernels.scale(a, op.number, y, n);
    case RowOpKind::kActivate: return kernels.activate(op.curve, a, y, n);
    case RowOpKind::kGate: return kernels.activate_gate(op.curve, a, b, y, n);
    case RowOpKind::kCap:
      kernels.scale(a, 1 / op.number, y, n);
      kernels.activate(Curve::kTanh, y, y, n);
      return kernels.scale(y, op.number, y, n);
    default: CHECK_MSG(false, "not an elementwise op");
  }
}

// Columns [begin, end) of one row as rows of their own.
ActivationRows ColumnsOf(const ActivationRows& all, int64_t row, int64_t begin, int64_t end) {
  CHECK(begin % kGroupSize == 0);
  const int64_t group = row * all.num_groups + begin / kGroupSize;
  ActivationRows part;
  part.num_rows = 1;
  part.k = end - begin;
  part.num_groups = NumGroups(part.k);
  part.values = all.values + group * kGroupSize;
  part.scales = all.scales + group;
  part.scaled_sums = all.scaled_sums + group;
  part.neg_sums = all.neg_sums + group * 2;
  return part;
}

// x [end - begin] as columns [begin, end) of row `row`. A second term holds x - scale * q, which is exact but for one
// rounding; it is made in the same way by every version of the kernels.
void QuantizeColumns(const Worker& worker, const RowOp& op, const float* x, int64_t row, int64_t begin, int64_t end) {
  const ActivationRows out = worker.Quantized(op.out);
  const ActivationRows first = ColumnsOf(out, row, begin, end);
  worker.run.matmul->quantize_row(x, first, 0);
  const PlanValue& value = worker.program().value(op.out);
  if (!value.two_terms) return;
  float rest[kRestColumns];
  for (int64_t at = begin; at < end; at += kRestColumns) {
    const int64_t count = std::min(kRestColumns, end - at);
    const ActivationRows part = ColumnsOf(out, row, at, at + count);
    worker.run.matmul->rest_of_row(x + at - begin, part, 0, rest);
    worker.run.matmul->quantize_row(rest, ColumnsOf(out, worker.run.rows_of(value.rows) + row, at, at + count), 0);
  }
}

}  // namespace

float* Worker::Row(ValueId id, RowKind step_rows, int64_t row) const {
  const PlanValue& value = program().value(id);
  if (value.rows == RowKind::kTokens && step_rows == RowKind::kOutputs) {
    row = run.rows->output[static_cast<size_t>(row)];
  }
  std::byte* base = use_local && value.local_offset >= 0 ? local + value.local_offset : run.arena + value.offset;
  return reinterpret_cast<float*>(base) + row * value.cols;
}

ActivationRows Worker::Quantized(ValueId id) const {
  const PlanValue& value = program().value(id);
  const bool is_local = use_local && value.local_offset >= 0;
  std::byte* base = is_local ? local + value.local_offset : run.arena + value.offset;
  return ActivationRows::Over(base, run.rows_of(value.rows) * (value.two_terms ? 2 : 1), value.cols);
}

void RunHeadOp(const Worker& worker, const RowOp& op, int64_t row, const float* from, float* to, int64_t head_dim) {
  const VectorKernels& kernels = *worker.run.vector;
  if (op.kind == RowOpKind::kNorm) return NormRun(kernels, op, from, to, head_dim);
  CHECK(op.kind == RowOpKind::kRope);
  const auto rope = static_cast<size_t>(op.rope);
  const auto pairs = static_cast<int64_t>(worker.program().ropes[rope].inv_freq.size());
  const float* cosines = worker.run.angles[rope] + row * 2 * pairs;
  std::copy_n(from, head_dim, to);
  const auto turn = op.rope_style == RopeStyle::kHalves ? kernels.rope_halves : kernels.rope_pairs;
  turn(to, cosines, cosines + pairs, pairs);
}

void RunRowOp(const Worker& worker, const RowOp& op, RowKind step_rows, int64_t row) {
  const int64_t cols = worker.program().value(op.out).cols;
  if (op.kind == RowOpKind::kQuantize) {
    return QuantizeColumns(worker, op, worker.Row(op.in[0], step_rows, row), row, 0, cols);
  }
  float* y = worker.Row(op.out, step_rows, row);
  const auto in = [&](size_t i) { return worker.Row(op.in[i], step_rows, row); };
  switch (op.kind) {
    case RowOpKind::kEmbed: return EmbedRow(worker, op, row, y, cols);
    case RowOpKind::kSplit: std::copy_n(in(0) + op.column, cols, y); return;
    case RowOpKind::kConcat:
      for (size_t i = 0; i < op.in.size(); ++i) {
        y = std::copy_n(in(i), worker.program().value(op.in[i]).cols, y);
      }
      return;
    case RowOpKind::kNorm:
    case RowOpKind::kRope: {
      const int64_t width = cols / op.heads;
      for (int64_t h = 0; h < op.heads; ++h) {
        RunHeadOp(worker, op, row, in(0) + h * width, y + h * width, width);
      }
      return;
    }
    default: return ElementRun(*worker.run.vector, op, in(0), op.in.size() > 1 ? in(1) : nullptr, y, cols);
  }
}

void RunColumnOp(const Worker& worker, const RowOp& op, RowKind step_rows, int64_t first_row, int64_t num_rows,
                 int64_t begin, int64_t end) {
  if (op.kind == RowOpKind::kQuantize) {
    for (int64_t row = first_row; row < first_row + num_rows; ++row) {
      QuantizeColumns(worker, op, worker.Row(op.in[0], step_rows, row) + begin, row, begin, end);
    }
    return;
  }
  const VectorKernels& kernels = *worker.run.vector;
  for (int64_t row = first_row; row < first_row + num_rows; ++row) {
    float* y = worker.Row(op.out, step_rows, row) + begin;
    const float* a = worker.Row(op.in[0], step_rows, row) + begin;
    if (op.kind == RowOpKind::kBias) {
      kernels.add(a, op.weight + begin, y, end - begin);
      continue;
    }
    const float* b = op.in.size() > 1 ? worker.Row(op.in[1], step_rows, row) + begin : nullptr;
    ElementRun(kernels, op, a, b, y, end - begin);
  }
}

}  // namespace atelier
