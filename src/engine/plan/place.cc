#include "engine/plan/place.h"

#include <algorithm>
#include <vector>

#include "compute/kernel/matmul.h"

namespace atelier {
namespace {

int64_t BytesOf(const PlanValue& value, int64_t rows) {
  if (value.two_terms) rows *= 2;
  const int64_t bytes = value.quantized ? ActivationRows::BytesFor(rows, value.cols)
                                        : rows * value.cols * static_cast<int64_t>(sizeof(float));
  return (bytes + 63) / 64 * 64;
}

// Step indices between which a value is alive; first > last: never written.
struct Life {
  size_t first = 1;
  size_t last = 0;
};

std::vector<Life> LivesOf(const Program& program) {
  std::vector<Life> lives(program.values.size());
  std::vector<bool> written(program.values.size());
  for (size_t i = 0; i < program.steps.size(); ++i) {
    for (const ValueId value : WritesOf(program.steps[i])) {
      const auto at = static_cast<size_t>(value);
      if (!written[at]) lives[at].first = i;
      written[at] = true;
      lives[at].last = std::max(lives[at].last, i);
    }
    for (const ValueId value : ReadsOf(program.steps[i])) {
      lives[static_cast<size_t>(value)].last = std::max(lives[static_cast<size_t>(value)].last, i);
    }
  }
  lives[static_cast<size_t>(program.result)].last = program.steps.size();
  return lives;
}

// Largest values first, each at the lowest offset that is free for all of its life.
int64_t PlaceShared(Program& program, const RowLimits& limits) {
  const std::vector<Life> lives = LivesOf(program);
  struct Item {
    ValueId value;
    int64_t bytes;
  };
  std::vector<Item> items;
  for (size_t i = 0; i < program.values.size(); ++i) {
    const PlanValue& value = program.values[i];
    if (lives[i].first > lives[i].last) continue;
    items.push_back({static_cast<ValueId>(i), BytesOf(value, limits.Of(value.rows))});
  }
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.bytes > b.bytes; });
  std::vector<Item> placed;  // by offset
  int64_t arena_bytes = 0;
  for (const Item& item : items) {
    const Life life = lives[static_cast<size_t>(item.value)];
    int64_t offset = 0;
    for (const Item& other : placed) {
      const Life their = lives[static_cast<size_t>(other.value)];
      if (their.last < life.first || life.last < their.first) continue;
      const int64_t begin = program.value(other.value).offset;
      if (offset + item.bytes <= begin) break;
      offset = std::max(offset, begin + other.bytes);
    }
    program.value(item.value).offset = offset;
    arena_bytes = std::max(arena_bytes, offset + item.bytes);
    const auto at = std::find_if(placed.begin(), placed.end(),
                                 [&](const Item& other) { return program.value(other.value).offset > offset; });
    placed.insert(at, item);
  }
  return arena_bytes;
}

bool ReadOutside(const Program& program, ValueId value, size_t inside) {
  if (value == program.result) return true;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    if (i == inside) continue;
    const std::vector<ValueId> reads = ReadsOf(program.steps[i]);
    if (std::find(reads.begin(), reads.end(), value) != reads.end()) return true;
  }
  return false;
}

// The step's own bytes of thread memory.
int64_t PlaceLocal(Program& program, size_t index) {
  Step& step = program.steps[index];
  if (step.kind != StepKind::kMatMul || step.before.empty()) return 0;
  for (const RowOp& op : step.before) {
    if (ReadOutside(program, op.out, index)) return 0;
  }
  for (const RowOp& op : step.after) {  // `after` works on columns of rows that all threads see
    for (const RowOp& made : step.before) {
      if (std::find(op.in.begin(), op.in.end(), made.out) != op.in.end()) return 0;
    }
  }
  step.before_is_local = true;
  int64_t bytes = 0;
  for (const RowOp& op : step.before) {
    PlanValue& value = program.value(op.out);
    value.local_offset = bytes;
    bytes += BytesOf(value, kLocalRows);
  }
  return bytes;
}

}  // namespace

Placement Place(Program& program, const RowLimits& limits) {
  Placement placement;
  placement.arena_bytes = PlaceShared(program, limits);
  for (size_t i = 0; i < program.steps.size(); ++i) {
    placement.local_bytes = std::max(placement.local_bytes, PlaceLocal(program, i));
  }
  return placement;
}

}  // namespace atelier
