// Each verb against its definition in double, on random numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "base/random.h"
#include "graph/verb/activate.h"
#include "graph/verb/attention.h"
#include "graph/verb/columns.h"
#include "graph/verb/elementwise.h"
#include "graph/verb/embed.h"
#include "graph/verb/linear.h"
#include "graph/verb/norm.h"
#include "graph/verb/pool.h"
#include "graph/verb/rope.h"

namespace atelier {
namespace {

std::vector<float> RandomFloats(int64_t n, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

Shape Tokens(int64_t cols) { return {RowKind::kTokens, cols}; }

TEST(Embed, TakesTheRowsThatAreNamed) {
  const std::vector<float> table = {0, 1, 10, 11, 20, 21};
  const std::vector<int32_t> token = {2, 0};
  std::vector<float> y(4);
  ASSERT_TRUE(EmbedForward({EmbedIndex::kToken, 3, 2}, {table.data(), 3, 2}, token, {y.data(), 2, 2}).ok());
  EXPECT_THAT(y, testing::ElementsAre(20, 21, 0, 1));
}

TEST(Embed, NamesTheRowWhoseTokenIsNotInTheTable) {
  const std::vector<float> table(6);
  std::vector<float> y(4);
  for (const int32_t bad : {3, -1}) {
    const std::vector<int32_t> token = {0, bad};
    const auto done = EmbedForward({EmbedIndex::kToken, 3, 2}, {table.data(), 3, 2}, token, {y.data(), 2, 2});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().Message(), "rows.token[1]: got " + std::to_string(bad) + ", want 0 to 2");
  }
}

TEST(Linear, IsTheProductWhateverTheSizes) {
  for (const auto& [rows, in, out] : {std::array<int64_t, 3>{1, 1, 1}, {5, 70, 17}, {4, 64, 16}, {9, 131, 33}}) {
    const std::vector<float> x = RandomFloats(rows * in, 1);
    const std::vector<float> w = RandomFloats(out * in, 2);
    const std::vector<float> bias = RandomFloats(out, 3);
    std::vector<float> y(static_cast<size_t>(rows * out));
    LinearForward(PackLinear({w.data(), out, in}), bias, {x.data(), rows, in}, {y.data(), rows, out});
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t o = 0; o < out; ++o) {
        double sum = bias[static_cast<size_t>(o)];
        for (int64_t k = 0; k < in; ++k)
          sum += static_cast<double>(x[static_cast<size_t>(r * in + k)]) * w[static_cast<size_t>(o * in + k)];
        EXPECT_NEAR(y[static_cast<size_t>(r * out + o)], sum, 1e-5 * std::sqrt(static_cast<double>(in)));
      }
    }
  }
}

TEST(Linear, ARowHasTheSameBitsAloneAndAmongOthers) {
  const int64_t rows = 7, in = 200, out = 40;
  const std::vector<float> x = RandomFloats(rows * in, 4);
  const std::vector<float> w = RandomFloats(out * in, 5);
  const LinearWeight packed = PackLinear({w.data(), out, in});
  std::vector<float> together(static_cast<size_t>(rows * out));
  std::vector<float> alone(together.size());
  LinearForward(packed, {}, {x.data(), rows, in}, {together.data(), rows, out});
  for (int64_t r = 0; r < rows; ++r)
    LinearForward(packed, {}, {x.data() + r * in, 1, in}, {alone.data() + r * out, 1, out});
  EXPECT_EQ(together, alone);
}

TEST(Norm, IsItsDefinitionForEachHead) {
  for (const NormKind kind : {NormKind::kRms, NormKind::kLayer}) {
    const int64_t heads = 3, n = 37;
    const std::vector<float> x = RandomFloats(heads * n, 6);
    const std::vector<float> weight = RandomFloats(n, 7);
    const std::vector<float> bias = RandomFloats(n, 8);
    std::vector<float> y(x.size());
    const NormSpec spec{kind, 1e-3F, heads, true, true};
    NormForward(spec, weight, bias, {x.data(), 1, heads * n}, {y.data(), 1, heads * n});
    for (int64_t h = 0; h < heads; ++h) {
      const float* row = x.data() + h * n;
      double mean = 0, square = 0;
      for (int64_t i = 0; i < n && kind == NormKind::kLayer; ++i) mean += row[i] / static_cast<double>(n);
      for (int64_t i = 0; i < n; ++i) square += (row[i] - mean) * (row[i] - mean) / static_cast<double>(n);
      for (int64_t i = 0; i < n; ++i) {
        const double want =
            (row[i] - mean) / std::sqrt(square + static_cast<double>(1e-3F)) * weight[static_cast<size_t>(i)] +
            bias[static_cast<size_t>(i)];
        EXPECT_NEAR(y[static_cast<size_t>(h * n + i)], want, 2e-6);
      }
    }
  }
}

