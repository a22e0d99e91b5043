// The vector kernels over Lanes; the .cc files include it after a lanes_*.h, once for each instruction set.
#pragma once

#include "compute/kernel/lane_curves.h"
#include "compute/kernel/vector_math.h"

namespace atelier {
namespace {

// Calls whole(i) for full runs of lanes and tail(i, count) for what is left.
template <class Whole, class Tail>
inline void ForLanes(int64_t n, Whole whole, Tail tail) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) whole(i);
  if (i < n) tail(i, static_cast<int>(n - i));
}

template <class Fn>
inline void MapOne(const float* x, float* y, int64_t n, Fn fn) {
  ForLanes(
      n, [&](int64_t i) { Store(y + i, fn(Load(x + i))); },
      [&](int64_t i, int count) { StoreFirst(y + i, fn(LoadFirst(x + i, count)), count); });
}

template <class Fn>
inline void MapTwo(const float* a, const float* b, float* y, int64_t n, Fn fn) {
  ForLanes(
      n, [&](int64_t i) { Store(y + i, fn(Load(a + i), Load(b + i))); },
      [&](int64_t i, int count) { StoreFirst(y + i, fn(LoadFirst(a + i, count), LoadFirst(b + i, count)), count); });
}

float Sum(const float* x, int64_t n) {
  Lanes sum = Splat(0.0F);
  ForLanes(
      n, [&](int64_t i) { sum = Add(sum, Load(x + i)); },
      [&](int64_t i, int count) { sum = Add(sum, LoadFirst(x + i, count)); });
  return ReduceAdd(sum);
}

float Dot(const float* x, const float* y, int64_t n) {
  Lanes sum = Splat(0.0F);
  ForLanes(
      n, [&](int64_t i) { sum = Fma(Load(x + i), Load(y + i), sum); },
      [&](int64_t i, int count) { sum = Fma(LoadFirst(x + i, count), LoadFirst(y + i, count), sum); });
  return ReduceAdd(sum);
}

void RmsNorm(const float* x, const float* weight, float eps, float* y, int64_t n) {
  const float mean = Dot(x, x, n) / static_cast<float>(n);
  const Lanes factor = Splat(1.0F / __builtin_sqrtf(mean + eps));
  MapTwo(x, weight, y, n, [&](Lanes a, Lanes w) { return Mul(Mul(a, factor), w); });
}

void LayerNorm(const float* x, const float* weight, const float* bias, float eps, float* y, int64_t n) {
  const Lanes mean = Splat(Sum(x, n) / static_cast<float>(n));
  Lanes squares = Splat(0.0F);
  ForLanes(
      n,
      [&](int64_t i) {
        const Lanes d = Sub(Load(x + i), mean);
        squares = Fma(d, d, squares);
      },
      [&](int64_t i, int count) {
        const Lanes d = Select(FirstLanes(count), Sub(LoadFirst(x + i, count), mean), Splat(0.0F));
        squares = Fma(d, d, squares);
      });
  const Lanes factor = Splat(1.0F / __builtin_sqrtf(ReduceAdd(squares) / static_cast<float>(n) + eps));
  MapTwo(x, weight, y, n, [&](Lanes a, Lanes w) { return Mul(Mul(Sub(a, mean), factor), w); });
  if (bias != nullptr) MapTwo(y, bias, y, n, [](Lanes a, Lanes b) { return Add(a, b); });
}

void RopeHalves(float* head, const float* cosines, const float* sines, int64_t num_pairs) {
  float* second = head + num_pairs;
  const auto turn = [&](int64_t i, int count) {
    const Lanes c = LoadFirst(cosines + i, count);
    const Lanes s = LoadFirst(sines + i, count);
    const Lanes a = LoadFirst(head + i, count);
    const Lanes b = LoadFirst(second + i, count);
    StoreFirst(head + i, Fma(a, c, Sub(Splat(0.0F), Mul(b, s))), count);
    StoreFirst(second + i, Fma(a, s, Mul(b, c)), count);
  };
  ForLanes(num_pairs, [&](int64_t i) { turn(i, kLanes); }, turn);
}

// Pairs lie side by side, which lanes gain little from; the same operations one by one.
void RopePairs(float* head, const float* cosines, const float* sines, int64_t num_pairs) {
  for (int64_t i = 0; i < num_pairs; ++i) {
    const float a = head[2 * i];
    const float b = head[2 * i + 1];
    head[2 * i] = __builtin_fmaf(a, cosines[i], 0.0F - b * sines[i]);
    head[2 * i + 1] = __builtin_fmaf(a, sines[i], b * cosines[i]);
  }
}

// Calls use(fn) with the function that `curve` names.
template <class Use>
inline void WithCurve(Curve curve, Use use) {
  switch (curve) {
    case Curve::kSilu: return use([](Lanes x) { return Silu(x); });
    case Curve::kGeluErf: return use([](Lanes x) { return GeluErf(x); });
    case Curve::kGeluTanh: return use([](Lanes x) { return GeluTanh(x); });
    case Curve::kRelu: return use([](Lanes x) { return Max(x, Splat(0.0F)); });
    case Curve::kTanh: return use([](Lanes x) { return Tanh(x); });
    case Curve::kSigmoid: return use([](Lanes x) { return Sigmoid(x); });
    case Curve::kExp: return use([](Lanes x) { return Exp(x); });
  }
}

void Activate(Curve curve, const float* x, float* y, int64_t n) {
  WithCurve(curve, [&](auto fn) { MapOne(x, y, n, fn); });
}

void ActivateGate(Curve curve, const float* gate, const float* up, float* y, int64_t n) {
  WithCurve(curve, [&](auto fn) { MapTwo(gate, up, y, n, [&](Lanes g, Lanes u) { return Mul(fn(g), u); }); });
}

void AddRows(const float* a, const float* b, float* y, int64_t n) {
  MapTwo(a, b, y, n, [](Lanes p, Lanes q) { return Add(p, q); });
}

void MultiplyRows(const float* a, const float* b, float* y, int64_t n) {
  MapTwo(a, b, y, n, [](Lanes p, Lanes q) { return Mul(p, q); });
}

void ScaleRow(const float* a, float s, float* y, int64_t n) {
  const Lanes factor = Splat(s);
  MapOne(a, y, n, [&](Lanes p) { return Mul(p, factor); });
}

void Softmax(const float* x, float* y, int64_t n) {
  Lanes largest = Splat(x[0]);
  ForLanes(
      n, [&](int64_t i) { largest = Max(largest, Load(x + i)); },
      [&](int64_t i, int count) {
        largest = Max(largest, Select(FirstLanes(count), LoadFirst(x + i, count), Splat(x[0])));
      });
  const Lanes top = Splat(ReduceMax(largest));
  MapOne(x, y, n, [&](Lanes a) { return Exp(Sub(a, top)); });
  ScaleRow(y, 1.0F / Sum(y, n), y, n);
}

constexpr VectorKernels kVectorKernels{RmsNorm, LayerNorm,    RopeHalves, RopePairs, Activate, ActivateGate,
                                       AddRows, MultiplyRows, ScaleRow,   Softmax,   Sum,      Dot};

}  // namespace
}  // namespace atelier
