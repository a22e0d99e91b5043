#include "engine/plan/f32_weights.h"

#include <algorithm>
#include <new>

#include "compute/kernel/pack.h"

namespace atelier {
namespace {
constexpr std::align_val_t kPanelAlignment{64};
}  // namespace

void F32Weights::Free::operator()(std::byte* memory) const { ::operator delete(memory, kPanelAlignment); }

Result<PackedMatrix> F32Weights::Panels(const WeightRef& ref) {
  TRY(const std::vector<float> values, store_.ReadF32(ref));
  const PanelLayout layout = PanelLayoutOf(PanelKind::kF32, ref.cols);
  const auto size = static_cast<size_t>(NumPanels(ref.rows) * layout.panel_bytes);
  panels_.emplace_back(static_cast<std::byte*>(::operator new(size, kPanelAlignment)));
  std::byte* panels = panels_.back().get();
  const int64_t row_bytes = ref.cols * static_cast<int64_t>(sizeof(float));
  for (int64_t p = 0; p < NumPanels(ref.rows); ++p) {
    const auto* rows = reinterpret_cast<const std::byte*>(values.data() + p * kPanelRows * ref.cols);
    PackPanel("F32", rows, row_bytes, std::min<int64_t>(kPanelRows, ref.rows - p * kPanelRows), ref.cols,
              panels + p * layout.panel_bytes);
  }
  return PackedMatrix{.layout = layout, .n = ref.rows, .k = ref.cols, .data = panels};
}

Result<TableView> F32Weights::Table(const WeightRef& ref) {
  const auto [at, is_new] = tables_.try_emplace(ref.name);
  if (is_new) {
    TRY(at->second, store_.ReadF32(ref));
  }
  return TableView{&QuantOf(Quant::kF32), std::as_bytes(std::span<const float>(at->second))};
}

}  // namespace atelier
