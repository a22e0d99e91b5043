#include "compute/kernel/pack.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "compute/kernel/panel_sample.h"
#include "compute/quant/quant.h"

namespace atelier {
namespace {

class PackFormat : public testing::TestWithParam<const char*> {};

TEST_P(PackFormat, PanelHoldsExactlyTheNumbersOfTheFile) {
  constexpr uint64_t kSeed = 7;
  Random random(kSeed);
  const QuantFormat& format = *FindQuant(GetParam());
  for (const int64_t n : {1, 16, 35}) {
    const int64_t k = 3 * format.block_elements;
    const SampleMatrix w = MakeSampleMatrix(GetParam(), n, k, random);
    std::vector<float> want(static_cast<size_t>(n * k));
    for (int64_t r = 0; r < n; ++r) {
      format.dequantize(w.blocks.data() + r * w.row_bytes, want.data() + r * k, k);
    }
    for (int64_t p = 0; p < w.packed.num_panels(); ++p) {
      std::vector<float> got(static_cast<size_t>(kPanelRows * k));
      DequantizePanel(w.packed.layout, w.packed.panel(p), k, got.data());
      for (int64_t r = 0; r < kPanelRows; ++r) {
        for (int64_t i = 0; i < k; ++i) {
          const int64_t row = p * kPanelRows + r;
          const float expected = row < n ? want[static_cast<size_t>(row * k + i)] : 0.0f;
          ASSERT_EQ(got[static_cast<size_t>(r * k + i)], expected) << "row " << row << " column " << i;
        }
      }
    }
  }
}

TEST_P(PackFormat, PanelsStartOnCacheLines) {
  for (const int64_t k : {256, 768, 2048}) {
    EXPECT_EQ(PanelLayoutOf(*PanelKindOf(GetParam()), k).panel_bytes % 64, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackFormat,
                         testing::Values("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q5_K", "Q6_K"),
                         [](const auto& info) { return std::string(info.param); });

TEST(PanelKindOf, UnknownFormatHasNone) { EXPECT_FALSE(PanelKindOf("Q9_Z").has_value()); }

}  // namespace
}  // namespace atelier
