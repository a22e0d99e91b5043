// The weights of a loaded model dequantised, in F32 panels: what a Plan takes to compute as Plain does, only faster.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/plan/plan_weights.h"
#include "model/weights/weight_store.h"

namespace atelier {

// REQUIRES: the store outlives this; this outlives the Plans made with it.   COST: 4 bytes of memory a parameter.
class F32Weights final : public PlanWeights {
 public:
  explicit F32Weights(const WeightStore& store) : store_(store) {}

  Result<PackedMatrix> Panels(const WeightRef& ref) override;
  Result<TableView> Table(const WeightRef& ref) override;
  Result<std::vector<float>> Floats(const WeightRef& ref) override { return store_.ReadF32(ref); }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };

  const WeightStore& store_;
  std::map<std::string, std::vector<float>> tables_;
  std::vector<std::unique_ptr<std::byte, Free>> panels_;
};

}  // namespace atelier
