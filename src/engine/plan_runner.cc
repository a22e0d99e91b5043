#include "engine/plan_runner.h"

#include <algorithm>

#include "graph/rows.h"

namespace atelier {
namespace {

// The longest input of a model that must see it whole: its rows are one step's, and buffers are sized by them.
constexpr int64_t kMaxWholeInput = 8192;

RunnerShape ShapeOf(const Model& model, const PlanRunnerOptions& options) {
  const ModelSummary& summary = model.summary;
  RunnerShape shape;
  shape.num_tokens = static_cast<int32_t>(summary.vocabulary);
  shape.max_context = summary.context_length;
  shape.max_rows = options.max_rows;
  shape.max_sequences = options.max_sequences;
  shape.max_outputs = options.max_sequences;
  if (summary.task == ModelTask::kGenerate) return shape;
  shape.vector_size = static_cast<int32_t>(model.graph.shape(model.graph.result).cols);
  shape.scores = summary.task == ModelTask::kScore;
  shape.pools_by_mean = summary.task == ModelTask::kEmbed && summary.pooling.kind == PoolKind::kMean;
  shape.whole_input = true;  // pooling looks at all rows of a sequence
  shape.max_context = std::min(shape.max_context, kMaxWholeInput);
  shape.max_rows = std::max(shape.max_rows, static_cast<int32_t>(shape.max_context));
  return shape;
}

}  // namespace

Result<std::unique_ptr<PlanRunner>> PlanRunner::Create(const Model& model, PlanWeights& weights,
                                                       const PlanRunnerOptions& options, Gang* gang) {
  RunnerShape shape = ShapeOf(model, options);
  PlanOptions plan_options;
  plan_options.max_rows = shape.max_rows;
  plan_options.max_outputs = shape.max_outputs;
  plan_options.max_sequences = shape.max_sequences;
  plan_options.max_threads = gang->num_threads();
  plan_options.cache_type = options.cache_type;
  plan_options.isa = options.isa;
  TRY(auto plan, Plan::Create(model.graph, weights, plan_options));
  shape.block_bytes = plan->block_bytes();
  return std::unique_ptr<PlanRunner>(new PlanRunner(std::move(plan), shape, gang));
}

Result<Outputs> PlanRunner::Run(const StepBatch& batch) {
  Rows rows;
  rows.token = batch.tokens;
  rows.position = batch.positions;
  rows.sequence = batch.sequences;
  rows.token_type = batch.segments;
  rows.output = batch.outputs;
  rows.num_sequences = batch.num_sequences();
  gang_->Begin();
  Result<PlanOutputs> outputs = plan_->Run(rows, batch.cache, *gang_);
  gang_->End();
  if (!outputs) return std::move(outputs).error();
  if (shape_.vector_size > 0) {
    return Outputs{.logits = {}, .vectors = outputs->values, .token_vectors = outputs->pooled};
  }
  return Outputs{.logits = outputs->values, .vectors = {}};
}

}  // namespace atelier
