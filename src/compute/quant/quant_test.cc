#include "compute/quant/quant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/tree_testing.h"

namespace atelier {
namespace {

using testing::HasSubstr;

struct Golden {
  std::vector<std::byte> blocks;
  std::vector<uint32_t> bits;
};

Golden ReadGolden(const QuantFormat& format) {
  const std::string path = SourcePath("/tests/golden/compute_quant/") + std::string(format.name) + ".golden";
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  Golden golden;
  uint32_t num_blocks = 0;
  if (content.size() < 4) return golden;
  std::memcpy(&num_blocks, content.data(), 4);
  golden.blocks.resize(num_blocks * static_cast<size_t>(format.block_bytes));
  golden.bits.resize(num_blocks * static_cast<size_t>(format.block_elements));
  EXPECT_EQ(content.size(), 4 + golden.blocks.size() + 4 * golden.bits.size()) << path;
  std::memcpy(golden.blocks.data(), content.data() + 4, golden.blocks.size());
  std::memcpy(golden.bits.data(), content.data() + 4 + golden.blocks.size(), 4 * golden.bits.size());
  return golden;
}

bool SameBits(uint32_t got, uint32_t want) {
  const bool both_nan = std::isnan(std::bit_cast<float>(got)) && std::isnan(std::bit_cast<float>(want));
  return got == want || both_nan;
}

TEST(Quant, DequantisesBitForBitAsGgufDoes) {
  int num_formats = 0;
  for (const QuantFormat& format : QuantFormats()) {
    if (!format.can_dequantize()) continue;
    ++num_formats;
    SCOPED_TRACE(std::string(format.name));
    const Golden golden = ReadGolden(format);
    ASSERT_GT(golden.bits.size(), 500u);
    std::vector<float> got(golden.bits.size());
    ASSERT_TRUE(Dequantize(format, golden.blocks, got).ok());
    int finite = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      finite += std::isfinite(got[i]);
      ASSERT_TRUE(SameBits(std::bit_cast<uint32_t>(got[i]), golden.bits[i]))
          << "element " << i << ": got " << got[i] << ", want " << std::bit_cast<float>(golden.bits[i]);
    }
    EXPECT_GT(finite, 300);
    EXPECT_LT(finite, static_cast<int>(got.size())) << "the golden blocks hold no extremes";
  }
  EXPECT_EQ(num_formats, 13);
}

TEST(Quant, ReadsBlocksAtAnyAlignment) {
  const QuantFormat& format = QuantOf(Quant::kQ6_K);
  const Golden golden = ReadGolden(format);
  std::vector<std::byte> shifted(golden.blocks.size() + 1);
  std::copy(golden.blocks.begin(), golden.blocks.end(), shifted.begin() + 1);
  std::vector<float> got(golden.bits.size());
  format.dequantize(shifted.data() + 1, got.data(), static_cast<int64_t>(got.size()));
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(SameBits(std::bit_cast<uint32_t>(got[i]), golden.bits[i]));
  }
}

TEST(Quant, EveryHalfConvertsToTheNumberItIs) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float got = F16ToF32(static_cast<uint16_t>(bits));
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(got), mantissa != 0);
      EXPECT_EQ(std::isinf(got), mantissa == 0);
    } else {
      EXPECT_EQ(std::abs(static_cast<double>(got)), magnitude);
    }
    EXPECT_EQ(std::signbit(got), (bits & 0x8000) != 0);
  }
}

TEST(Quant, TableIsSortedAndFindsEveryRowByIdAndByName) {
  std::set<std::string_view> names;
  uint32_t last = 0;
  for (const QuantFormat& format : QuantFormats()) {
    EXPECT_TRUE(names.insert(format.name).second);
    EXPECT_GE(static_cast<uint32_t>(format.id), last);
    last = static_cast<uint32_t>(format.id);
    EXPECT_EQ(FindQuant(last), &format);
    EXPECT_EQ(FindQuant(format.name), &format);
    EXPECT_EQ(&QuantOf(format.id), &format);
  }
  EXPECT_EQ(FindQuant(4u), nullptr);
  EXPECT_EQ(FindQuant(99999u), nullptr);
  EXPECT_EQ(FindQuant("Q9_Z"), nullptr);
}

TEST(Quant, FormatWithoutDequantiserIsNamedInTheError) {
  const QuantFormat& format = QuantOf(Quant::kIQ2_XXS);
  std::vector<std::byte> block(66);
  std::vector<float> out(256);
  const auto result = Dequantize(format, block, out);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(result.error().Message(), "format IQ2_XXS is not supported yet");
}

TEST(Quant, SizesRefuseOverflowNegativeAndBrokenRows) {
  const QuantFormat& q4 = QuantOf(Quant::kQ4_0);
  EXPECT_EQ(TensorBytes(q4, std::vector<int64_t>{3, 64}).value(), 3 * 2 * 18);
  EXPECT_EQ(TensorBytes(QuantOf(Quant::kF32), std::vector<int64_t>{}).value(), 4);
  EXPECT_EQ(TensorBytes(q4, std::vector<int64_t>{0, 64}).value(), 0);
  EXPECT_THAT(TensorBytes(q4, std::vector<int64_t>{3, 65}).error().Message(), HasSubstr("multiple of 32"));
  EXPECT_FALSE(TensorBytes(q4, std::vector<int64_t>{-1, 64}).ok());
  EXPECT_FALSE(TensorBytes(q4, std::vector<int64_t>{int64_t{1} << 40, int64_t{1} << 40}).ok());
  EXPECT_FALSE(TensorBytes(QuantOf(Quant::kF64), std::vector<int64_t>{int64_t{1} << 61}).ok());
  EXPECT_FALSE(NumElements(std::vector<int64_t>{0, -1}).has_value());
}

}  // namespace
}  // namespace atelier
