#include "engine/plan/plan.h"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "base/check.h"
#include "engine/plan/batch.h"
#include "engine/plan/build_steps.h"
#include "engine/plan/fuse.h"
#include "engine/plan/place.h"
#include "engine/plan/worker.h"

namespace atelier {
namespace {

static_assert(kKvBlockPositions == kBlockPositions);

constexpr size_t kHugePage = 2 << 20;

// Memory on huge-page boundaries, touched on first use.
class Memory {
 public:
  Memory() = default;
  explicit Memory(int64_t bytes) : bytes_(static_cast<size_t>(bytes)) {
    data_ = static_cast<std::byte*>(::operator new(bytes_, std::align_val_t{kHugePage}));
    madvise(data_, bytes_, MADV_HUGEPAGE);
  }
  Memory(Memory&& other) noexcept : bytes_(other.bytes_), data_(std::exchange(other.data_, nullptr)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Memory() { ::operator delete(data_, std::align_val_t{kHugePage}); }
  std::byte* data() const { return data_; }
  int64_t size() const { return static_cast<int64_t>(bytes_); }

 private:
  size_t bytes_ = 0;
  std::byte* data_ = nullptr;
};

int64_t RoundUp(int64_t n) { return (n + 63) / 64 * 64; }

std::vector<SlotPlace> PlaceSlots(const Program& program, CacheType type, int64_t& block_bytes) {
  std::vector<SlotPlace> slots;
  block_bytes = 0;
  for (const CacheSlot& slot : program.slots) {
    const KvHeadLayout layout = MakeKvHeadLayout(type, static_cast<int>(slot.head_dim));
    slots.push_back({.layout = layout, .offset = block_bytes});
    block_bytes += slot.kv_heads * layout.bytes;
  }
  return slots;
}

// Of the blocks in which encoders keep K and V for the length of one step.
int64_t EncoderBytes(const Program& program, int64_t num_blocks) {
  int64_t bytes = 0;
  for (const Step& step : program.steps) {
    if (step.kind != StepKind::kAttention || step.attention.slot != kNoSlot) continue;
    const KvHeadLayout layout = MakeKvHeadLayout(CacheType::kF32, static_cast<int>(step.attention.head_dim));
    bytes = std::max(bytes, num_blocks * step.attention.kv_heads * layout.bytes);
  }
  return bytes;
}

int64_t AttentionScratchBytes(const Program& program, CacheType type, int64_t tile_rows) {
  int64_t floats = 0;
  for (const Step& step : program.steps) {
    if (step.kind != StepKind::kAttention) continue;
    const AttentionSpec& spec = step.attention;
    const KvHeadLayout layout = MakeKvHeadLayout(type, static_cast<int>(spec.head_dim));
    floats = std::max(floats, AttendScratchFloats(layout, static_cast<int>(tile_rows * spec.heads / spec.kv_heads)));
  }
  return RoundUp(floats * static_cast<int64_t>(sizeof(float)));
}

int64_t TermScratchBytes(const Program& program, const RowLimits& limits) {
  int64_t floats = 0;
  for (const Step& step : program.steps) {
    for (const Product& product : step.products) {
      if (product.two_terms) floats = std::max(floats, TermScratchFloats(limits.Of(step.rows)));
    }
  }
  return RoundUp(floats * static_cast<int64_t>(sizeof(float)));
}

Result<void> CheckAttention(const Program& program) {
  for (const Step& step : program.steps) {
    if (step.kind == StepKind::kAttention && step.attention.head_dim > 1024) {
      return Error::Unsupported("Attention",
                                "got head size " + std::to_string(step.attention.head_dim) + ", want at most 1024");
    }
  }
  return {};
}

constexpr const char* kKindNames[] = {"Rows", "MatMul", "Attention", "Pool"};

std::vector<StepProfile> EmptyProfile(const Program& program) {
  std::vector<StepProfile> profile;
  for (const Step& step : program.steps) {
    StepProfile row{.name = step.name, .kind = kKindNames[static_cast<int>(step.kind)]};
    for (const Product& product : step.products) {
      row.weight_bytes += product.weight.bytes();
      row.ops_per_row += 2 * product.weight.n * product.weight.k;
    }
    profile.push_back(std::move(row));
  }
  return profile;
}

}  // namespace

struct Plan::State {
  PlanOptions options;
  Program program;
  RunState run;
  int64_t block_bytes = 0;
  int64_t tile_rows = 0;
  int64_t local_bytes = 0;      // of one thread: values, attention scratch, product scratch
  int64_t attention_bytes = 0;  // of it
  int64_t term_bytes = 0;       // of it
  Memory arena;
  Memory threads;
  Memory angles;
  Memory encoder;
  bool profiling = false;
  std::vector<StepProfile> profile;

