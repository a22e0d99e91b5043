#include "compute/kernel/vector_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace atelier {
namespace {

constexpr uint32_t kSeed = 20251;
const std::vector<int64_t> kLengths = {1, 3, 15, 16, 17, 31, 33, 64, 127, 576, 1536};

std::vector<Isa> FastIsas() {
  std::vector<Isa> isas;
  for (const Isa isa : kFastIsas) {
    if (Supports(isa)) isas.push_back(isa);
  }
  return isas;
}

std::vector<float> RandomFloats(int64_t n, float spread, std::mt19937& random) {
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> out(static_cast<size_t>(n));
  for (float& x : out) x = normal(random);
  return out;
}

// Awkward ones among ordinary ones: zeros of both signs, huge, tiny, subnormal.
std::vector<float> AwkwardFloats(int64_t n, std::mt19937& random) {
  std::vector<float> out = RandomFloats(n, 20, random);
  const float odd[] = {0.0F, -0.0F, 1e-40F, -1e-40F, 88.5F, -88.5F, 1e30F, -1e30F, -104.0F, 1e-8F};
  for (size_t i = 0; i < out.size(); i += 3) out[i] = odd[(i / 3) % std::size(odd)];
  return out;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(b[i])) return false;
  }
  return a.size() == b.size();
}

// Runs every kernel of `k` on the same inputs; one long vector of all results.
std::vector<float> RunAll(const VectorKernels& k, int64_t n) {
  std::mt19937 random(kSeed + static_cast<uint32_t>(n));
  const std::vector<float> a = RandomFloats(n, 3, random);
  const std::vector<float> b = RandomFloats(n, 2, random);
  const std::vector<float> odd = AwkwardFloats(n, random);
  std::vector<float> all;
  std::vector<float> y(static_cast<size_t>(n));
  const auto keep = [&] { all.insert(all.end(), y.begin(), y.end()); };
  k.rms_norm(a.data(), b.data(), 1e-5F, y.data(), n), keep();
  k.layer_norm(a.data(), b.data(), a.data(), 1e-12F, y.data(), n), keep();
  k.layer_norm(a.data(), b.data(), nullptr, 1e-12F, y.data(), n), keep();
  for (int curve = 0; curve <= static_cast<int>(Curve::kExp); ++curve) {
    k.activate(static_cast<Curve>(curve), a.data(), y.data(), n), keep();
    k.activate(static_cast<Curve>(curve), odd.data(), y.data(), n), keep();
    k.activate_gate(static_cast<Curve>(curve), a.data(), b.data(), y.data(), n), keep();
  }
  k.add(odd.data(), b.data(), y.data(), n), keep();
  k.multiply(odd.data(), b.data(), y.data(), n), keep();
  k.scale(odd.data(), 0.3F, y.data(), n), keep();
  k.softmax(a.data(), y.data(), n), keep();
  k.softmax(odd.data(), y.data(), n), keep();
  y = a;
  k.rope_halves(y.data(), b.data(), b.data() + n / 2, n / 2), keep();
  y = a;
  k.rope_pairs(y.data(), b.data(), b.data() + n / 2, n / 2), keep();
  all.push_back(k.sum(a.data(), n));
  all.push_back(k.dot(a.data(), b.data(), n));
  return all;
}

TEST(VectorMath, EveryVersionGivesTheSameBits) {
  for (const Isa isa : FastIsas()) {
    for (const int64_t n : kLengths) {
      EXPECT_TRUE(SameBits(RunAll(VectorKernelsFor(Isa::kPlain), n), RunAll(VectorKernelsFor(isa), n)))
          << IsaName(isa) << " n " << n << " seed " << kSeed;
    }
  }
}

// Largest |y - exact| / scale over a sweep of [low, high].
template <class Exact, class Scale>
double LargestError(Curve curve, double low, double high, Exact exact, Scale scale) {
  constexpr int kSteps = 400'000;
  std::vector<float> x(kSteps);
  std::vector<float> y(kSteps);
  for (int i = 0; i < kSteps; ++i) x[i] = static_cast<float>(low + (high - low) * i / (kSteps - 1));
  VectorKernelsFor(BestIsa()).activate(curve, x.data(), y.data(), kSteps);
  double worst = 0;
  for (int i = 0; i < kSteps; ++i) worst = std::max(worst, std::abs(y[i] - exact(x[i])) / scale(x[i]));
  return worst;
}

TEST(VectorMath, ExpIsWithinItsBound) {
  const auto exact = [](double x) { return std::exp(x); };
  EXPECT_LE(LargestError(Curve::kExp, -87.29, 88, exact, exact), 2e-7);
}

