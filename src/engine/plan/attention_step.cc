#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "engine/plan/worker.h"

namespace atelier {
namespace {

// One attention step of one worker.
class AttentionRun {
 public:
  AttentionRun(Worker& worker, const Step& step) : worker_(worker), step_(step), spec_(step.attention) {
    const bool is_cached = spec_.slot != kNoSlot;
    const SlotPlace& place = is_cached ? worker.run.slots[static_cast<size_t>(spec_.slot)] : encoder_place_;
    if (!is_cached) encoder_place_.layout = MakeKvHeadLayout(CacheType::kF32, static_cast<int>(spec_.head_dim));
    layout_ = place.layout;
    base_ = is_cached ? worker.run.cache->base + place.offset : worker.run.encoder_blocks;
    block_bytes_ = is_cached ? worker.run.cache->block_bytes : spec_.kv_heads * layout_.bytes;
    group_ = spec_.heads / spec_.kv_heads;
  }

  // Norms, turns and stores the keys of a row, one KV head.
  void Store(const SequenceRows& sequence, int64_t sequence_index, int64_t row, int64_t head) const {
    Turn(step_.k, step_.turned_k, row, head);
    const int64_t position = sequence.first_position + row - sequence.first;
    const int32_t block = Table(sequence_index)[position / kKvBlockPositions];
    worker_.run.attention->store({.layout = &layout_,
                                  .head = base_ + block * block_bytes_ + head * layout_.bytes,
                                  .index = static_cast<int>(position % kKvBlockPositions),
                                  .key = HeadOf(step_.turned_k, row, head),
                                  .value = HeadOf(step_.v, row, head)});
  }

  // Norms and turns the query heads that share one KV head.
  void TurnQueries(int64_t row, int64_t kv_head) const {
    for (int64_t h = kv_head * group_; h < (kv_head + 1) * group_; ++h) Turn(step_.q, step_.turned_q, row, h);
  }

  // Positions that the rows of a sequence see, of one KV head.
  AheadPositions Ahead(int64_t sequence_index, int64_t kv_head) const {
    const SequenceRows& sequence = worker_.run.sequences[static_cast<size_t>(sequence_index)];
    return {.blocks = base_ + kv_head * layout_.bytes,
            .block_table = Table(sequence_index),
            .count = sequence.first_position + sequence.size};
  }

  void Attend(const AttentionTile& tile, int64_t kv_head, const AheadPositions& ahead) const {
    const SequenceRows& sequence = worker_.run.sequences[static_cast<size_t>(tile.sequence)];
    const int64_t cols = spec_.heads * spec_.head_dim;
    worker_.run.attention->attend(
        {.layout = &layout_,
         .blocks = base_ + kv_head * layout_.bytes,
         .block_stride = block_bytes_,
         .block_table = Table(tile.sequence),
         .query = HeadOf(step_.turned_q, tile.first, kv_head * group_),
         .query_stride = cols,
         .out = HeadOf(step_.out, tile.first, kv_head * group_),
         .out_stride = cols,
         .num_tokens = tile.size,
         .num_heads = static_cast<int>(group_),
         .visible = spec_.causal ? sequence.first_position + tile.first - sequence.first + 1 : sequence.size,
         .visible_step = spec_.causal ? 1 : 0,
         .scale = spec_.scale,
         .scratch = worker_.attention_scratch,
         .ahead = ahead});
    const int64_t width = group_ * spec_.head_dim;
    for (const RowOp& op : step_.after) {
      RunColumnOp(worker_, op, step_.rows, tile.first, tile.size, kv_head * width, (kv_head + 1) * width);
    }
  }

 private:
  float* HeadOf(ValueId value, int64_t row, int64_t head) const {
    return worker_.Row(value, RowKind::kTokens, row) + head * spec_.head_dim;
  }

  const int32_t* Table(int64_t sequence) const {
    const auto at = static_cast<size_t>(sequence);
    if (spec_.slot != kNoSlot) return worker_.run.cache->tables[at].data();
    return worker_.run.encoder_table.data() + worker_.run.sequences[at].first_block;
  }

  void Turn(ValueId value, ValueId turned, int64_t row, int64_t head) const {
    for (const RowOp& op : step_.before) {
      if (op.in[0] != value) continue;
      RunHeadOp(worker_, op, row, HeadOf(value, row, head), HeadOf(op.out, row, head), spec_.head_dim);
      value = op.out;
    }
    CHECK(value == turned);
  }

