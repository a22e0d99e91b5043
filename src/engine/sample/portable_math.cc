#include "engine/sample/portable_math.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace atelier {
namespace {

using Floats = float __attribute__((vector_size(16)));
using Ints = int32_t __attribute__((vector_size(16)));
constexpr int64_t kLanes = 4;

constexpr float kLog2E = 1.44269504F;
constexpr float kLn2High = 0.693359375F;  // few bits, so that n * kLn2High is exact
constexpr float kLn2Low = -2.12194440e-4F;
constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer in the low bits

// e^x = 2^n * e^r with n = round(x / ln 2), |r| <= ln(2) / 2; the polynomial is Cephes' expf's.
inline Floats Exp(Floats x) {
  const Ints usable = x >= kLowestExponent;  // false for no number
  x = std::bit_cast<Floats>(std::bit_cast<Ints>(x) & usable);
  const Floats shifted = x * kLog2E + kRound;
  const Floats n = shifted - kRound;
  const Floats r = (x - n * kLn2High) - n * kLn2Low;
  Floats p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const Ints power = (std::bit_cast<Ints>(shifted) - std::bit_cast<int32_t>(kRound)) + 127;
  const Floats result = p * std::bit_cast<Floats>(power << 23);
  return std::bit_cast<Floats>(std::bit_cast<Ints>(result) & usable);
}

inline Floats Load(const float* from) {
  Floats x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

float SumBlock(const float* logits, int64_t n, float max, float scale) {
  Floats sum = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) sum += Exp((Load(logits + i) - max) * scale);
  if (i < n) {
    float rest[kLanes];
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      rest[lane] = i + lane < n ? logits[i + lane] : -std::numeric_limits<float>::infinity();
    }
    sum += Exp((Load(rest) - max) * scale);
  }
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

}  // namespace

float PortableExp(float x) { return Exp(Floats{x, x, x, x})[0]; }

double PortableLog(double x) {
  // x = 2^e * m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)) by its series.
  int e = 0;
  double m = std::frexp(x, &e);  // exact on every machine
  if (m < 0.70710678118654752) {
    m *= 2;
    --e;
  }
  const double z = (m - 1) / (m + 1);
  const double z2 = z * z;
  double series = 0;
  for (int k = 21; k >= 1; k -= 2) series = series * z2 + 1.0 / k;
  return 2 * z * series + e * 0.69314718055994531;
}

double SumWeights(std::span<const float> logits, float max, float scale, std::span<float> blocks) {
  const auto n = static_cast<int64_t>(logits.size());
  CHECK(static_cast<int64_t>(blocks.size()) * kSumBlock >= n);
  double total = 0;
  for (int64_t begin = 0, block = 0; begin < n; begin += kSumBlock, ++block) {
    const int64_t count = n - begin < kSumBlock ? n - begin : kSumBlock;
    blocks[block] = SumBlock(logits.data() + begin, count, max, scale);
    total += blocks[block];
  }
  return total;
}

int32_t ArgMax(std::span<const float> logits) {
  // First the largest value, four lanes wide; then the first place that has it.
  const auto n = static_cast<int64_t>(logits.size());
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  Floats lanes = {kNone, kNone, kNone, kNone};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Floats x = Load(logits.data() + i);
    lanes = x > lanes ? x : lanes;
  }
  float max = kNone;
  for (int64_t lane = 0; lane < kLanes; ++lane) max = lanes[lane] > max ? lanes[lane] : max;
  for (; i < n; ++i) max = logits[i] > max ? logits[i] : max;
  for (i = 0; i < n; ++i) {
    if (logits[i] == max) return static_cast<int32_t>(i);
  }
  return 0;
}

}  // namespace atelier
