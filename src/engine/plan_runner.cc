#include "engine/plan_runner.h"

#include <algorithm>

namespace atelier {
namespace {

RunnerShape ShapeOf(const ModelSummary& summary, const Plan& plan, const PlanRunnerOptions& options) {
  RunnerShape shape;
  shape.num_tokens = static_cast<int32_t>(summary.vocabulary);
  shape.scores = summary.task == ModelTask::kScore;
  if (summary.task == ModelTask::kEmbed) shape.vector_size = static_cast<int32_t>(summary.width);
  if (shape.scores) shape.vector_size = static_cast<int32_t>(summary.num_labels);
  shape.whole_input = summary.needs_whole_sequence;
  shape.max_context = summary.context_length;
  if (shape.whole_input) shape.max_context = std::min<int64_t>(shape.max_context, options.max_rows);
  shape.block_bytes = plan.block_bytes();
  shape.max_rows = options.max_rows;
  shape.max_sequences = options.max_sequences;
  shape.max_outputs = options.max_sequences;
  return shape;
}

}  // namespace

Result<std::unique_ptr<PlanRunner>> PlanRunner::Create(std::unique_ptr<Model> model, Gang& gang, Files& files,
                                                       const PlanRunnerOptions& options) {
  std::unique_ptr<PlanRunner> runner(new PlanRunner(std::move(model), gang));
  const Model& loaded = *runner->model_;
  PanelStoreOptions store;
  store.path = options.panels_path;
  store.drop_source_pages = true;
  runner->panels_ = PanelStore::Open(files, loaded.weights.file(), store);
  runner->weights_ = std::make_unique<StoredWeights>(loaded.weights, *runner->panels_);
  PlanOptions plan;
  plan.max_rows = options.max_rows;
  plan.max_outputs = options.max_sequences;
  plan.max_sequences = options.max_sequences;
  plan.max_threads = gang.num_threads();
  plan.cache_type = options.cache_type;
  plan.isa = options.isa;
  TRY(runner->plan_, Plan::Create(loaded.graph, *runner->weights_, plan));
  // A folder that cannot be written costs the next start its time, nothing else.
  static_cast<void>(runner->panels_->Save().ok());
  runner->shape_ = ShapeOf(loaded.summary, *runner->plan_, options);
  return runner;
}

Result<Outputs> PlanRunner::Run(const StepBatch& batch) {
  Rows rows;
  rows.token = batch.tokens;
  rows.position = batch.positions;
  rows.sequence = batch.sequences;
  rows.token_type = batch.segments;
  rows.output = batch.outputs;
  rows.num_sequences = batch.sequences.empty() ? 0 : batch.sequences.back() + 1;
  gang_.Begin();
  Result<PlanOutputs> outputs = plan_->Run(rows, batch.cache, gang_);
  gang_.End();
  if (!outputs.ok()) return std::move(outputs).error();
  Outputs out;
  (shape_.vector_size > 0 ? out.vectors : out.logits) = outputs->values;
  return out;
}

int64_t PlanRunner::memory_bytes() const { return panels_->panel_bytes() + plan_->buffer_bytes(); }

}  // namespace atelier
