#include "knowledge/index/text/highlight.h"

#include <algorithm>

#include "knowledge/index/text/near_spelling.h"

namespace atelier {

namespace {

struct Found {
  std::string term;
  uint32_t position = 0;
  size_t begin = 0, end = 0;
};

// True if the clause, of any kind but a phrase, finds this term.
bool Finds(const TextClause& clause, std::vector<NearSpelling>& spellings, const std::string& term) {
  const auto equal = [&](const TextClause::Term& wanted) { return wanted.text == term; };
  switch (clause.kind) {
    case TextClause::Kind::kPrefix:
      return term.starts_with(clause.terms[0].text) || std::any_of(clause.terms.begin() + 1, clause.terms.end(), equal);
    case TextClause::Kind::kFuzzy:
      return std::any_of(spellings.begin(), spellings.end(),
                         [&](NearSpelling& spelling) { return spelling.Distance(term) <= clause.edits; });
    default: return std::any_of(clause.terms.begin(), clause.terms.end(), equal);
  }
}

void MarkWords(const TextClause& clause, const std::vector<Found>& text, std::vector<HighlightSpan>& spans) {
  std::vector<NearSpelling> spellings;
  if (clause.kind == TextClause::Kind::kFuzzy) {
    for (const TextClause::Term& term : clause.terms) spellings.emplace_back(term.text, clause.edits);
  }
  for (const Found& found : text) {
    if (Finds(clause, spellings, found.term)) spans.push_back({found.begin, found.end});
  }
}

// The first place of a term at or after `from` and at most `to`.
const Found* FindIn(const std::vector<Found>& text, const std::string& term, int64_t from, int64_t to) {
  auto at = std::lower_bound(text.begin(), text.end(), from,
                             [](const Found& found, int64_t position) { return found.position < position; });
  for (; at != text.end() && at->position <= to; ++at) {
    if (at->term == term) return &*at;
  }
  return nullptr;
}

void MarkPhrases(const TextClause& clause, const std::vector<Found>& text, std::vector<HighlightSpan>& spans) {
  for (const Found& first : text) {
    for (const TextClause::Term& anchor : clause.terms) {
      if (first.term != anchor.text) continue;
      const int64_t start = static_cast<int64_t>(first.position) - anchor.offset;
      std::vector<HighlightSpan> found;
      for (const TextClause::Term& term : clause.terms) {
        const Found* at =
            &term == &anchor ? &first : FindIn(text, term.text, start + term.offset, start + term.offset + clause.slop);
        if (at == nullptr) break;
        found.push_back({at->begin, at->end});
      }
      if (found.size() == clause.terms.size()) spans.insert(spans.end(), found.begin(), found.end());
      if (clause.slop == 0) break;
    }
  }
}

}  // namespace

std::vector<HighlightSpan> Highlights(std::string_view text, const TextQuery& query, const Analyzer& analyzer,
                                      int32_t field) {
  std::vector<Found> found;
  analyzer.Analyze(text, [&](const TextToken& token) {
    found.push_back({std::string(token.term), token.position, token.begin, token.end});
  });
  std::vector<HighlightSpan> spans;
  for (const TextClause& clause : query.clauses) {
    if (clause.occur == TextClause::Occur::kMustNot || clause.terms.empty()) continue;
    if (clause.field >= 0 && field >= 0 && clause.field != field) continue;
    clause.kind == TextClause::Kind::kPhrase ? MarkPhrases(clause, found, spans) : MarkWords(clause, found, spans);
  }
  std::sort(spans.begin(), spans.end(), [](const HighlightSpan& a, const HighlightSpan& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::vector<HighlightSpan> joined;
  for (const HighlightSpan& span : spans) {
    if (!joined.empty() && span.begin < joined.back().end) {
      joined.back().end = std::max(joined.back().end, span.end);
    } else {
      joined.push_back(span);
    }
  }
  return joined;
}

}  // namespace atelier
