// A picture in shades of gray, and how far its lines of text are askew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

struct GrayPicture {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;  // rows from the top; 0 is black

  uint8_t at(int x, int y) const {
    return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

// "P5", width, height, 255, bytes.   [Netpbm, PGM]   Errors: kInvalid.
Result<GrayPicture> ParsePgm(std::string_view bytes);
std::string WritePgm(const GrayPicture& picture);

// Whether nothing is on it: next to no pixel is far from the paper's shade.
bool IsBlank(const GrayPicture& picture);

// By how many degrees its lines of text fall to the right (positive) or rise, between -10 and 10, to 0.05: the angle
// under which rows of ink and gaps between them differ most. 0 where there is too little ink to say.
double SkewOf(const GrayPicture& picture);
// The picture turned so that such lines are level, on white, with all of its corners.
GrayPicture Straightened(const GrayPicture& picture, double degrees);

}  // namespace atelier
