// The weights of a loaded model as a Plan takes them: panels from a PanelStore, tables where the file holds them.
#pragma once

#include <vector>

#include "engine/plan/plan_weights.h"
#include "model/weights/panel_store.h"
#include "model/weights/weight_store.h"

namespace atelier {

// REQUIRES: both stores are of one file and outlive this; this outlives the Plans made with it.
class StoredWeights final : public PlanWeights {
 public:
  StoredWeights(const WeightStore& weights, PanelStore& panels) : weights_(weights), panels_(panels) {}

  Result<PackedMatrix> Panels(const WeightRef& weight) override;
  Result<TableView> Table(const WeightRef& weight) override;
  Result<std::vector<float>> Floats(const WeightRef& weight) override;

 private:
  const WeightStore& weights_;
  PanelStore& panels_;
  std::vector<std::vector<float>> turned_tables_;  // of containers that hold a table's columns as rows
};

}  // namespace atelier
