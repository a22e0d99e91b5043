#include "graph/verb/attention.h"

#include <algorithm>
#include <cmath>

namespace atelier {
namespace {

// One query head over `visible` positions; scores has room for them.
void AttendOne(const AttentionSpec& spec, const float* q, const float* k, const float* v, int64_t stride,
               int64_t visible, float* scores, float* y) {
  const int64_t dim = spec.head_dim;
  float largest = -INFINITY;
  for (int64_t s = 0; s < visible; ++s) {
    float dot = 0;
    for (int64_t i = 0; i < dim; ++i) dot += q[i] * k[s * stride + i];
    scores[s] = dot * spec.scale;
    largest = std::max(largest, scores[s]);
  }
  float sum = 0;
  for (int64_t s = 0; s < visible; ++s) {
    scores[s] = std::exp(scores[s] - largest);
    sum += scores[s];
  }
  std::fill_n(y, dim, 0.0F);
  for (int64_t s = 0; s < visible; ++s) {
    for (int64_t i = 0; i < dim; ++i) y[i] += scores[s] * v[s * stride + i];
  }
  for (int64_t i = 0; i < dim; ++i) y[i] /= sum;
}

}  // namespace

Result<Shape> AttentionShape(const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v) {
  if (spec.head_dim <= 0 || spec.kv_heads <= 0 || spec.heads <= 0 || spec.heads % spec.kv_heads != 0) {
    return Error::Invalid("Attention", "got " + std::to_string(spec.heads) + " heads over " +
                                           std::to_string(spec.kv_heads) + " KV heads, want a multiple");
  }
  const Shape want_q{RowKind::kTokens, spec.heads * spec.head_dim};
  const Shape want_kv{RowKind::kTokens, spec.kv_heads * spec.head_dim};
  if (q != want_q || k != want_kv || v != want_kv) {
    return Error::Invalid("Attention", "got q " + ToString(q) + ", k " + ToString(k) + ", v " + ToString(v) +
                                           ", want " + ToString(want_q) + " and " + ToString(want_kv));
  }
  return q;
}

void AttentionForward(const AttentionSpec& spec, ConstMatrix q, const float* k, const float* v,
                      std::span<const int64_t> visible, Matrix y) {
  const int64_t stride = spec.kv_heads * spec.head_dim;
  const int64_t group = spec.heads / spec.kv_heads;
  std::vector<float> scores(static_cast<size_t>(*std::max_element(visible.begin(), visible.end())));
  for (int64_t t = 0; t < q.rows; ++t) {
    for (int64_t head = 0; head < spec.heads; ++head) {
      const int64_t offset = head / group * spec.head_dim;
      AttendOne(spec, q.Row(t) + head * spec.head_dim, k + offset, v + offset, stride, visible[static_cast<size_t>(t)],
                scores.data(), y.Row(t) + head * spec.head_dim);
    }
  }
}

}  // namespace atelier