  void Allocate();
  void RunStep(Worker& worker, size_t index);
  void RunAll(int thread, int num_threads, Gang& gang);
};

void Plan::State::Allocate() {
  const RowLimits limits{options.max_rows, options.max_outputs, options.max_sequences};
  const Placement placement = Place(program, limits);
  arena = Memory(std::max<int64_t>(64, placement.arena_bytes));
  tile_rows = AttentionTileRows(program);
  attention_bytes = AttentionScratchBytes(program, options.cache_type, tile_rows);
  term_bytes = TermScratchBytes(program, limits);
  local_bytes = RoundUp(placement.local_bytes) + term_bytes + attention_bytes + kMatMulScratchBytes;
  threads = Memory(local_bytes * options.max_threads);
  const int64_t num_blocks = options.max_rows / kKvBlockPositions + options.max_sequences + 1;
  encoder = Memory(std::max<int64_t>(64, EncoderBytes(program, num_blocks)));
  angles = Memory(std::max<int64_t>(64, AngleFloats(program) * options.max_rows * 4));

  run.program = &program;
  run.arena = arena.data();
  run.encoder_blocks = encoder.data();
  for (int32_t i = 0; i < num_blocks; ++i) run.encoder_table.push_back(i);
  auto* next = reinterpret_cast<float*>(angles.data());
  for (const RopeSpec& rope : program.ropes) {
    run.angles.push_back(next);
    next += 2 * static_cast<int64_t>(rope.inv_freq.size()) * options.max_rows;
  }
  run.slots = PlaceSlots(program, options.cache_type, block_bytes);
  run.matmul = &MatMulKernelsFor(options.isa);
  run.vector = &VectorKernelsFor(options.isa);
  run.attention = &AttentionKernelsFor(options.isa);
  run.claimed = std::vector<std::atomic<int32_t>>(program.steps.size());
  profile = EmptyProfile(program);
}

void Plan::State::RunStep(Worker& worker, size_t index) {
  const Step& step = program.steps[index];
  switch (step.kind) {
    case StepKind::kMatMul: return RunMatMulStep(worker, step);
    case StepKind::kAttention: return RunAttentionStep(worker, step, index);
    case StepKind::kPool: return RunPoolStep(worker, step);
    case StepKind::kRows: break;
  }
  const int64_t num_rows = run.rows_of(step.rows);
  for (int64_t row = worker.ShareBegin(num_rows); row < worker.ShareEnd(num_rows); ++row) {
    for (const RowOp& op : step.before) RunRowOp(worker, op, step.rows, row);
  }
}

void Plan::State::RunAll(int thread, int num_threads, Gang& gang) {
  using Clock = std::chrono::steady_clock;
  std::byte* local = threads.data() + thread * local_bytes;
  std::byte* scratch = local + local_bytes - kMatMulScratchBytes;
  Worker worker{.run = run,
                .gang = gang,
                .thread = thread,
                .num_threads = num_threads,
                .local = local,
                .attention_scratch = reinterpret_cast<float*>(scratch - attention_bytes),
                .matmul_scratch = scratch,
                .term_scratch = reinterpret_cast<float*>(scratch - attention_bytes - term_bytes)};
  MakeAngles(worker);
  gang.Barrier();
  const bool timed = profiling && thread == 0;
  Clock::time_point before = timed ? Clock::now() : Clock::time_point();
  for (size_t i = 0; i < program.steps.size(); ++i) {
    if (run.rows_of(program.steps[i].rows) == 0) continue;
    RunStep(worker, i);
    gang.Barrier();
    if (!timed) continue;
    const Clock::time_point now = Clock::now();
    profile[i].seconds += std::chrono::duration<double>(now - before).count();
    ++profile[i].num_runs;
    before = now;
  }
}

Plan::Plan(std::unique_ptr<State> state) : state_(std::move(state)) {}
Plan::~Plan() = default;

Result<std::unique_ptr<Plan>> Plan::Create(const Graph& graph, PlanWeights& weights, const PlanOptions& options) {
  CHECK(options.max_rows > 0 && options.max_outputs >= 0 && options.max_sequences > 0 && options.max_threads > 0);
  auto state = std::make_unique<State>();
  state->options = options;
  TRY(state->program, BuildSteps(graph, weights));
  TRY_VOID(CheckAttention(state->program));
  if (options.two_terms) UseTwoTerms(state->program);
  if (options.fuse) Fuse(state->program, std::min(options.num_fuse_rules, FuseRules().size()));
  state->Allocate();
  return std::unique_ptr<Plan>(new Plan(std::move(state)));
}

Result<PlanOutputs> Plan::Run(const Rows& rows, const CacheView& cache, Gang& gang) {
  State& state = *state_;
  CHECK(gang.num_threads() <= state.options.max_threads);
  TRY_VOID(CheckBatch(state.program, state.options, state.block_bytes, rows, cache));
  LayOutBatch(rows, state.tile_rows, state.run);
  state.run.cache = &cache;
  gang.Run([&](int thread, int num_threads) { state.RunAll(thread, num_threads, gang); });
  const PlanValue& result = state.program.value(state.program.result);
  PlanOutputs outputs;
  outputs.rows = state.run.rows_of(result.rows);
  outputs.cols = result.cols;
  outputs.values = {reinterpret_cast<float*>(state.run.arena + result.offset),
                    static_cast<size_t>(outputs.rows * outputs.cols)};
  // Alive until the last step, so nothing has overwritten it.
  if (const Step& last = state.program.steps.back(); last.kind == StepKind::kPool && last.out == state.program.result) {
    const PlanValue& pooled = state.program.value(last.pooled);
    outputs.pooled = {reinterpret_cast<float*>(state.run.arena + pooled.offset),
                      static_cast<size_t>(state.run.rows_of(RowKind::kTokens) * pooled.cols)};
  }
  return outputs;
}

int64_t Plan::block_bytes() const { return state_->block_bytes; }
int64_t Plan::buffer_bytes() const {
  return state_->arena.size() + state_->threads.size() + state_->angles.size() + state_->encoder.size();
}
void Plan::SetProfiling(bool on) {
  state_->profiling = on;
  if (on) state_->profile = EmptyProfile(state_->program);
}
const std::vector<StepProfile>& Plan::profile() const { return state_->profile; }
std::string Plan::ToText() const { return atelier::ToText(state_->program); }

}  // namespace atelier
