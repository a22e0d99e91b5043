#include "knowledge/index/vector/symmetric_eigen.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace atelier {
namespace {

// That vectors are orthonormal and matrix * vector = value * vector.
void ExpectPairs(const std::vector<double>& matrix, size_t n, double tolerance) {
  const EigenPairs pairs = SymmetricEigen(matrix, n);
  for (size_t i = 0; i < n; ++i) {
    if (i > 0) {
      EXPECT_GE(pairs.values[i - 1], pairs.values[i]);
    }
    for (size_t j = 0; j < n; ++j) {
      double product = 0;
      double image = 0;
      for (size_t k = 0; k < n; ++k) {
        product += pairs.vectors[i * n + k] * pairs.vectors[j * n + k];
        image += matrix[j * n + k] * pairs.vectors[i * n + k];
      }
      EXPECT_NEAR(product, i == j ? 1 : 0, 1e-10);
      EXPECT_NEAR(image, pairs.values[i] * pairs.vectors[i * n + j], tolerance);
    }
  }
}

TEST(SymmetricEigen, RandomMatrices) {
  Random random(3);
  for (const size_t n : {1U, 2U, 3U, 10U, 57U}) {
    std::vector<double> matrix(n * n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j <= i; ++j) matrix[i * n + j] = matrix[j * n + i] = random.Normal();
    }
    ExpectPairs(matrix, n, 1e-9);
  }
}

TEST(SymmetricEigen, ZeroEqualAndSingularMatrices) {
  ExpectPairs(std::vector<double>(25, 0), 5, 1e-12);
  ExpectPairs(std::vector<double>(25, 1), 5, 1e-12);
  std::vector<double> identity(36, 0);
  for (size_t i = 0; i < 6; ++i) identity[i * 7] = 2;
  ExpectPairs(identity, 6, 1e-12);
  EXPECT_NEAR(SymmetricEigen(std::vector<double>(25, 1), 5).values[0], 5, 1e-12);
}

}  // namespace
}  // namespace atelier
