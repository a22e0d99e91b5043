// Principal axes of directions from the mean, and the bits that each gets.
#include <algorithm>
#include <cmath>
#include <span>

#include "base/check.h"
#include "base/random.h"
#include "knowledge/index/vector/code_frame.h"
#include "knowledge/index/vector/parallel.h"
#include "knowledge/index/vector/symmetric_eigen.h"

namespace atelier {

namespace {

constexpr size_t kLanesAcross = 16;
constexpr int kRounds = 4;  // of subspace iteration; axes that it mixes have nearly the same variance

size_t RoundUp(size_t n) { return (n + kLanesAcross - 1) / kLanesAcross * kLanesAcross; }

// The columns of rows [num][n] 16 side by side: [n / 16 rounded up][num][16], missing ones zero.
std::vector<float> ColumnsSideBySide(std::span<const float> rows, size_t num, size_t n) {
  std::vector<float> blocks(RoundUp(n) * num, 0.0F);
  for (size_t s = 0; s < num; ++s) {
    for (size_t i = 0; i < n; ++i) {
      blocks[(i / kLanesAcross * num + s) * kLanesAcross + i % kLanesAcross] = rows[s * n + i];
    }
  }
  return blocks;
}

// The rows [num][n] themselves: [num / 16 rounded up][n][16].
std::vector<float> RowsSideBySide(std::span<const float> rows, size_t num, size_t n) {
  std::vector<float> blocks(RoundUp(num) * n, 0.0F);
  for (size_t r = 0; r < num; ++r) {
    for (size_t i = 0; i < n; ++i) {
      blocks[(r / kLanesAcross * n + i) * kLanesAcross + r % kLanesAcross] = rows[r * n + i];
    }
  }
  return blocks;
}

// Directions from the mean, [num][D]; a vector at the mean has none and stays zero.
std::vector<float> Directions(std::span<const float> sample, std::span<const float> mean) {
  const size_t n = mean.size();
  std::vector<float> directions(sample.size());
  for (size_t s = 0; s < sample.size() / n; ++s) {
    double length = 0;
    for (size_t i = 0; i < n; ++i) {
      const double y = static_cast<double>(sample[s * n + i]) - mean[i];
      length += y * y;
    }
    const double factor = length > 0 ? 1 / std::sqrt(length) : 0;
    for (size_t i = 0; i < n; ++i) {
      directions[s * n + i] = static_cast<float>((static_cast<double>(sample[s * n + i]) - mean[i]) * factor);
    }
  }
  return directions;
}

std::vector<float> MeanOf(std::span<const float> sample, size_t n) {
  std::vector<double> sums(n, 0);
  for (size_t s = 0; s < sample.size() / n; ++s) {
    for (size_t i = 0; i < n; ++i) sums[i] += sample[s * n + i];
  }
  std::vector<float> mean(n);
  for (size_t i = 0; i < n; ++i) mean[i] = static_cast<float>(sums[i] / static_cast<double>(sample.size() / n));
  return mean;
}

struct Axes {
  std::vector<double> rows;       // [num][D]
  std::vector<double> variances;  // [num], falling
};

class AxisFinder {
 public:
  AxisFinder(std::span<const float> directions, size_t n, const ScanKernels& kernels, int num_threads)
      : directions_(directions), num_(directions.size() / n), n_(n), kernels_(kernels), num_threads_(num_threads) {
    blocks_ = ColumnsSideBySide(directions, num_, n);
  }

  // All axes, from the whole matrix of second moments.
  Axes All() const {
    std::vector<double> moments(n_ * n_);
    InPieces(num_threads_, n_, 16, [&](size_t begin, size_t end) {
      std::vector<float> column(num_);
      for (size_t j = begin; j < end; ++j) {
        for (size_t s = 0; s < num_; ++s) column[s] = directions_[s * n_ + j];
        const std::vector<float> products = TimesDirections(column);
        for (size_t i = 0; i < n_; ++i) moments[j * n_ + i] = products[i] / static_cast<double>(num_);
      }
    });
    for (size_t j = 0; j < n_; ++j) {  // equal already but for the last bits
      for (size_t i = 0; i < j; ++i) moments[i * n_ + j] = moments[j * n_ + i];
    }
    EigenPairs pairs = SymmetricEigen(std::move(moments), n_);
    return {std::move(pairs.vectors), std::move(pairs.values)};
  }

  // The leading ones, by subspace iteration from random rows.   [Halko et al., arXiv:0909.4061]
  Axes Leading(size_t num_axes, uint64_t seed) const {
    Random random(seed);
    Axes axes{std::vector<double>(num_axes * n_), {}};
    for (double& x : axes.rows) x = random.Normal();
    Orthonormalize(axes.rows, num_axes);
    for (int round = 0; round < kRounds; ++round) {
      axes.rows = TimesMoments(axes.rows, num_axes);
      if (round + 1 < kRounds) Orthonormalize(axes.rows, num_axes);
    }
    Orthonormalize(axes.rows, num_axes);
    return Rotated(axes.rows, num_axes);
  }

 private:
  // sum_s x[s] * directions[s].
  std::vector<float> TimesDirections(std::span<const float> x) const {
    std::vector<float> products(RoundUp(n_), 0.0F);
    kernels_.project(blocks_.data(), products.data(), x.data(), static_cast<int64_t>(products.size() / kLanesAcross),
                     static_cast<int64_t>(num_), products.data());
    return products;
  }

