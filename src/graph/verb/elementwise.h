// Add, Mul, Scale and Cap: a number at a time. y may be the same memory as an input.
//   Add    y = a + b            Mul  y = a * b
//   Scale  y = x * factor       Cap  y = limit * tanh(x / limit)
#pragma once

#include "graph/verb/matrix.h"

namespace atelier {

struct AddSpec {};
struct MulSpec {};
struct ScaleSpec {
  float factor = 1;
};
struct CapSpec {
  float limit = 1;  // above 0
};

// For Add and Mul: both of one shape.
Result<Shape> PairShape(const Shape& a, const Shape& b);
Result<Shape> CapShape(const CapSpec& spec, const Shape& x);

void AddForward(ConstMatrix a, ConstMatrix b, Matrix y);
void MulForward(ConstMatrix a, ConstMatrix b, Matrix y);
void ScaleForward(const ScaleSpec& spec, ConstMatrix x, Matrix y);
void CapForward(const CapSpec& spec, ConstMatrix x, Matrix y);

}  // namespace atelier
