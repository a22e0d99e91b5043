#include "compute/kernel/matmul.h"

#include "base/check.h"
#include "compute/kernel/matmul_versions.h"

namespace atelier {

namespace {

constexpr int64_t kPlaneAlignment = 64;

int64_t Aligned(int64_t bytes) { return (bytes + kPlaneAlignment - 1) / kPlaneAlignment * kPlaneAlignment; }

}  // namespace

int64_t ActivationRows::BytesFor(int64_t rows, int64_t k) {
  const int64_t groups = rows * NumGroups(k);
  return Aligned(groups * kGroupSize) + 2 * Aligned(groups * 4) + Aligned(groups * 8);
}

ActivationRows ActivationRows::Over(std::byte* memory, int64_t rows, int64_t k) {
  CHECK(rows >= 0 && k > 0 && reinterpret_cast<uintptr_t>(memory) % kPlaneAlignment == 0);
  ActivationRows view{.num_rows = rows, .k = k, .num_groups = NumGroups(k)};
  const int64_t groups = rows * view.num_groups;
  view.values = reinterpret_cast<int8_t*>(memory);
  memory += Aligned(groups * kGroupSize);
  view.scales = reinterpret_cast<float*>(memory);
  memory += Aligned(groups * 4);
  view.scaled_sums = reinterpret_cast<float*>(memory);
  memory += Aligned(groups * 4);
  view.neg_sums = reinterpret_cast<int32_t*>(memory);
  return view;
}

ActivationRows ActivationRows::Slice(int64_t begin, int64_t count) const {
  CHECK(begin >= 0 && count >= 0 && begin + count <= num_rows);
  ActivationRows view = *this;
  view.num_rows = count;
  view.values += begin * num_groups * kGroupSize;
  view.scales += begin * num_groups;
  view.scaled_sums += begin * num_groups;
  view.neg_sums += begin * num_groups * 2;
  return view;
}

PanelRange PanelShare(int64_t num_panels, int thread, int num_threads) {
  CHECK(thread >= 0 && thread < num_threads);
  const int64_t pairs = (num_panels + 1) / 2;
  const auto edge = [&](int64_t index) { return std::min(num_panels, 2 * (pairs * index / num_threads)); };
  return {edge(thread), edge(thread + 1)};
}

const MatMulKernels& MatMulKernelsFor(Isa isa) {
  CHECK(Supports(isa));
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2: return avx2::kMatMulKernels;
    case Isa::kAvx512: return avx512::kMatMulKernels;
#endif
    default: return plain::kMatMulKernels;
  }
}

}  // namespace atelier
