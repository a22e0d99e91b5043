// Words for PostgreSQL's full-text search, analysed as everywhere else (analyzer.h): its own parser and stemmers are
// not asked, so that identifiers, numbers and CJK texts match there as they do here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {

// A text's terms and places as a tsvector. What PostgreSQL's cannot hold is left out: places beyond the 16,383rd become
// that one, and of a term 256 places are kept.
std::string WordVector(std::string_view text, const Analyzer& analyzer);

// Two tsqueries: what a record must match, and what it is ranked by. Empty: there is nothing to search for.
struct WordQuery {
  std::string match, rank;
};

// What text_query.h reads, but near spellings (fuzzy~) and loose phrases ("a b"~3): kUnsupported names the part.
// Fields are the weights A (title), B (headings), C (context), D (body).
Result<WordQuery> ReadWordQuery(std::string_view text, const Analyzer& analyzer);

}  // namespace atelier
