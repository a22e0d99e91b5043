#include "engine/plan/stored_weights.h"

namespace atelier {
namespace {

Error Missing() { return Error::NotFound("", "got no such weight"); }

}  // namespace

Result<PackedMatrix> StoredWeights::Panels(const WeightRef& weight) {
  const Tensor* tensor = weights_.Find(weight.name);
  if (tensor == nullptr) return Missing();
  return panels_.Panels(*tensor);
}

Result<TableView> StoredWeights::Table(const WeightRef& weight) {
  const Tensor* tensor = weights_.Find(weight.name);
  if (tensor == nullptr) return Missing();
  if (tensor->rows() != weight.rows || tensor->columns() != weight.cols) {
    return Error::Invalid("", "got a table " + tensor->ShapeText() + ", want [" + std::to_string(weight.rows) + ", " +
                                  std::to_string(weight.cols) + "]");
  }
  if (!tensor->format->can_dequantize()) {
    return Error::Unsupported("", "got format " + std::string(tensor->format->name));
  }
  if (!tensor->transposed) return TableView{tensor->format, tensor->bytes};
  TRY(std::vector<float> table, weights_.ReadF32(weight));
  turned_tables_.push_back(std::move(table));
  return TableView{&QuantOf(Quant::kF32), std::as_bytes(std::span<const float>(turned_tables_.back()))};
}

Result<std::vector<float>> StoredWeights::Floats(const WeightRef& weight) { return weights_.ReadF32(weight); }

}  // namespace atelier
