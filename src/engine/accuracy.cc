#include "engine/accuracy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "compute/kernel/pack.h"
#include "engine/cache/block_pool.h"
#include "engine/plan/plan.h"

namespace atelier {
namespace {

constexpr int32_t kOutputsPerRun = 32;  // rows of logits held at a time

// The model's weights dequantised, in F32 panels.
class F32Weights final : public PlanWeights {
 public:
  explicit F32Weights(const WeightStore& store) : store_(store) {}

  Result<PackedMatrix> Panels(const WeightRef& ref) override {
    TRY(const std::vector<float>* values, Read(ref));
    const PanelLayout layout = PanelLayoutOf(PanelKind::kF32, ref.cols);
    const auto size = static_cast<size_t>(NumPanels(ref.rows) * layout.panel_bytes);
    panels_.emplace_back(static_cast<std::byte*>(::operator new(size, std::align_val_t{64})));
    std::byte* panels = panels_.back().get();
    const int64_t row_bytes = ref.cols * static_cast<int64_t>(sizeof(float));
    for (int64_t p = 0; p < NumPanels(ref.rows); ++p) {
      const auto* rows = reinterpret_cast<const std::byte*>(values->data() + p * kPanelRows * ref.cols);
      PackPanel("F32", rows, row_bytes, std::min<int64_t>(kPanelRows, ref.rows - p * kPanelRows), ref.cols,
                panels + p * layout.panel_bytes);
    }
    if (!is_table_.contains(ref.name)) values_.erase(ref.name);
    return PackedMatrix{.layout = layout, .n = ref.rows, .k = ref.cols, .data = panels};
  }

  Result<TableView> Table(const WeightRef& ref) override {
    TRY(const std::vector<float>* values, Read(ref));
    is_table_[ref.name] = true;
    return TableView{&QuantOf(Quant::kF32), std::as_bytes(std::span<const float>(*values))};
  }

  Result<std::vector<float>> Floats(const WeightRef& ref) override { return store_.ReadF32(ref); }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t{64}); }
  };

  Result<const std::vector<float>*> Read(const WeightRef& ref) {
    const auto [at, is_new] = values_.try_emplace(ref.name);
    if (is_new) {
      TRY(at->second, store_.ReadF32(ref));
    }
    return &at->second;
  }

  const WeightStore& store_;
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, bool> is_table_;
  std::vector<std::unique_ptr<std::byte, Free>> panels_;
};

// A plan with a cache of one sequence.
struct Reader {
  std::unique_ptr<Plan> plan;
  std::unique_ptr<BlockPool> pool;
  std::vector<int32_t> table;

  static Result<Reader> Create(const Model& model, PlanWeights& weights, PlanOptions plan_options, int32_t piece) {
    Reader reader;
    TRY(reader.plan, Plan::Create(model.graph, weights, plan_options));
    reader.table.resize(static_cast<size_t>(piece / kBlockPositions + 1));
    std::iota(reader.table.begin(), reader.table.end(), 0);
    TRY(BlockPool pool, BlockPool::Create(static_cast<int32_t>(reader.table.size()), reader.plan->block_bytes()));
    reader.pool = std::make_unique<BlockPool>(std::move(pool));
    return reader;
  }

  // Logits of tokens [begin, end) of a piece; of the last `num_outputs` of them.
  Result<PlanOutputs> Run(std::span<const int32_t> piece, int32_t begin, int32_t end, int32_t num_outputs, Gang& gang) {
    std::vector<int32_t> positions(static_cast<size_t>(end - begin));
    std::iota(positions.begin(), positions.end(), begin);
    const std::vector<int32_t> sequences(positions.size(), 0);
    std::vector<int32_t> outputs(static_cast<size_t>(num_outputs));
    std::iota(outputs.begin(), outputs.end(), end - begin - num_outputs);
    Rows rows;
    rows.token = piece.subspan(static_cast<size_t>(begin), positions.size());
    rows.position = positions;
    rows.sequence = sequences;
    rows.output = outputs;
    rows.num_sequences = 1;
    const std::span<const int32_t> tables[] = {table};
    return plan->Run(rows, {.base = pool->base(), .block_bytes = pool->block_bytes(), .tables = tables}, gang);
  }
};