  // Each row times the matrix of second moments, by way of its products with all directions.
  std::vector<double> TimesMoments(const std::vector<double>& rows, size_t num_rows) const {
    const std::vector<float> narrow(rows.begin(), rows.end());
    const std::vector<float> row_blocks = RowsSideBySide(narrow, num_rows, n_);
    const size_t width = RoundUp(num_rows);
    std::vector<float> products(num_ * width, 0.0F);  // [num][rows]
    InPieces(num_threads_, num_, 64, [&](size_t begin, size_t end) {
      for (size_t s = begin; s < end; ++s) {
        kernels_.project(row_blocks.data(), &products[s * width], &directions_[s * n_],
                         static_cast<int64_t>(width / kLanesAcross), static_cast<int64_t>(n_), &products[s * width]);
      }
    });
    std::vector<double> images(rows.size());
    InPieces(num_threads_, num_rows, 1, [&](size_t r, size_t) {
      std::vector<float> weights(num_);
      for (size_t s = 0; s < num_; ++s) weights[s] = products[s * width + r];
      const std::vector<float> image = TimesDirections(weights);
      for (size_t i = 0; i < n_; ++i) images[r * n_ + i] = image[i] / static_cast<double>(num_);
    });
    return images;
  }

  // Gram and Schmidt's, twice; a row that the others span is left out (zero).
  void Orthonormalize(std::vector<double>& rows, size_t num_rows) const {
    for (size_t r = 0; r < num_rows; ++r) {
      double* row = &rows[r * n_];
      for (int pass = 0; pass < 2; ++pass) {
        for (size_t other = 0; other < r; ++other) {
          const double* unit = &rows[other * n_];
          double product = 0;
          for (size_t i = 0; i < n_; ++i) product += row[i] * unit[i];
          for (size_t i = 0; i < n_; ++i) row[i] -= product * unit[i];
        }
      }
      double length = 0;
      for (size_t i = 0; i < n_; ++i) length += row[i] * row[i];
      const double factor = length > 1e-24 ? 1 / std::sqrt(length) : 0;
      for (size_t i = 0; i < n_; ++i) row[i] *= factor;
    }
  }

  // The axes within the span of orthonormal rows (Rayleigh and Ritz).
  Axes Rotated(const std::vector<double>& rows, size_t num_rows) const {
    const std::vector<double> images = TimesMoments(rows, num_rows);
    std::vector<double> inner(num_rows * num_rows);
    for (size_t a = 0; a < num_rows; ++a) {
      for (size_t b = 0; b <= a; ++b) {
        double sum = 0;
        for (size_t i = 0; i < n_; ++i) sum += rows[a * n_ + i] * images[b * n_ + i];
        inner[a * num_rows + b] = inner[b * num_rows + a] = sum;
      }
    }
    const EigenPairs pairs = SymmetricEigen(std::move(inner), num_rows);
    Axes axes{std::vector<double>(rows.size(), 0), pairs.values};
    for (size_t a = 0; a < num_rows; ++a) {
      for (size_t b = 0; b < num_rows; ++b) {
        const double share = pairs.vectors[a * num_rows + b];
        for (size_t i = 0; i < n_; ++i) axes.rows[a * n_ + i] += share * rows[b * n_ + i];
      }
    }
    return axes;
  }

  std::span<const float> directions_;
  size_t num_, n_;
  const ScanKernels& kernels_;
  int num_threads_;
  std::vector<float> blocks_;
};

}  // namespace

TrainedFrame TrainFrame(const VectorSpace& space, std::span<const float> sample, size_t max_code_bytes,
                        const ScanKernels& kernels, int num_threads, uint64_t seed) {
  const size_t n = static_cast<size_t>(space.dimensions);
  CHECK(!sample.empty() && sample.size() % n == 0);
  TrainedFrame frame;
  frame.mean = MeanOf(sample, n);
  const std::vector<float> directions = Directions(sample, frame.mean);
  const AxisFinder finder(directions, n, kernels, num_threads);
  const Axes axes = n <= kMaxCodeAxes ? finder.All() : finder.Leading(kMaxCodeAxes, seed);
  std::vector<double> variances = axes.variances;
  double known = 0;
  double total = 0;
  for (double& variance : variances) known += variance = std::max(variance, 0.0);
  for (const float t : directions) total += static_cast<double>(t) * t;
  total /= static_cast<double>(directions.size() / n);
  // What the axes not found hold is spread over them evenly, for want of knowing better.
  const size_t num_found = variances.size();
  for (size_t i = num_found; i < n; ++i) {
    variances.push_back(std::max(0.0, total - known) / static_cast<double>(n - num_found));
  }
  frame.layout = ChooseLayout(variances, max_code_bytes);
  const size_t num_axes = frame.layout.NumAxes();
  const size_t num_used = std::min(num_axes, num_found);
  std::vector<float> rows(num_axes * n, 0.0F);
  for (size_t i = 0; i < num_used * n; ++i) rows[i] = static_cast<float>(axes.rows[i]);
  frame.axes = RowsSideBySide(rows, num_axes, n);
  frame.steps.assign(num_axes, 0.0F);
  for (uint32_t a = 0; a < num_used; ++a) {
    frame.steps[a] = static_cast<float>(StepOf(frame.layout.BitsOf(a)) * std::sqrt(variances[a]));
  }
  return frame;
}

}  // namespace atelier
