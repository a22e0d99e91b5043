// The Walsh-Hadamard transform over Lanes. Include after a lanes_*.h.
//
// It turns a vector by an orthogonal matrix of ±1 / sqrt(n), so that one large number becomes n of middling size: what
// is then rounded to int8 with a scale for each 32 loses less. Scalar products of two turned vectors are those of the
// unturned ones, and a second turn undoes the first.   [QuaRot, arXiv:2404.00456]
#pragma once

namespace atelier {
namespace {

constexpr int kMaxRotation = 64;
constexpr float kFirstOfPair[4][kLanes] = {
    {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1},
    {1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1},
    {1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1},
    {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1},
};

// Sum and difference of lanes so far apart.
template <int kDistance>
inline Lanes Butterfly(const Lanes& a, const float* first_of_pair) {
  return Fma(a, Load(first_of_pair), SwapLanes<kDistance>(a));
}

// Turns each run of `size` of x [dim], where a turn is only scaled by `factor` and not by 1 / sqrt(size).
// REQUIRES: size is 16, 32 or 64; dim % size == 0.
inline void RotateRuns(float* x, int dim, int size, float factor) {
  Lanes run[kMaxRotation / kLanes];
  const int num_lanes = size / kLanes;
  for (int begin = 0; begin < dim; begin += size) {
    for (int i = 0; i < num_lanes; ++i) {
      Lanes a = Mul(Load(x + begin + i * kLanes), Splat(factor));
      a = Butterfly<1>(a, kFirstOfPair[0]);
      a = Butterfly<2>(a, kFirstOfPair[1]);
      a = Butterfly<4>(a, kFirstOfPair[2]);
      run[i] = Butterfly<8>(a, kFirstOfPair[3]);
    }
    for (int distance = 1; distance < num_lanes; distance *= 2) {
      for (int i = 0; i < num_lanes; ++i) {
        if ((i & distance) != 0) continue;
        const Lanes first = run[i];
        run[i] = Add(first, run[i + distance]);
        run[i + distance] = Sub(first, run[i + distance]);
      }
    }
    for (int i = 0; i < num_lanes; ++i) Store(x + begin + i * kLanes, run[i]);
  }
}

}  // namespace
}  // namespace atelier
