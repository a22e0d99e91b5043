#include "knowledge/load/gray_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace atelier {
namespace {

constexpr int64_t kMaxPixels = 200'000'000;
constexpr size_t kMaxPoints = 100'000;  // of ink that are looked at
constexpr size_t kMinPoints = 500;
constexpr double kMaxDegrees = 10;

// The shade that parts ink from paper best.   [Otsu 1979]
int Threshold(const GrayPicture& picture) {
  std::array<double, 256> counts{};
  for (const uint8_t shade : picture.pixels) ++counts[shade];
  double total = 0, sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    sum += static_cast<double>(i) * counts[i];
  }
  double below = 0, sum_below = 0, best = -1;
  int threshold = 128;
  for (size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    sum_below += static_cast<double>(i) * counts[i];
    if (below == 0 || below == total) continue;
    const double difference = sum_below / below - (sum - sum_below) / (total - below);
    const double between = below * (total - below) * difference * difference;
    if (between > best) {
      best = between;
      threshold = static_cast<int>(i);
    }
  }
  return threshold;
}

struct Point {
  float x, y;
};

std::vector<Point> InkOf(const GrayPicture& picture) {
  const int threshold = Threshold(picture);
  const auto is_ink = [&](uint8_t shade) { return shade <= threshold; };
  const auto count = static_cast<size_t>(std::ranges::count_if(picture.pixels, is_ink));
  const size_t step = count / kMaxPoints + 1;
  std::vector<Point> points;
  size_t seen = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      if (is_ink(picture.at(x, y)) && seen++ % step == 0) {
        points.push_back({static_cast<float>(x), static_cast<float>(y)});
      }
    }
  }
  return points;
}

// How sharply rows of ink and gaps change under an angle.
double Sharpness(const std::vector<Point>& points, const GrayPicture& picture, double degrees) {
  const double radians = degrees * std::numbers::pi / 180;
  const auto sine = static_cast<float>(std::sin(radians));
  const auto cosine = static_cast<float>(std::cos(radians));
  constexpr float kRow = 2;  // pixels
  const float lowest = -static_cast<float>(picture.width) * std::abs(sine);
  const auto num_rows = static_cast<size_t>((static_cast<float>(picture.height) - 2 * lowest) / kRow) + 2;
  std::vector<double> rows(num_rows, 0);
  for (const Point& point : points) {
    const float row = (point.y * cosine - point.x * sine - lowest) / kRow;
    ++rows[std::min(static_cast<size_t>(std::max(row, 0.0F)), num_rows - 1)];
  }
  double sharpness = 0;
  for (size_t i = 1; i < rows.size(); ++i) sharpness += (rows[i] - rows[i - 1]) * (rows[i] - rows[i - 1]);
  return sharpness;
}

}  // namespace

Result<GrayPicture> ParsePgm(std::string_view bytes) {
  if (!bytes.starts_with("P5")) return Error::Invalid({}, "got no PGM picture");
  std::array<int64_t, 3> numbers{};
  size_t at = 2;
  for (int64_t& number : numbers) {
    at = bytes.find_first_not_of(" \t\r\n", at);
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9' && number < 1'000'000; ++at) {
      number = number * 10 + (bytes[at] - '0');
    }
    at = std::min(at, bytes.size());
  }
  const auto [width, height, most] = numbers;
  if (width < 1 || height < 1 || width * height > kMaxPixels || most != 255 ||
      static_cast<int64_t>(bytes.size()) < static_cast<int64_t>(at) + 1 + width * height) {
    return Error::Invalid({}, "got a PGM picture of " + std::to_string(width) + " x " + std::to_string(height) +
                                  " in " + std::to_string(bytes.size()) + " bytes");
  }
  GrayPicture picture{static_cast<int>(width), static_cast<int>(height), {}};
  const std::string_view pixels = bytes.substr(at + 1, static_cast<size_t>(width * height));
  picture.pixels.assign(pixels.begin(), pixels.end());
  return picture;
}

std::string WritePgm(const GrayPicture& picture) {
  std::string bytes = "P5\n" + std::to_string(picture.width) + " " + std::to_string(picture.height) + "\n255\n";
  bytes.append(picture.pixels.begin(), picture.pixels.end());
  return bytes;
}

bool IsBlank(const GrayPicture& picture) {
  std::array<int64_t, 256> counts{};
  for (const uint8_t shade : picture.pixels) ++counts[shade];
  const auto paper = std::ranges::max_element(counts) - counts.begin();
  int64_t ink = 0;
  for (int64_t shade = 0; shade < 256; ++shade) {
    if (std::abs(shade - paper) > 48) ink += counts[static_cast<size_t>(shade)];
  }
  return ink < static_cast<int64_t>(picture.pixels.size()) / 20'000;  // a few letters on a page
}

double SkewOf(const GrayPicture& picture) {
  const std::vector<Point> points = InkOf(picture);
  if (points.size() < kMinPoints) return 0;
  double best = 0;
  double best_sharpness = Sharpness(points, picture, 0);
  const auto look = [&](double from, double to, double step) {
    for (int i = 0; from + i * step <= to + step / 2; ++i) {
      const double degrees = from + i * step;
      const double sharpness = Sharpness(points, picture, degrees);
      if (sharpness > best_sharpness) {
        best_sharpness = sharpness;
        best = degrees;
      }
    }
  };
  look(-kMaxDegrees, kMaxDegrees, 0.5);
  look(best - 0.5, best + 0.5, 0.05);
  return best;
}

GrayPicture Straightened(const GrayPicture& picture, double degrees) {
  const double radians = degrees * std::numbers::pi / 180;
  const double sine = std::sin(radians), cosine = std::cos(radians);
  GrayPicture out;
  out.width = static_cast<int>(picture.width * cosine + picture.height * std::abs(sine)) + 1;
  out.height = static_cast<int>(picture.height * cosine + picture.width * std::abs(sine)) + 1;
  out.pixels.assign(static_cast<size_t>(out.width) * static_cast<size_t>(out.height), 255);
  const double middle_x = picture.width / 2.0, middle_y = picture.height / 2.0;
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const double dx = x - out.width / 2.0, dy = y - out.height / 2.0;
      const double from_x = dx * cosine - dy * sine + middle_x, from_y = dx * sine + dy * cosine + middle_y;
      const int left = static_cast<int>(std::floor(from_x)), top = static_cast<int>(std::floor(from_y));
      if (left < 0 || top < 0 || left + 1 >= picture.width || top + 1 >= picture.height) continue;
      const double right_part = from_x - left, bottom_part = from_y - top;
      const double shade =
          (picture.at(left, top) * (1 - right_part) + picture.at(left + 1, top) * right_part) * (1 - bottom_part) +
          (picture.at(left, top + 1) * (1 - right_part) + picture.at(left + 1, top + 1) * right_part) * bottom_part;
      out.pixels[static_cast<size_t>(y) * static_cast<size_t>(out.width) + static_cast<size_t>(x)] =
          static_cast<uint8_t>(shade + 0.5);
    }
  }
  return out;
}

}  // namespace atelier