TEST(Norm, OfZerosIsZero) {
  const std::vector<float> x(8);
  std::vector<float> y(8, 1);
  NormForward({NormKind::kRms, 1e-5F, 1, false, false}, {}, {}, {x.data(), 1, 8}, {y.data(), 1, 8});
  EXPECT_THAT(y, testing::Each(0.0F));
}

TEST(Activate, IsItsFormula) {
  for (const float x : {-30.0F, -3.0F, -0.5F, 0.0F, 0.25F, 4.0F, 90.0F}) {
    const double v = x;
    EXPECT_FLOAT_EQ(ActivateOne(Activation::kSilu, x), static_cast<float>(v / (1 + std::exp(-v))));
    EXPECT_FLOAT_EQ(ActivateOne(Activation::kGelu, x),
                    static_cast<float>(v * 0.5 * (1 + std::erf(v / std::sqrt(2.0)))));
    EXPECT_FLOAT_EQ(ActivateOne(Activation::kRelu, x), x > 0 ? x : 0);
    EXPECT_FLOAT_EQ(ActivateOne(Activation::kTanh, x), static_cast<float>(std::tanh(v)));
  }
  EXPECT_NEAR(ActivateOne(Activation::kGeluTanh, 1.0F), 0.841192, 1e-6);
  EXPECT_FALSE(ParseActivation("softplus").ok());
}

TEST(Elementwise, AddsMultipliesScalesAndCaps) {
  const std::vector<float> a = {1, -2, 3};
  const std::vector<float> b = {4, 5, -6};
  std::vector<float> y(3);
  const ConstMatrix left{a.data(), 1, 3}, right{b.data(), 1, 3};
  const Matrix out{y.data(), 1, 3};
  AddForward(left, right, out);
  EXPECT_THAT(y, testing::ElementsAre(5, 3, -3));
  MulForward(left, right, out);
  EXPECT_THAT(y, testing::ElementsAre(4, -10, -18));
  ScaleForward({0.5F}, left, out);
  EXPECT_THAT(y, testing::ElementsAre(0.5, -1, 1.5));
  CapForward({2}, left, out);
  EXPECT_FLOAT_EQ(y[2], 2 * std::tanh(1.5F));
  EXPECT_FALSE(PairShape(Tokens(3), Tokens(4)).ok());
  EXPECT_FALSE(CapShape({0}, Tokens(3)).ok());
}

TEST(Columns, ConcatUndoesSplit) {
  const std::vector<float> x = RandomFloats(2 * 5, 9);
  std::vector<float> left(4), right(6), y(10);
  SplitForward({0, 2}, {x.data(), 2, 5}, {left.data(), 2, 2});
  SplitForward({2, 3}, {x.data(), 2, 5}, {right.data(), 2, 3});
  const ConstMatrix parts[] = {{left.data(), 2, 2}, {right.data(), 2, 3}};
  ConcatForward(parts, {y.data(), 2, 5});
  EXPECT_EQ(x, y);
  EXPECT_FALSE(SplitShape({4, 2}, Tokens(5)).ok());
  EXPECT_FALSE(SplitShape({-1, 2}, Tokens(5)).ok());
}

TEST(Rope, TurnsPairsByTheirAngle) {
  for (const RopeStyle style : {RopeStyle::kAdjacent, RopeStyle::kHalves}) {
    const auto set = RopeFrequencies(100, 4, {}, {});
    ASSERT_TRUE(set.ok());
    const RopeSpec spec{style, 2, 6, set->inv_freq, 1};  // of each head 4 numbers turn and 2 stay
    const std::vector<float> x = RandomFloats(12, 10);
    std::vector<float> y(12);
    const std::vector<int32_t> position = {7};
    RopeForward(spec, position, {x.data(), 1, 12}, {y.data(), 1, 12});
    for (size_t head = 0; head < 2; ++head) {
      for (size_t pair = 0; pair < 2; ++pair) {
        const double angle = 7 * std::pow(100.0, -static_cast<double>(pair) / 2);
        const size_t a = head * 6 + (style == RopeStyle::kAdjacent ? 2 * pair : pair);
        const size_t b = a + (style == RopeStyle::kAdjacent ? 1 : 2);
        EXPECT_NEAR(y[a], x[a] * std::cos(angle) - x[b] * std::sin(angle), 2e-6);
        EXPECT_NEAR(y[b], x[b] * std::cos(angle) + x[a] * std::sin(angle), 2e-6);
      }
      EXPECT_EQ(y[head * 6 + 4], x[head * 6 + 4]);
      EXPECT_EQ(y[head * 6 + 5], x[head * 6 + 5]);
    }
  }
}

