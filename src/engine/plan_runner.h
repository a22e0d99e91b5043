// PlanRunner runs a real model: it hands a step's rows and block tables to the model's Plan, and a gang of threads to
// run it.
#pragma once

#include <memory>

#include "base/result.h"
#include "compute/kernel/attention.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/isa.h"
#include "engine/plan/plan.h"
#include "engine/plan/plan_weights.h"
#include "engine/runner.h"
#include "model/arch/model.h"

namespace atelier {

struct PlanRunnerOptions {
  int32_t max_rows = 512;      // of a step; encoders take at least one whole input
  int32_t max_sequences = 64;  // of a step; also the most rows of logits
  CacheType cache_type = CacheType::kF16;
  Isa isa = Isa::kPlain;
};

class PlanRunner final : public Runner {
 public:
  // Errors: those of Plan::Create. REQUIRES: what `weights` gives and `gang` outlive the runner.
  static Result<std::unique_ptr<PlanRunner>> Create(const Model& model, PlanWeights& weights,
                                                    const PlanRunnerOptions& options, Gang* gang);

  const RunnerShape& shape() const override { return shape_; }
  Result<Outputs> Run(const StepBatch& batch) override;

  Plan& plan() { return *plan_; }
  // Another team for the steps to come. REQUIRES: no more threads than Create's gang has, and no Run under way.
  void SetGang(Gang* gang) { gang_ = gang; }

 private:
  PlanRunner(std::unique_ptr<Plan> plan, RunnerShape shape, Gang* gang)
      : plan_(std::move(plan)), shape_(shape), gang_(gang) {}

  std::unique_ptr<Plan> plan_;
  RunnerShape shape_;
  Gang* gang_;
};

}  // namespace atelier
