// Which parts of a text a query found.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "knowledge/index/text/analyzer.h"
#include "knowledge/index/text/text_query.h"

namespace atelier {

struct HighlightSpan {
  size_t begin = 0;  // bytes of the text
  size_t end = 0;
  bool operator==(const HighlightSpan&) const = default;
};

// Words of the query's clauses in `text` (a field's text: clauses bound to another field than `field` are left out;
// -1: of all), in order, none overlapping. Of a phrase only words that stand in it; of -clauses none.
std::vector<HighlightSpan> Highlights(std::string_view text, const TextQuery& query, const Analyzer& analyzer,
                                      int32_t field = -1);

}  // namespace atelier
