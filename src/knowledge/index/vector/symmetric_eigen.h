// Eigenvalues and eigenvectors of a real symmetric matrix: Householder's tridiagonal form, then QL steps with implicit
// shifts.   [Golub and Van Loan, "Matrix Computations", 8.3]   COST: about 10 n^3 operations; 0.5 s for n = 384.
#pragma once

#include <cstddef>
#include <vector>

namespace atelier {

struct EigenPairs {
  std::vector<double> values;   // [n], falling
  std::vector<double> vectors;  // [n][n], a row of length 1 for each value; its largest element is positive
};

// REQUIRES: matrix is [n][n], symmetric, finite.
EigenPairs SymmetricEigen(std::vector<double> matrix, size_t n);

}  // namespace atelier
