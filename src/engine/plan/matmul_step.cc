#include <algorithm>

#include "engine/plan/place.h"
#include "engine/plan/worker.h"

namespace atelier {
namespace {

constexpr int64_t kChunkPanels = 8;  // 128 columns of 512 rows are 256 kB: what `after` reads is still in L2
constexpr int64_t kManyRows = 32;

// This thread's panels of a matrix, in chunks.
struct Share {
  PanelRange all;
  int64_t num_chunks = 1;

  PanelRange Chunk(int64_t chunk) const {
    const int64_t pairs = (all.end - all.begin + 1) / 2;
    const auto edge = [&](int64_t i) { return std::min(all.end, all.begin + 2 * (pairs * i / num_chunks)); };
    return {edge(chunk), edge(chunk + 1)};
  }
};

Share ShareOf(const Worker& worker, int64_t cols, int64_t num_chunks) {
  return {PanelShare(NumPanels(cols), worker.thread, worker.num_threads), num_chunks};
}

void MakeInputs(Worker& worker, const Step& step, int64_t num_rows) {
  worker.use_local = step.before_is_local && num_rows <= kLocalRows && worker.num_threads > 1;
  const int64_t begin = worker.use_local ? 0 : worker.ShareBegin(num_rows);
  const int64_t end = worker.use_local ? num_rows : worker.ShareEnd(num_rows);
  for (int64_t row = begin; row < end; ++row) {
    for (const RowOp& op : step.before) RunRowOp(worker, op, step.rows, row);
  }
  if (!worker.use_local) worker.gang.Barrier();
}

// Both terms go through the kernel as rows of one call, which reads the weights once; their products are added.
void MultiplyTwoTerms(const Worker& worker, const Product& product, PanelRange panels, int64_t num_rows) {
  const ActivationRows x = worker.Quantized(product.x);
  const int64_t n = product.weight.n;
  for (int64_t begin = panels.begin; begin < panels.end; begin += kChunkPanels) {
    const int64_t end = std::min(panels.end, begin + kChunkPanels);
    const int64_t width = std::min(n, end * kPanelRows) - begin * kPanelRows;
    PackedMatrix part = product.weight;
    part.n = width;
    part.data = product.weight.panel(begin);
    float* terms = worker.term_scratch;
    worker.run.matmul->multiply(part, x, {0, end - begin}, terms, kChunkPanels * kPanelRows, worker.matmul_scratch);
    for (int64_t row = 0; row < num_rows; ++row) {
      const float* first = terms + row * kChunkPanels * kPanelRows;
      const float* second = first + num_rows * kChunkPanels * kPanelRows;
      worker.run.vector->add(first, second, worker.Row(product.y, RowKind::kTokens, row) + begin * kPanelRows, width);
    }
  }
}

void Multiply(const Worker& worker, const Step& step, const Product& product, PanelRange panels, int64_t num_rows) {
  if (panels.begin == panels.end) return;
  if (product.two_terms) return MultiplyTwoTerms(worker, product, panels, num_rows);
  float* y = worker.Row(product.y, RowKind::kTokens, 0);
  const MatMulKernels& kernels = *worker.run.matmul;
  if (worker.program().value(product.x).quantized) {
    const ActivationRows x = worker.Quantized(product.x).Slice(0, num_rows);
    kernels.multiply(product.weight, x, panels, y, product.weight.n, worker.matmul_scratch);
  } else {
    const float* x = worker.Row(product.x, step.rows, 0);
    kernels.multiply_float(product.weight, x, product.weight.k, num_rows, panels, y, product.weight.n);
  }
}

}  // namespace

int64_t TermScratchFloats(int64_t max_rows) { return 2 * max_rows * kChunkPanels * kPanelRows; }

void RunMatMulStep(Worker& worker, const Step& step) {
  const int64_t num_rows = worker.run.rows_of(step.rows);
  if (num_rows == 0) return;
  if (!step.before.empty()) MakeInputs(worker, step, num_rows);
  int64_t num_chunks = 1;
  if (num_rows > kManyRows && !step.after.empty()) {
    for (const Product& product : step.products) {
      num_chunks = std::max(num_chunks, NumPanels(product.weight.n) / worker.num_threads / kChunkPanels);
    }
  }
  for (int64_t chunk = 0; chunk < num_chunks; ++chunk) {
    for (const Product& product : step.products) {
      Multiply(worker, step, product, ShareOf(worker, product.weight.n, num_chunks).Chunk(chunk), num_rows);
    }
    for (const RowOp& op : step.after) {
      const int64_t cols = worker.program().value(op.out).cols;
      const PanelRange panels = ShareOf(worker, cols, num_chunks).Chunk(chunk);
      const int64_t begin = panels.begin * kPanelRows;
      const int64_t end = std::min(cols, panels.end * kPanelRows);
      if (begin < end) RunColumnOp(worker, op, step.rows, 0, num_rows, begin, end);
    }
  }
  worker.use_local = false;
}

}  // namespace atelier