  Worker& worker_;
  const Step& step_;
  const AttentionSpec& spec_;
  SlotPlace encoder_place_;
  KvHeadLayout layout_;
  std::byte* base_ = nullptr;
  int64_t block_bytes_ = 0;
  int64_t group_ = 1;
};

// Few rows: whoever takes a sequence's head does all of it, so that no barrier is needed in between.
void RunByHead(const Worker& worker, const AttentionRun& run, int64_t kv_heads, std::atomic<int32_t>& claimed) {
  const auto num_units = static_cast<int64_t>(worker.run.sequences.size()) * kv_heads;
  for (int64_t unit; (unit = claimed.fetch_add(1, std::memory_order_relaxed)) < num_units;) {
    const int64_t index = unit / kv_heads;
    const int64_t head = unit % kv_heads;
    const SequenceRows& sequence = worker.run.sequences[static_cast<size_t>(index)];
    for (int64_t row = sequence.first; row < sequence.first + sequence.size; ++row) {
      run.Store(sequence, index, row, head);
      run.TurnQueries(row, head);
    }
    // Most likely the unit that this thread takes next.
    const int64_t next = std::min(unit + worker.num_threads, num_units - 1);
    run.Attend({.sequence = static_cast<int32_t>(index),
                .first = static_cast<int32_t>(sequence.first),
                .size = static_cast<int32_t>(sequence.size)},
               head, run.Ahead(next / kv_heads, next % kv_heads));
  }
}

void StoreAll(const Worker& worker, const AttentionRun& run, int64_t kv_heads) {
  const int64_t num_rows = worker.run.rows_of(RowKind::kTokens);
  const int64_t end = worker.ShareEnd(num_rows);
  for (int64_t row = worker.ShareBegin(num_rows); row < end; ++row) {
    const int64_t index = worker.run.rows->sequence[static_cast<size_t>(row)];
    for (int64_t head = 0; head < kv_heads; ++head) {
      run.Store(worker.run.sequences[static_cast<size_t>(index)], index, row, head);
      run.TurnQueries(row, head);
    }
  }
}

}  // namespace

int64_t AttentionTileRows(const Program& program) {
  int64_t group = 1;
  for (const Step& step : program.steps) {
    if (step.kind == StepKind::kAttention) group = std::max(group, step.attention.heads / step.attention.kv_heads);
  }
  // About 96 rows share one widening of a span to f32, which costs as much as 4 rows do.
  return std::clamp<int64_t>(96 / group, kFewRows, 64);
}

void RunAttentionStep(Worker& worker, const Step& step, size_t step_index) {
  const AttentionRun run(worker, step);
  const int64_t kv_heads = step.attention.kv_heads;
  std::atomic<int32_t>& claimed = worker.run.claimed[step_index];
  if (worker.run.few_rows_each) return RunByHead(worker, run, kv_heads, claimed);
  StoreAll(worker, run, kv_heads);
  worker.gang.Barrier();
  const auto num_units = static_cast<int64_t>(worker.run.tiles.size()) * kv_heads;
  for (int64_t unit; (unit = claimed.fetch_add(1, std::memory_order_relaxed)) < num_units;) {
    run.Attend(worker.run.tiles[static_cast<size_t>(unit / kv_heads)], unit % kv_heads, {});
  }
}

void RunPoolStep(const Worker& worker, const Step& step) {
  const VectorKernels& kernels = *worker.run.vector;
  const int64_t cols = worker.program().value(step.out).cols;
  const auto num_sequences = static_cast<int64_t>(worker.run.sequences.size());
  for (int64_t s = worker.ShareBegin(num_sequences); s < worker.ShareEnd(num_sequences); ++s) {
    const SequenceRows& sequence = worker.run.sequences[static_cast<size_t>(s)];
    float* y = worker.Row(step.out, RowKind::kSequences, s);
    const int64_t last = sequence.first + sequence.size - 1;
    const int64_t first = step.pool.kind == PoolKind::kLast ? last : sequence.first;
    std::copy_n(worker.Row(step.pooled, RowKind::kTokens, first), cols, y);
    if (step.pool.kind == PoolKind::kMean) {
      for (int64_t row = first + 1; row <= last; ++row) {
        kernels.add(y, worker.Row(step.pooled, RowKind::kTokens, row), y, cols);
      }
      kernels.scale(y, 1 / static_cast<float>(sequence.size), y, cols);
    }
    if (step.pool.normalise) kernels.scale(y, 1 / std::max(std::sqrt(kernels.dot(y, y, cols)), 1e-12F), y, cols);
  }
}

}  // namespace atelier
