#include "graph/verb/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace atelier {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

// Long waves are divided by the factor, short ones stay, those between are mixed. [Llama 3.1 reference code]
double ScaleLlama3(const RopeScaling& s, double freq) {
  const double wavelength = kTurn / freq;
  const double context = static_cast<double>(s.original_context);
  if (wavelength < context / s.high_freq_factor) return freq;
  if (wavelength > context / s.low_freq_factor) return freq / s.factor;
  const double smooth = (context / wavelength - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return (1 - smooth) * freq / s.factor + smooth * freq;
}

// The (fractional) pair that makes `turns` turns within the original context. [YaRN, arXiv:2309.00071, part 3.2]
double YarnPair(const RopeScaling& s, double theta, int64_t dims, double turns) {
  return static_cast<double>(dims) * std::log(static_cast<double>(s.original_context) / (turns * kTurn)) /
         (2 * std::log(theta));
}

double ScaleYarn(const RopeScaling& s, double theta, int64_t dims, int64_t pair, double freq) {
  double low = YarnPair(s, theta, dims, s.beta_fast);
  double high = YarnPair(s, theta, dims, s.beta_slow);
  if (s.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dims - 1));
  if (low == high) high += 0.001;
  const double ramp = std::clamp((static_cast<double>(pair) - low) / (high - low), 0.0, 1.0);
  const double keep = (1 - ramp) * s.ext_factor;
  return freq / s.factor * (1 - keep) + freq * keep;
}

double YarnScale(double factor, double mscale) { return factor <= 1 ? 1 : 0.1 * mscale * std::log(factor) + 1; }

double YarnMagnitude(const RopeScaling& s) {
  if (s.attention_factor) return *s.attention_factor;
  if (s.mscale != 0 && s.mscale_all_dim != 0)
    return YarnScale(s.factor, s.mscale) / YarnScale(s.factor, s.mscale_all_dim);
  return YarnScale(s.factor, 1);
}

Result<void> CheckScaling(const RopeScaling& s) {
  if (s.kind == RopeScaling::Kind::kNone) return {};
  if (!(s.factor > 0) || !std::isfinite(s.factor)) {
    return Error::Invalid("factor", "got " + std::to_string(s.factor) + ", want above 0");
  }
  if (s.kind != RopeScaling::Kind::kLinear && s.original_context <= 0) {
    return Error::Invalid("original context", "got " + std::to_string(s.original_context) + ", want above 0");
  }
  if (s.kind == RopeScaling::Kind::kLlama3 && !(s.low_freq_factor > 0 && s.high_freq_factor > s.low_freq_factor)) {
    return Error::Invalid("frequency factors", "got low " + std::to_string(s.low_freq_factor) + " and high " +
                                                   std::to_string(s.high_freq_factor) + ", want 0 < low < high");
  }
  if (s.kind == RopeScaling::Kind::kYarn && !(s.beta_slow > 0 && s.beta_fast > s.beta_slow)) {
    return Error::Invalid("beta", "got fast " + std::to_string(s.beta_fast) + " and slow " +
                                      std::to_string(s.beta_slow) + ", want 0 < slow < fast");
  }
  return {};
}

}  // namespace

Result<Shape> RopeShape(const RopeSpec& spec, const Shape& x) {
  const int64_t dims = 2 * static_cast<int64_t>(spec.inv_freq.size());
  if (x.rows != RowKind::kTokens || spec.heads <= 0 || spec.head_dim <= 0 || x.cols % spec.heads != 0 ||
      x.cols / spec.heads != spec.head_dim) {
    return Error::Invalid("Rope", "got " + ToString(x) + ", want [T, " + std::to_string(spec.heads) + " * " +
                                      std::to_string(spec.head_dim) + "]");
  }
  if (dims == 0 || dims > spec.head_dim) {
    return Error::Invalid(
        "Rope", "got " + std::to_string(dims) + " numbers to turn, want 2 to " + std::to_string(spec.head_dim));
  }
  return x;
}

void RopeAngles(const RopeSpec& spec, int32_t position, float* cos, float* sin) {
  for (size_t i = 0; i < spec.inv_freq.size(); ++i) {
    const float angle = static_cast<float>(position) * spec.inv_freq[i];
    cos[i] = static_cast<float>(std::cos(static_cast<double>(angle))) * spec.magnitude;
    sin[i] = static_cast<float>(std::sin(static_cast<double>(angle))) * spec.magnitude;
  }
}

void RopeForward(const RopeSpec& spec, std::span<const int32_t> position, ConstMatrix x, Matrix y) {
  const int64_t pairs = static_cast<int64_t>(spec.inv_freq.size());
  const int64_t step = spec.style == RopeStyle::kAdjacent ? 2 : 1;
  const int64_t apart = spec.style == RopeStyle::kAdjacent ? 1 : pairs;
  std::vector<float> cos(spec.inv_freq.size());
  std::vector<float> sin(spec.inv_freq.size());
  for (int64_t t = 0; t < x.rows; ++t) {
    RopeAngles(spec, position[static_cast<size_t>(t)], cos.data(), sin.data());
    for (int64_t head = 0; head < spec.heads; ++head) {
      const float* from = x.Row(t) + head * spec.head_dim;
      float* to = y.Row(t) + head * spec.head_dim;
      for (int64_t i = 0; i < pairs; ++i) {
        const float a = from[i * step];
        const float b = from[i * step + apart];
        const auto k = static_cast<size_t>(i);
        to[i * step] = a * cos[k] - b * sin[k];
        to[i * step + apart] = b * cos[k] + a * sin[k];
      }
      for (int64_t i = 2 * pairs; i < spec.head_dim; ++i) to[i] = from[i];
    }
  }
}

Result<RopeFrequencySet> RopeFrequencies(double theta, int64_t dims, const RopeScaling& scaling,
                                         std::span<const float> factors) {
  if (dims <= 0 || dims % 2 != 0) {
    return Error::Invalid("rope dimensions", "got " + std::to_string(dims) + ", want an even number above 0");
  }
  if (!(theta > 1) || !std::isfinite(theta)) {
    return Error::Invalid("rope base", "got " + std::to_string(theta) + ", want above 1");
  }
  if (!factors.empty() && static_cast<int64_t>(factors.size()) != dims / 2) {
    return Error::Invalid("rope factors",
                          "got " + std::to_string(factors.size()) + ", want " + std::to_string(dims / 2));
  }
  TRY_VOID(CheckScaling(scaling));
  RopeFrequencySet set;
  for (int64_t pair = 0; pair < dims / 2; ++pair) {
    double freq = std::pow(theta, -2.0 * static_cast<double>(pair) / static_cast<double>(dims));
    if (!factors.empty()) {
      const float factor = factors[static_cast<size_t>(pair)];
      if (!(factor > 0)) return Error::Invalid("rope factors", "got " + std::to_string(factor) + ", want above 0");
      freq /= factor;
    }
    switch (scaling.kind) {
      case RopeScaling::Kind::kNone: break;
      case RopeScaling::Kind::kLinear: freq /= scaling.factor; break;
      case RopeScaling::Kind::kLlama3: freq = ScaleLlama3(scaling, freq); break;
      case RopeScaling::Kind::kYarn: freq = ScaleYarn(scaling, theta, dims, pair, freq); break;
    }
    set.inv_freq.push_back(static_cast<float>(freq));
  }
  if (scaling.kind == RopeScaling::Kind::kYarn) set.magnitude = static_cast<float>(YarnMagnitude(scaling));
  return set;
}

}  // namespace atelier
