// Where a Plan takes its weights from. The engine's is over WeightStore and PanelStore (stored_weights.h); tests make
// theirs in memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "compute/kernel/panel.h"
#include "compute/quant/quant.h"
#include "graph/graph.h"

namespace atelier {

// Rows of an embedding table as the file holds them.
struct TableView {
  const QuantFormat* format = nullptr;
  std::span<const std::byte> bytes;  // rows * format->BytesFor(cols)
};

// What is given must outlive the Plan. Errors: no such weight, another shape, a format that nobody reads.
class PlanWeights {
 public:
  virtual ~PlanWeights() = default;
  // A matrix [rows, cols] in panels.
  virtual Result<PackedMatrix> Panels(const WeightRef& weight) = 0;
  virtual Result<TableView> Table(const WeightRef& weight) = 0;
  // A norm's weight or a bias: weight.rows * weight.cols numbers.
  virtual Result<std::vector<float>> Floats(const WeightRef& weight) = 0;
};

}  // namespace atelier
