// exp and its kin over Lanes. Include after a lanes_*.h; bounds are in vector_math.h.
#pragma once

namespace atelier {
namespace {

constexpr float kExpFloor = -87.3F;  // below this the result is 0, above kExpCeiling it is exp(kExpCeiling)
constexpr float kExpCeiling = 88.0F;

// e^x = 2^n e^r with n = round(x / ln 2); e^r = 1 + r + r^2 q(r), q minimax of degree 4 on |r| <= ln(2) / 2
// (relative error 3e-9). exp(0) is exactly 1.
inline Lanes Exp(Lanes x) {
  const Lanes magic = Splat(0x1.8p23F);  // adding it rounds to an integer, which the lowest bits then hold
  const Lanes clamped = Min(Max(x, Splat(kExpFloor)), Splat(kExpCeiling));
  const Lanes t = Fma(clamped, Splat(0x1.715476p0F), magic);
  const Lanes n = Sub(t, magic);
  Lanes r = Fma(n, Splat(-0x1.62e4p-1F), clamped);  // ln 2 in two parts; n * the first is exact
  r = Fma(n, Splat(-0x1.7f7d1cp-20F), r);
  Lanes q = Splat(0x1.6a2454p-10F);
  q = Fma(q, r, Splat(0x1.1239d4p-7F));
  q = Fma(q, r, Splat(0x1.5558f2p-5F));
  q = Fma(q, r, Splat(0x1.555492p-3F));
  q = Fma(q, r, Splat(0x1.fffffcp-2F));
  const Lanes p = Add(Fma(Mul(r, r), q, r), Splat(1.0F));
  return Select(Less(x, Splat(kExpFloor)), Splat(0.0F), AddToExponent(p, t));
}

inline Lanes Sigmoid(Lanes x) { return Div(Splat(1.0F), Add(Splat(1.0F), Exp(Sub(Splat(0.0F), x)))); }

inline Lanes Silu(Lanes x) { return Div(x, Add(Splat(1.0F), Exp(Sub(Splat(0.0F), x)))); }

// 1 - 2 / (e^{2|x|} + 1), with the sign of x.
inline Lanes Tanh(Lanes x) {
  const Lanes twice = Mul(Abs(x), Splat(2.0F));
  return CopySign(Sub(Splat(1.0F), Div(Splat(2.0F), Add(Exp(twice), Splat(1.0F)))), x);
}

// erf by formula 7.1.26 of Abramowitz and Stegun: absolute error 1.5e-7.
inline Lanes Erf(Lanes x) {
  const Lanes a = Abs(x);
  const Lanes t = Div(Splat(1.0F), Fma(a, Splat(0.3275911F), Splat(1.0F)));
  Lanes p = Splat(1.061405429F);
  p = Fma(p, t, Splat(-1.453152027F));
  p = Fma(p, t, Splat(1.421413741F));
  p = Fma(p, t, Splat(-0.284496736F));
  p = Fma(p, t, Splat(0.254829592F));
  const Lanes tail = Mul(Mul(p, t), Exp(Sub(Splat(0.0F), Mul(a, a))));
  return CopySign(Sub(Splat(1.0F), tail), x);
}

inline Lanes GeluErf(Lanes x) { return Mul(Mul(Splat(0.5F), x), Add(Splat(1.0F), Erf(Mul(x, Splat(0.70710678F))))); }

inline Lanes GeluTanh(Lanes x) {
  const Lanes cubic = Fma(Mul(Mul(x, x), x), Splat(0.044715F), x);
  return Mul(Mul(Splat(0.5F), x), Add(Splat(1.0F), Tanh(Mul(cubic, Splat(0.79788456F)))));
}

}  // namespace
}  // namespace atelier
