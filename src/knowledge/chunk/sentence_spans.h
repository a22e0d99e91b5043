// The sentences of a document as spans, none over a limit.
#pragma once

#include <vector>

#include "knowledge/chunk/measure.h"

namespace atelier {

// Whole sentences; one that is over `limit` in parts that are not.
std::vector<TextSpan> SentenceSpans(const Measure& measure, int64_t limit);

}  // namespace atelier
