#include "knowledge/index/vector/code_frame.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace atelier {

namespace {

double LengthOf(std::span<const float> vector) {
  double sum = 0;
  for (const float x : vector) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

// What a code's values lie around.
float MiddleOf(int bits) { return static_cast<float>((1 << bits) - 1) / 2; }

}  // namespace

CodeFrame TrainedFrame::View(const VectorSpace& space) const {
  return {.dimensions = space.dimensions,
          .distances = space.similarity == Similarity::kL2,
          .layout = layout,
          .mean = mean,
          .axes = axes,
          .steps = steps};
}

double Coordinates(const CodeFrame& frame, const ScanKernels& kernels, std::span<const float> vector,
                   std::span<float> coordinates) {
  CHECK(coordinates.size() == frame.NumAxes() && vector.size() == frame.mean.size());
  std::vector<float> y(vector.size());
  for (size_t i = 0; i < y.size(); ++i) y[i] = vector[i] - frame.mean[i];
  std::fill(coordinates.begin(), coordinates.end(), 0.0F);
  kernels.project(frame.axes.data(), coordinates.data(), y.data(), static_cast<int64_t>(frame.NumAxes() / 16),
                  frame.dimensions, coordinates.data());
  return LengthOf(y);
}

CodedVector WriteCode(const CodeFrame& frame, std::span<const float> coordinates, double length, uint32_t in_block,
                      std::span<std::byte> block) {
  CodedVector coded;
  if (frame.distances) coded.addend = static_cast<float>(-length * length);
  if (length == 0) return coded;
  double within = 0;   // t * t
  double overlap = 0;  // t * u
  for (uint32_t i = 0; i < coordinates.size(); ++i) {
    const float step = frame.steps[i];
    if (step == 0) continue;
    const int bits = frame.layout.BitsOf(i);
    const float t = static_cast<float>(coordinates[i] / length);
    const float levels = static_cast<float>(1 << bits);
    const float code = std::clamp(std::floor(t / step + levels / 2), 0.0F, levels - 1);
    within += static_cast<double>(t) * t;
    overlap += static_cast<double>(t) * (code - MiddleOf(bits)) * step;
    const CodeLayout::Place place = frame.layout.PlaceOf(i, in_block);
    block[place.byte] |= static_cast<std::byte>(static_cast<uint32_t>(code) << place.shift);
  }
  coded.captured = static_cast<float>(within);
  if (overlap > 0) coded.factor = static_cast<float>(length * within / overlap);
  return coded;
}

CodeQuery::CodeQuery(const CodeFrame& frame, const ScanKernels& kernels, std::span<const float> vector)
    : coordinates(frame.NumAxes(), 0.0F), weights(frame.NumAxes() / 4, 0) {
  std::vector<float> p(vector.begin(), vector.end());
  if (frame.distances) {
    double distance = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      p[i] -= frame.mean[i];
      distance += static_cast<double>(p[i]) * p[i];
      p[i] *= 2;
    }
    constant = -distance;
  } else {
    for (size_t i = 0; i < p.size(); ++i) constant += static_cast<double>(p[i]) * frame.mean[i];
  }
  length = static_cast<float>(LengthOf(p));
  kernels.project(frame.axes.data(), coordinates.data(), p.data(), static_cast<int64_t>(frame.NumAxes() / 16),
                  frame.dimensions, coordinates.data());
  float largest = 0;
  for (size_t i = 0; i < coordinates.size(); ++i)
    largest = std::max(largest, std::fabs(coordinates[i] * frame.steps[i]));
  scale = largest / 127;
  if (!(scale > 0) || !std::isfinite(scale)) {
    scale = 0;
    return;
  }
  float middle = 0;
  for (uint32_t i = 0; i < coordinates.size(); ++i) {
    const float weight = std::nearbyint(coordinates[i] * frame.steps[i] / scale);
    reinterpret_cast<int8_t*>(weights.data())[i] = static_cast<int8_t>(std::clamp(weight, -127.0F, 127.0F));
    middle += weight * MiddleOf(frame.layout.BitsOf(i));
  }
  offset = -scale * middle;
}

}  // namespace atelier