// log of the sum of exp(x), and the largest's index.
struct Total {
  double log_sum = 0;
  size_t top = 0;
};
Total TotalOf(std::span<const float> logits) {
  Total total;
  total.top = static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  double sum = 0;
  for (const float x : logits) sum += std::exp(double{x} - logits[total.top]);
  total.log_sum = logits[total.top] + std::log(sum);
  return total;
}

void Judge(std::span<const float> exact, std::span<const float> fast, int32_t next_token, Accuracy& sums) {
  const Total a = TotalOf(exact);
  const Total b = TotalOf(fast);
  double kl = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    const double log_p = exact[i] - a.log_sum;
    kl += std::exp(log_p) * (log_p - (fast[i] - b.log_sum));
  }
  const auto next = static_cast<size_t>(next_token);
  sums.num_positions += 1;
  sums.mean_kl += kl;
  sums.largest_kl = std::max(sums.largest_kl, kl);
  sums.top1_agreement += a.top == b.top ? 1 : 0;
  sums.perplexity += b.log_sum - fast[next];
  sums.perplexity_f32 += a.log_sum - exact[next];
}

}  // namespace

Result<Accuracy> MeasureAccuracy(const Model& model, PlanWeights& weights, std::span<const int32_t> tokens,
                                 const AccuracyOptions& options, Gang& gang) {
  const int32_t piece = options.piece;
  if (model.summary.task != ModelTask::kGenerate) return Error::Unsupported("model", "got no logits to compare");
  if (piece < 2 || static_cast<int64_t>(tokens.size()) < piece) {
    return Error::Invalid("tokens", "got " + std::to_string(tokens.size()) + ", want " + std::to_string(piece));
  }
  PlanOptions plan_options{.max_rows = std::max(piece / 2, kOutputsPerRun),
                           .max_outputs = kOutputsPerRun,
                           .max_sequences = 1,
                           .max_threads = gang.num_threads(),
                           .cache_type = options.cache_type,
                           .isa = options.isa};
  TRY(Reader fast, Reader::Create(model, weights, plan_options, piece));
  F32Weights f32_weights(model.weights);
  plan_options.cache_type = CacheType::kF32;
  TRY(Reader exact, Reader::Create(model, f32_weights, plan_options, piece));
  Accuracy sums;
  const int32_t half = piece / 2;
  for (size_t at = 0; at + static_cast<size_t>(piece) <= tokens.size(); at += static_cast<size_t>(piece)) {
    const auto part = tokens.subspan(at, static_cast<size_t>(piece));
    TRY_VOID(exact.Run(part, 0, half, 0, gang));
    TRY_VOID(fast.Run(part, 0, half, 0, gang));
    for (int32_t begin = half; begin < piece - 1; begin += kOutputsPerRun) {  // the last has nothing to foretell
      const int32_t end = std::min(piece - 1, begin + kOutputsPerRun);
      TRY(const PlanOutputs want, exact.Run(part, begin, end, end - begin, gang));
      TRY(const PlanOutputs got, fast.Run(part, begin, end, end - begin, gang));
      for (int32_t i = 0; i < end - begin; ++i) {
        Judge(want.Row(i), got.Row(i), part[static_cast<size_t>(begin + i + 1)], sums);
      }
    }
  }
  const auto count = static_cast<double>(sums.num_positions);
  sums.mean_kl /= count;
  sums.top1_agreement /= count;
  sums.perplexity = std::exp(sums.perplexity / count);
  sums.perplexity_f32 = std::exp(sums.perplexity_f32 / count);
  return sums;
}

}  // namespace atelier
