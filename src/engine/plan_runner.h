// The Runner of a real model: its Plan over the weights of its file, led through a Gang.
#pragma once

#include <memory>
#include <string>

#include "base/io/files.h"
#include "compute/kernel/gang.h"
#include "compute/kernel/isa.h"
#include "engine/plan/plan.h"
#include "engine/plan/stored_weights.h"
#include "engine/runner.h"
#include "model/arch/model.h"

namespace atelier {

struct PlanRunnerOptions {
  Isa isa = Isa::kPlain;
  CacheType cache_type = CacheType::kF16;
  int32_t max_rows = 512;       // T of a step
  int32_t max_sequences = 256;  // S of a step; as many rows of logits
  std::string panels_path;      // where packed weights are kept; empty: nowhere
};

class PlanRunner final : public Runner {
 public:
  // `gang` and `files` must outlive the runner.
  static Result<std::unique_ptr<PlanRunner>> Create(std::unique_ptr<Model> model, Gang& gang, Files& files,
                                                    const PlanRunnerOptions& options);

  const RunnerShape& shape() const override { return shape_; }
  Result<Outputs> Run(const StepBatch& batch) override;

  const Model& model() const { return *model_; }
  Plan& plan() { return *plan_; }
  // Of panels and buffers.
  int64_t memory_bytes() const;

 private:
  PlanRunner(std::unique_ptr<Model> model, Gang& gang) : model_(std::move(model)), gang_(gang) {}

  std::unique_ptr<Model> model_;
  Gang& gang_;
  std::unique_ptr<PanelStore> panels_;
  std::unique_ptr<StoredWeights> weights_;
  std::unique_ptr<Plan> plan_;
  RunnerShape shape_;
};

}  // namespace atelier
