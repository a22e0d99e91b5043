// Where the words of a phrase stand together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "knowledge/index/text/query_plan.h"

namespace atelier {

// Positions of one term in one field of one record.
struct PositionRun {
  const uint8_t* packed = nullptr;
  uint64_t first = 0;  // index of the first
  uint32_t count = 0;
  int bits = 0;
  uint32_t operator[](uint32_t i) const { return UnpackOne(packed, first + i, bits); }
};

// How often the phrase stands there: exactly, each place counts 1; with slop, a place that is `moves` away from the
// phrase's order counts 1 / (1 + moves). Words that are the same need places of their own.
float CountPhrase(std::span<const PositionRun> runs, const PlannedClause& clause);

// Calls visit(record, tf) for each record of the window where the phrase stands, in order. `lists` are those of the
// phrase's leaf in this part, all At the window.
void ForEachPhrase(const TextSegment::Reader& reader, std::span<const ListCursor> lists, const PlannedClause& clause,
                   void (*visit)(void* context, uint32_t record, float tf), void* context);

}  // namespace atelier
