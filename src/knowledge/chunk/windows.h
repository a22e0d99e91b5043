// Windows of one size that move over a text.
#pragma once

#include <vector>

#include "knowledge/chunk/measure.h"

namespace atelier {

enum class WindowBorders : uint8_t { kAnywhere, kWords };

// Each as long as limits.limit lets, each beginning limits.overlap before the end of the one before; with kWords both
// move back to a border of words where there is one in the second half.
std::vector<TextSpan> Windows(const Measure& measure, const ChunkLimits& limits, WindowBorders borders);

}  // namespace atelier