TEST(Rope, RefusesWhatHasNoMeaning) {
  EXPECT_FALSE(RopeFrequencies(10000, 3, {}, {}).ok());
  EXPECT_FALSE(RopeFrequencies(10000, 0, {}, {}).ok());
  EXPECT_FALSE(RopeFrequencies(0, 4, {}, {}).ok());
  EXPECT_FALSE(RopeFrequencies(std::nan(""), 4, {}, {}).ok());
  const std::vector<float> one_factor = {1}, zero_factor = {1, 0};
  EXPECT_FALSE(RopeFrequencies(10000, 4, {}, one_factor).ok());
  EXPECT_FALSE(RopeFrequencies(10000, 4, {}, zero_factor).ok());
  RopeScaling yarn{.kind = RopeScaling::Kind::kYarn, .factor = 4};
  EXPECT_FALSE(RopeFrequencies(10000, 4, yarn, {}).ok());  // no original context
}

TEST(Rope, YarnKeepsFastPairsAndStretchesSlowOnes) {
  const RopeScaling yarn{.kind = RopeScaling::Kind::kYarn, .factor = 8, .original_context = 4096};
  const auto plain = RopeFrequencies(10000, 128, {}, {});
  const auto scaled = RopeFrequencies(10000, 128, yarn, {});
  ASSERT_TRUE(plain.ok() && scaled.ok());
  EXPECT_EQ(scaled->inv_freq.front(), plain->inv_freq.front());
  EXPECT_FLOAT_EQ(scaled->inv_freq.back(), plain->inv_freq.back() / 8);
  EXPECT_FLOAT_EQ(scaled->magnitude, static_cast<float>(0.1 * std::log(8.0) + 1));
}

TEST(Attention, IsSoftmaxOfScaledScoresForEachGroupOfHeads) {
  const AttentionSpec spec{4, 2, 5, 0.6F, true, 0};
  const int64_t positions = 9;
  const std::vector<float> q = RandomFloats(2 * 20, 11);
  const std::vector<float> k = RandomFloats(positions * 10, 12);
  const std::vector<float> v = RandomFloats(positions * 10, 13);
  std::vector<float> y(40);
  const std::vector<int64_t> visible = {4, 9};
  AttentionForward(spec, {q.data(), 2, 20}, k.data(), v.data(), visible, {y.data(), 2, 20});
  for (size_t t = 0; t < 2; ++t) {
    for (size_t head = 0; head < 4; ++head) {
      const size_t kv = head / 2 * 5;
      std::vector<double> weight;
      double sum = 0;
      for (size_t s = 0; s < static_cast<size_t>(visible[t]); ++s) {
        double dot = 0;
        for (size_t i = 0; i < 5; ++i) dot += static_cast<double>(q[t * 20 + head * 5 + i]) * k[s * 10 + kv + i];
        weight.push_back(std::exp(dot * 0.6));
        sum += weight.back();
      }
      for (size_t i = 0; i < 5; ++i) {
        double want = 0;
        for (size_t s = 0; s < weight.size(); ++s) want += weight[s] / sum * v[s * 10 + kv + i];
        EXPECT_NEAR(y[t * 20 + head * 5 + i], want, 1e-6);
      }
    }
  }
}

TEST(Attention, RefusesHeadsThatDoNotDivide) {
  EXPECT_TRUE(AttentionShape({4, 2, 5}, Tokens(20), Tokens(10), Tokens(10)).ok());
  EXPECT_FALSE(AttentionShape({4, 3, 5}, Tokens(20), Tokens(15), Tokens(15)).ok());
  EXPECT_FALSE(AttentionShape({4, 0, 5}, Tokens(20), Tokens(10), Tokens(10)).ok());
  EXPECT_FALSE(AttentionShape({4, 2, 5}, Tokens(20), Tokens(20), Tokens(20)).ok());
}

TEST(Pool, TakesFirstMeanOrLastRowOfEachSequence) {
  const std::vector<float> x = {1, 2, 3, 6, 30, 40};
  const std::vector<int32_t> sequence = {0, 0, 1};
  std::vector<float> y(4);
  const ConstMatrix in{x.data(), 3, 2};
  const Matrix out{y.data(), 2, 2};
  ASSERT_TRUE(PoolForward({PoolKind::kCls, false}, sequence, in, out).ok());
  EXPECT_THAT(y, testing::ElementsAre(1, 2, 30, 40));
  ASSERT_TRUE(PoolForward({PoolKind::kMean, false}, sequence, in, out).ok());
  EXPECT_THAT(y, testing::ElementsAre(2, 4, 30, 40));
  ASSERT_TRUE(PoolForward({PoolKind::kLast, true}, sequence, in, out).ok());
  EXPECT_FLOAT_EQ(y[0], 3 / std::sqrt(45.0F));
  EXPECT_FLOAT_EQ(y[3], 0.8F);
  std::vector<float> three(6);
  EXPECT_FALSE(PoolForward({}, sequence, in, {three.data(), 3, 2}).ok());
}

}  // namespace
}  // namespace atelier
