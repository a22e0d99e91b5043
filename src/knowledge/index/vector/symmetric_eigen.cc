#include "knowledge/index/vector/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "base/check.h"

namespace atelier {

namespace {

double Dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// matrix = transpose(rows) * T * rows, T with `diagonal` and `beside` (beside[i] couples i and i + 1).
struct Tridiagonal {
  std::vector<double> diagonal, beside;
  std::vector<double> rows;  // [n][n]
};

// The mirror v (its first element at `from`) that maps x to a multiple of the first unit vector; v's squared length
// over 2 is returned, 0 where there is nothing to do.
double MakeMirror(std::span<double> x, double& image) {
  const double length = std::sqrt(Dot(x, x));
  image = length;
  if (length == 0) return 0;
  image = x[0] > 0 ? -length : length;
  x[0] -= image;
  return Dot(x, x) / 2;
}

// a -= v w' + w v', where p = a v / h and w = p - (v'p / 2h) v.
void Mirror(std::vector<double>& a, size_t n, size_t from, std::span<const double> v, double h) {
  const size_t size = n - from;
  std::vector<double> w(size);
  for (size_t i = 0; i < size; ++i) w[i] = Dot({&a[(from + i) * n + from], size}, v) / h;
  const double share = Dot(w, v) / (2 * h);
  for (size_t i = 0; i < size; ++i) w[i] -= share * v[i];
  for (size_t i = 0; i < size; ++i) {
    double* row = &a[(from + i) * n + from];
    for (size_t j = 0; j < size; ++j) row[j] -= v[i] * w[j] + w[i] * v[j];
  }
}

Tridiagonal Reduce(std::vector<double> a, size_t n) {
  Tridiagonal t{std::vector<double>(n), std::vector<double>(n, 0), std::vector<double>(n * n, 0)};
  std::vector<std::vector<double>> mirrors(n);
  std::vector<double> halves(n, 0);
  for (size_t k = 0; k + 1 < n; ++k) {
    std::vector<double> v(n - k - 1);
    for (size_t i = 0; i < v.size(); ++i) v[i] = a[(k + 1 + i) * n + k];
    halves[k] = MakeMirror(v, t.beside[k]);
    if (halves[k] > 0) Mirror(a, n, k + 1, v, halves[k]);
    mirrors[k] = std::move(v);
  }
  for (size_t i = 0; i < n; ++i) t.diagonal[i] = a[i * n + i];
  for (size_t i = 0; i < n; ++i) t.rows[i * n + i] = 1;
  for (size_t k = n - 1; k-- > 0;) {  // rows = rows * mirror: from the last, what is below k stays the identity
    if (halves[k] == 0) continue;
    const std::span<const double> v = mirrors[k];
    for (size_t i = k + 1; i < n; ++i) {
      const std::span<double> row(&t.rows[i * n + k + 1], v.size());
      const double share = Dot(row, v) / halves[k];
      for (size_t j = 0; j < v.size(); ++j) row[j] -= share * v[j];
    }
  }
  return t;
}

// Turns rows i and i + 1 by the angle of cosine c and sine s.
void Turn(Tridiagonal& t, size_t n, size_t i, double c, double s) {
  double* a = &t.rows[i * n];
  double* b = a + n;
  for (size_t k = 0; k < n; ++k) {
    const double other = b[k];
    b[k] = s * a[k] + c * other;
    a[k] = c * a[k] - s * other;
  }
}

// One QL step on the part first..last, which no zero divides.
void StepQl(Tridiagonal& t, size_t n, size_t first, size_t last) {
  auto& d = t.diagonal;
  auto& e = t.beside;
  double g = (d[first + 1] - d[first]) / (2 * e[first]);
  double r = std::hypot(g, 1.0);
  g = d[last] - d[first] + e[first] / (g + std::copysign(r, g));
  double s = 1;
  double c = 1;
  double p = 0;
  for (size_t i = last; i-- > first;) {
    const double f = s * e[i];
    const double b = c * e[i];
    r = std::hypot(f, g);
    e[i + 1] = r;
    if (r == 0) {  // split early
      d[i + 1] -= p;
      e[last] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    r = (d[i] - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    Turn(t, n, i, c, s);
  }
  d[first] -= p;
  e[first] = g;
  e[last] = 0;
}

void Diagonalize(Tridiagonal& t, size_t n) {
  constexpr int kMaxSteps = 60;  // three are common
  for (size_t first = 0; first < n; ++first) {
    for (int step = 0; step < kMaxSteps; ++step) {
      size_t last = first;
      for (; last + 1 < n; ++last) {
        const double scale = std::fabs(t.diagonal[last]) + std::fabs(t.diagonal[last + 1]);
        if (std::fabs(t.beside[last]) <= 0x1p-52 * scale) break;
      }
      if (last == first) break;
      StepQl(t, n, first, last);
    }
  }
}

}  // namespace

EigenPairs SymmetricEigen(std::vector<double> matrix, size_t n) {
  CHECK(matrix.size() == n * n);
  Tridiagonal t = Reduce(std::move(matrix), n);
  Diagonalize(t, n);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return t.diagonal[a] > t.diagonal[b]; });
  EigenPairs pairs{std::vector<double>(n), std::vector<double>(n * n)};
  for (size_t i = 0; i < n; ++i) {
    pairs.values[i] = t.diagonal[order[i]];
    const std::span<const double> row(&t.rows[order[i] * n], n);
    const double largest =
        *std::max_element(row.begin(), row.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
    for (size_t j = 0; j < n; ++j) pairs.vectors[i * n + j] = largest < 0 ? -row[j] : row[j];
  }
  return pairs;
}

}  // namespace atelier
