#include "engine/plan/step.h"

#include <cstdio>

namespace atelier {
namespace {

constexpr const char* kOpNames[] = {"Embed", "Norm", "Add",   "Mul",    "Scale", "Cap",     "Activate",
                                    "Gate",  "Bias", "Split", "Concat", "Rope",  "Quantize"};
constexpr const char* kStepNames[] = {"Rows", "MatMul", "Attention", "Pool"};

std::string Text(const RowOp& op) {
  std::string text = std::string(" ") + kOpNames[static_cast<int>(op.kind)] + "(";
  for (const ValueId in : op.in) text += std::to_string(in) + " ";
  return text + "-> " + std::to_string(op.out) + ")";
}

}  // namespace

std::vector<ValueId> ReadsOf(const Step& step) {
  std::vector<ValueId> reads;
  const auto take = [&](const std::vector<RowOp>& ops) {
    for (const RowOp& op : ops) reads.insert(reads.end(), op.in.begin(), op.in.end());
  };
  take(step.before);
  take(step.after);
  for (const Product& product : step.products) reads.push_back(product.x);
  if (step.kind == StepKind::kAttention)
    reads.insert(reads.end(), {step.q, step.k, step.v, step.turned_q, step.turned_k});
  if (step.kind == StepKind::kPool) reads.push_back(step.pooled);
  return reads;
}

std::vector<ValueId> WritesOf(const Step& step) {
  std::vector<ValueId> writes;
  for (const RowOp& op : step.before) writes.push_back(op.out);
  for (const RowOp& op : step.after) writes.push_back(op.out);
  for (const Product& product : step.products) writes.push_back(product.y);
  if (step.out != kNowhere) writes.push_back(step.out);
  return writes;
}

std::string ToText(const Program& program) {
  std::string text;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    text += std::to_string(i) + " " + kStepNames[static_cast<int>(step.kind)] + " " + step.name + ":";
    for (const RowOp& op : step.before) text += Text(op);
    if (!step.before.empty() && step.before_is_local) text += " local";
    for (const Product& product : step.products) {
      text += " Multiply(" + std::to_string(product.x) + " -> " + std::to_string(product.y) + ")";
    }
    if (step.kind == StepKind::kAttention) {
      text += " Attend(" + std::to_string(step.turned_q) + " " + std::to_string(step.turned_k) + " " +
              std::to_string(step.v) + " -> " + std::to_string(step.out) + ")";
    }
    if (step.kind == StepKind::kPool) {
      text += " Pool(" + std::to_string(step.pooled) + " -> " + std::to_string(step.out) + ")";
    }
    for (const RowOp& op : step.after) text += Text(op);
    text += "\n";
  }
  return text;
}

}  // namespace atelier
