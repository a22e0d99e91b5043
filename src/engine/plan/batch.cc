#include "engine/plan/batch.h"

#include <algorithm>
#include <string>

namespace atelier {
namespace {

Result<void> AtMost(const char* what, int64_t got, int64_t want) {
  if (got <= want) return {};
  return Error::TooLarge(what, "got " + std::to_string(got) + ", want at most " + std::to_string(want));
}

Result<void> CheckIndices(const char* what, std::span<const int32_t> indices, int64_t num_rows) {
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= 0 && indices[i] < num_rows) continue;
    return Error::Invalid("rows." + std::string(what) + "[" + std::to_string(i) + "]",
                          "got " + std::to_string(indices[i]) + ", want 0 to " + std::to_string(num_rows - 1));
  }
  return {};
}

Result<void> CheckEmbeds(const Program& program, const Rows& rows) {
  for (const Step& step : program.steps) {
    for (const RowOp& op : step.before) {
      if (op.kind != RowOpKind::kEmbed) continue;
      switch (op.embed_index) {  // BuildSteps keeps the table's rows in `column`
        case EmbedIndex::kToken: TRY_VOID(CheckIndices("token", rows.token, op.column)); break;
        case EmbedIndex::kPosition: TRY_VOID(CheckIndices("position", rows.position, op.column)); break;
        case EmbedIndex::kTokenType: TRY_VOID(CheckIndices("token_type", rows.token_type, op.column)); break;
      }
    }
  }
  return {};
}

Result<void> CheckCache(int64_t block_bytes, const Rows& rows, const CacheView& cache) {
  if (cache.base == nullptr || cache.block_bytes != block_bytes) {
    return Error::Invalid("cache.block_bytes", "got " + std::to_string(cache.base == nullptr ? 0 : cache.block_bytes) +
                                                   ", want " + std::to_string(block_bytes));
  }
  if (static_cast<int64_t>(cache.tables.size()) < rows.num_sequences) {
    return Error::Invalid(
        "cache.tables", "got " + std::to_string(cache.tables.size()) + ", want " + std::to_string(rows.num_sequences));
  }
  for (size_t row = 0; row < rows.position.size(); ++row) {
    const auto sequence = static_cast<size_t>(rows.sequence[row]);
    if (static_cast<size_t>(rows.position[row] / kKvBlockPositions) < cache.tables[sequence].size()) continue;
    return Error::Invalid("cache.tables[" + std::to_string(sequence) + "]",
                          "got " + std::to_string(cache.tables[sequence].size()) + " blocks, want one for position " +
                              std::to_string(rows.position[row]));
  }
  return {};
}

bool IsWhole(const Rows& rows) {
  for (size_t row = 0; row < rows.position.size(); ++row) {
    if ((row == 0 || rows.sequence[row] != rows.sequence[row - 1]) && rows.position[row] != 0) return false;
  }
  return true;
}

}  // namespace

Result<void> CheckBatch(const Program& program, const PlanOptions& options, int64_t block_bytes, const Rows& rows,
                        const CacheView& cache) {
  TRY_VOID(rows.Check());
  TRY_VOID(AtMost("rows", rows.size(), options.max_rows));
  TRY_VOID(AtMost("rows.output", static_cast<int64_t>(rows.output.size()), options.max_outputs));
  TRY_VOID(AtMost("rows.num_sequences", rows.num_sequences, options.max_sequences));
  if (std::any_of(rows.adapter.begin(), rows.adapter.end(), [](int32_t a) { return a != kNoAdapter; })) {
    return Error::Unsupported("rows.adapter", "got an adapter, want none");
  }
  TRY_VOID(CheckEmbeds(program, rows));
  if (!program.slots.empty()) TRY_VOID(CheckCache(block_bytes, rows, cache));
  for (const Step& step : program.steps) {
    if (step.kind == StepKind::kAttention && !step.attention.causal && !IsWhole(rows)) {
      return Error::Invalid("rows.position", "got a part of a sequence, want it whole");
    }
  }
  return {};
}

void LayOutBatch(const Rows& rows, int64_t tile_rows, RunState& run) {
  run.rows = &rows;
  run.num_rows[static_cast<int>(RowKind::kTokens)] = rows.size();
  run.num_rows[static_cast<int>(RowKind::kOutputs)] = static_cast<int64_t>(rows.output.size());
  run.num_rows[static_cast<int>(RowKind::kSequences)] = rows.num_sequences;
  run.sequences.clear();
  run.tiles.clear();
  int64_t next_block = 0;
  run.few_rows_each = true;
  for (int64_t row = 0; row < rows.size();) {
    SequenceRows sequence{.first = row, .size = 1, .first_block = next_block};
    const auto at = static_cast<size_t>(row);
    sequence.first_position = rows.position[at];
    while (row + sequence.size < rows.size() &&
           rows.sequence[at + static_cast<size_t>(sequence.size)] == rows.sequence[at]) {
      ++sequence.size;
    }
    for (int64_t first = 0; first < sequence.size; first += tile_rows) {
      run.tiles.push_back({.sequence = static_cast<int32_t>(run.sequences.size()),
                           .first = static_cast<int32_t>(row + first),
                           .size = static_cast<int32_t>(std::min(tile_rows, sequence.size - first))});
    }
    run.sequences.push_back(sequence);
    run.few_rows_each = run.few_rows_each && sequence.size <= kFewRows;
    next_block += (sequence.size + kKvBlockPositions - 1) / kKvBlockPositions;
    row += sequence.size;
  }
  std::reverse(run.tiles.begin(), run.tiles.end());
  for (std::atomic<int32_t>& claimed : run.claimed) claimed.store(0, std::memory_order_relaxed);
}

int64_t AngleFloats(const Program& program) {
  int64_t floats = 0;
  for (const RopeSpec& rope : program.ropes) floats += 2 * static_cast<int64_t>(rope.inv_freq.size());
  return floats;
}

void MakeAngles(const Worker& worker) {
  const int64_t num_rows = worker.run.rows_of(RowKind::kTokens);
  const std::vector<RopeSpec>& ropes = worker.program().ropes;
  for (size_t rope = 0; rope < ropes.size(); ++rope) {
    const auto pairs = static_cast<int64_t>(ropes[rope].inv_freq.size());
    for (int64_t row = worker.ShareBegin(num_rows); row < worker.ShareEnd(num_rows); ++row) {
      float* cosines = worker.run.angles[rope] + row * 2 * pairs;
      RopeAngles(ropes[rope], worker.run.rows->position[static_cast<size_t>(row)], cosines, cosines + pairs);
    }
  }
}

}  // namespace atelier
