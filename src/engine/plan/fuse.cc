#include "engine/plan/fuse.h"

#include <algorithm>

namespace atelier {
namespace {

bool Contains(const std::vector<ValueId>& values, ValueId value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// The step that writes `value`, or steps.size().
size_t WriterOf(const Program& program, ValueId value) {
  for (size_t i = 0; i < program.steps.size(); ++i) {
    if (Contains(WritesOf(program.steps[i]), value)) return i;
  }
  return program.steps.size();
}

// True if fits(step) for every step other than `except` that reads `value`, and nobody outside reads it.
template <class Fits>
bool AllReaders(const Program& program, ValueId value, size_t except, Fits fits) {
  if (value == program.result) return false;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    if (i != except && Contains(ReadsOf(program.steps[i]), value) && !fits(program.steps[i])) return false;
  }
  return true;
}

void Erase(Program& program, size_t at) { program.steps.erase(program.steps.begin() + static_cast<int64_t>(at)); }

bool IsElementwise(RowOpKind kind) {
  return kind == RowOpKind::kAdd || kind == RowOpKind::kMul || kind == RowOpKind::kScale || kind == RowOpKind::kCap ||
         kind == RowOpKind::kActivate || kind == RowOpKind::kGate;
}

// True if the op may read the rows of tokens that outputs name, instead of all.
bool MayGather(const RowOp& op) {
  return IsElementwise(op.kind) || op.kind == RowOpKind::kNorm || op.kind == RowOpKind::kSplit ||
         op.kind == RowOpKind::kConcat || op.kind == RowOpKind::kQuantize;
}

bool IsSingle(const Step& step) { return step.kind == StepKind::kRows && step.before.size() == 1; }

// True if nothing but steps over output rows reads what the step makes.
bool OnlyOutputsRead(const Program& program, const Step& step) {
  for (const ValueId value : WritesOf(step)) {
    const bool only = AllReaders(program, value, program.steps.size(), [&](const Step& reader) {
      return &reader == &step || reader.rows == RowKind::kOutputs;
    });
    if (!only) return false;
  }
  return true;
}

// Tokens whose logits nobody wants need not pass what only logits read: the last layer after its attention.
bool OnlyWantedRows(Program& program, size_t at) {
  Step& step = program.steps[at];
  if (step.rows != RowKind::kTokens || (step.kind != StepKind::kRows && step.kind != StepKind::kMatMul)) return false;
  if (!OnlyOutputsRead(program, step)) return false;
  if (!std::all_of(step.before.begin(), step.before.end(), MayGather)) return false;
  for (const Product& product : step.products) {  // x must be what this rule will reach next
    const size_t writer = WriterOf(program, product.x);
    if (writer >= at || !IsSingle(program.steps[writer]) || !MayGather(program.steps[writer].before[0])) return false;
    const auto follows = [&](const Step& reader) {  // gate and up share x: both are over outputs, or both will be
      return reader.rows == RowKind::kOutputs || (reader.kind == StepKind::kMatMul && OnlyOutputsRead(program, reader));
    };
    if (!AllReaders(program, product.x, at, follows)) return false;
  }
  step.rows = RowKind::kOutputs;
  for (const ValueId value : WritesOf(step)) program.value(value).rows = RowKind::kOutputs;
  return true;
}

// Norms and turns of single heads join the attention that alone reads them.
bool HeadOps(Program& program, size_t at) {
  if (program.steps[at].kind != StepKind::kAttention) return false;
  const AttentionSpec spec = program.steps[at].attention;
  const auto take = [&](ValueId Step::* input, int64_t heads) {
    const ValueId value = program.steps[at].*input;
    const size_t writer = WriterOf(program, value);
    if (writer >= at || !IsSingle(program.steps[writer])) return false;
    const RowOp op = program.steps[writer].before[0];
    if ((op.kind != RowOpKind::kNorm && op.kind != RowOpKind::kRope) || op.heads != heads) return false;
    if (!AllReaders(program, value, at, [](const Step&) { return false; })) return false;
    program.steps[at].*input = op.in[0];
    program.steps[at].before.insert(program.steps[at].before.begin(), op);
    Erase(program, writer);
    at -= 1;
    return true;
  };
  const bool took_q = take(&Step::q, spec.heads);
  const bool took_k = take(&Step::k, spec.kv_heads);
  return took_q || took_k;
}

// Products of one input (queries, keys, values; gate and up) run side by side.
bool ShareInput(Program& program, size_t at) {
  const Step& step = program.steps[at];
  if (step.kind != StepKind::kMatMul) return false;
  for (size_t i = at; i-- > 0;) {
    Step& earlier = program.steps[i];
    if (earlier.kind != StepKind::kMatMul || earlier.rows != step.rows) continue;
    if (earlier.products[0].x != step.products[0].x) continue;
    earlier.products.insert(earlier.products.end(), step.products.begin(), step.products.end());
    earlier.after.insert(earlier.after.end(), step.after.begin(), step.after.end());
    earlier.name += ", " + step.name;
    Erase(program, at);
    return true;
  }
  return false;
}

// The last step that writes one of the op's inputs, or steps.size().
size_t LastWriter(const Program& program, const RowOp& op) {
  size_t last = program.steps.size();
  for (const ValueId in : op.in) {
    const size_t writer = WriterOf(program, in);
    if (writer < program.steps.size() && (last == program.steps.size() || writer > last)) last = writer;
  }
  return last;
}

// What works element by element joins the product that makes its input: residual sums, SwiGLU, GELU.
bool Epilogue(Program& program, size_t at) {
  const Step& step = program.steps[at];
  if (!IsSingle(step) || !IsElementwise(step.before[0].kind)) return false;
  const size_t i = LastWriter(program, step.before[0]);
  if (i >= at) return false;
  Step& product = program.steps[i];
  if (product.kind != StepKind::kMatMul || product.rows != step.rows) return false;
  product.after.push_back(step.before[0]);
  Erase(program, at);
  return true;
}

// Quantising joins the step that makes the values, where each thread makes whole groups of 32 columns.
bool QuantizeTail(Program& program, size_t at) {
  const Step& step = program.steps[at];
  if (!IsSingle(step) || step.before[0].kind != RowOpKind::kQuantize) return false;
  const ValueId x = step.before[0].in[0];
  const size_t i = WriterOf(program, x);
  if (i >= at || program.steps[i].rows != step.rows) return false;
  Step& maker = program.steps[i];
  const AttentionSpec& spec = maker.attention;
  const bool by_heads =
      maker.kind == StepKind::kAttention && spec.heads / spec.kv_heads * spec.head_dim % kGroupSize == 0;
  if (maker.kind != StepKind::kMatMul && !by_heads) return false;
  if (maker.kind == StepKind::kMatMul &&
      std::any_of(maker.before.begin(), maker.before.end(), [&](const RowOp& op) { return op.out == x; })) {
    return false;
  }
  maker.after.push_back(step.before[0]);
  Erase(program, at);
  return true;
}

// Row ops one after another need no barrier between them.
bool JoinRows(Program& program, size_t at) {
  if (at == 0) return false;
  const Step& step = program.steps[at];
  Step& previous = program.steps[at - 1];
  if (step.kind != StepKind::kRows || previous.kind != StepKind::kRows || step.rows != previous.rows) return false;
  previous.before.insert(previous.before.end(), step.before.begin(), step.before.end());
  Erase(program, at);
  return true;
}

// Row ops join the product after them: norm and quantise before the matrices that read them.
bool Prologue(Program& program, size_t at) {
  if (at == 0) return false;
  Step& step = program.steps[at];
  const Step& previous = program.steps[at - 1];
  if (step.kind != StepKind::kMatMul || previous.kind != StepKind::kRows || step.rows != previous.rows) return false;
  step.before.insert(step.before.begin(), previous.before.begin(), previous.before.end());
  Erase(program, at - 1);
  return true;
}

constexpr FuseRule kRules[] = {
    {"only wanted rows", OnlyWantedRows}, {"head ops", HeadOps},   {"share input", ShareInput}, {"epilogue", Epilogue},
    {"quantize tail", QuantizeTail},      {"join rows", JoinRows}, {"prologue", Prologue},
};

}  // namespace

std::span<const FuseRule> FuseRules() { return kRules; }

void Fuse(Program& program, size_t num_rules) {
  for (const FuseRule& rule : FuseRules().first(num_rules)) {
    bool changed = true;
    while (changed) {
      changed = false;
      for (size_t at = program.steps.size(); at-- > 0;) {
        if (at < program.steps.size() && rule.apply(program, at)) changed = true;
      }
    }
  }
}

}  // namespace atelier