TEST(VectorMath, ExpEndsInZeroBelowAndStaysFiniteAbove) {
  const std::vector<float> x = {-87.4F, -1000.0F, -INFINITY, 200.0F, INFINITY, 0.0F, -0.0F};
  std::vector<float> y(x.size());
  for (const Isa isa : {Isa::kPlain, BestIsa()}) {
    VectorKernelsFor(isa).activate(Curve::kExp, x.data(), y.data(), static_cast<int64_t>(x.size()));
    EXPECT_EQ(y[0], 0.0F);
    EXPECT_EQ(y[1], 0.0F);
    EXPECT_EQ(y[2], 0.0F);
    EXPECT_TRUE(std::isfinite(y[3]) && std::isfinite(y[4]));
    EXPECT_EQ(y[5], 1.0F);
    EXPECT_EQ(y[6], 1.0F);
  }
}

TEST(VectorMath, TanhIsWithinItsBound) {
  EXPECT_LE(
      LargestError(Curve::kTanh, -12, 12, [](double x) { return std::tanh(x); }, [](double) { return 1.0; }), 2e-7);
}

TEST(VectorMath, SiluIsWithinItsBound) {
  const auto exact = [](double x) { return x / (1 + std::exp(-x)); };
  EXPECT_LE(LargestError(Curve::kSilu, -80, 80, exact, [&](double x) { return std::abs(exact(x)) + 1e-37; }), 4e-7);
}

TEST(VectorMath, GeluIsWithinItsBound) {
  const auto scale = [](double x) { return std::max(1.0, std::abs(x)); };
  const auto by_erf = [](double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); };
  const auto by_tanh = [](double x) {
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
  };
  EXPECT_LE(LargestError(Curve::kGeluErf, -12, 12, by_erf, scale), 4e-7);
  EXPECT_LE(LargestError(Curve::kGeluTanh, -12, 12, by_tanh, scale), 4e-7);
}

TEST(VectorMath, NormsEqualTheirFormulaInDouble) {
  std::mt19937 random(kSeed);
  for (const int64_t n : kLengths) {
    const std::vector<float> x = RandomFloats(n, 2, random);
    const std::vector<float> w = RandomFloats(n, 1, random);
    const std::vector<float> b = RandomFloats(n, 1, random);
    double mean = 0;
    double square = 0;
    for (const float v : x) mean += v / static_cast<double>(n), square += double{v} * v / static_cast<double>(n);
    double variance = 0;
    for (const float v : x) variance += (v - mean) * (v - mean) / static_cast<double>(n);
    std::vector<float> rms(x.size());
    std::vector<float> layer(x.size());
    const VectorKernels& k = VectorKernelsFor(Isa::kPlain);
    k.rms_norm(x.data(), w.data(), 1e-5F, rms.data(), n);
    k.layer_norm(x.data(), w.data(), b.data(), 1e-5F, layer.data(), n);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(rms[i], x[i] / std::sqrt(square + 1e-5) * w[i], 2e-6 * (1 + std::abs(rms[i])));
      EXPECT_NEAR(layer[i], (x[i] - mean) / std::sqrt(variance + 1e-5) * w[i] + b[i], 4e-6 * (1 + std::abs(x[i])));
    }
  }
}

TEST(VectorMath, SoftmaxEqualsItsFormulaInDouble) {
  std::mt19937 random(kSeed);
  for (const int64_t n : kLengths) {
    const std::vector<float> x = RandomFloats(n, 5, random);
    std::vector<float> y(x.size());
    VectorKernelsFor(Isa::kPlain).softmax(x.data(), y.data(), n);
    double sum = 0;
    for (const float v : x) sum += std::exp(double{v});
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], std::exp(double{x[i]}) / sum, 1e-6);
  }
}

TEST(VectorMath, RopeTurnsPairsByTheirAngle) {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  const std::vector<float> cosines = {std::cos(0.3F), std::cos(1.1F), std::cos(-2.0F)};
  const std::vector<float> sines = {std::sin(0.3F), std::sin(1.1F), std::sin(-2.0F)};
  std::vector<float> halves = x;
  std::vector<float> pairs = x;
  VectorKernelsFor(Isa::kPlain).rope_halves(halves.data(), cosines.data(), sines.data(), 3);
  VectorKernelsFor(Isa::kPlain).rope_pairs(pairs.data(), cosines.data(), sines.data(), 3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(halves[i], x[i] * cosines[i] - x[i + 3] * sines[i], 1e-6);
    EXPECT_NEAR(halves[i + 3], x[i] * sines[i] + x[i + 3] * cosines[i], 1e-6);
    EXPECT_NEAR(pairs[2 * i], x[2 * i] * cosines[i] - x[2 * i + 1] * sines[i], 1e-6);
    EXPECT_NEAR(pairs[2 * i + 1], x[2 * i] * sines[i] + x[2 * i + 1] * cosines[i], 1e-6);
  }
}

}  // namespace
}  // namespace atelier
