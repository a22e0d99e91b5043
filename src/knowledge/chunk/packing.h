// Chooses where a text is cut, among places that a method offers, each with what cutting there costs.
//
// A chunking costs the sum of its cuts and, for each chunk, the square of the share of the limit that it leaves empty;
// the cheapest is found by dynamic programming over the places. So chunks are full where nothing speaks for a cut, even
// where a text is a little over a limit (two halves, not a whole and a rest), and a negative cost is a place that wants
// to be cut (a heading). What one never wants apart has no place between.
#pragma once

#include <cstdint>
#include <vector>

#include "knowledge/chunk/measure.h"

namespace atelier {

struct CutPlace {
  int64_t at = 0;
  double cost = 0;
};

// The parts that `span` is cut into, without white space at their ends. Each fits `limit`: where the places are too far
// apart, there are cuts between sentences, words or characters.
//   places   by `at`, within the span; of those that stand very close together the cheapest are looked at
//   COST: linear in the text.
std::vector<TextSpan> Pack(const Measure& measure, TextSpan span, std::vector<CutPlace> places, int64_t limit);

// Adds to `places`, where `span` does not fit `limit`, cuts between its sentences, and between words and characters of
// sentences that do not fit.
void AddProsePlaces(const Measure& measure, TextSpan span, int64_t limit, double cost, std::vector<CutPlace>& places);

// Lets each part begin earlier, at a sentence or else a word, by at most `overlap`, as far as it fits `limit`.
void Overlap(const Measure& measure, int64_t overlap, int64_t limit, std::vector<TextSpan>& parts);

}  // namespace atelier
