#include "knowledge/index/text/query_plan.h"

#include <algorithm>

#include "knowledge/index/text/near_spelling.h"

namespace atelier {

namespace {

std::vector<TermMatch> MatchPrefix(const TextClause& clause, const TermDictionary& dictionary) {
  std::vector<TermMatch> matches;
  const std::string& prefix = clause.terms[0].text;
  TermCursor cursor(dictionary);
  for (bool more = cursor.Seek(prefix); more && cursor.term().starts_with(prefix); more = cursor.Next()) {
    matches.push_back({cursor.term(), 1, 0, cursor.postings()});
  }
  for (size_t i = 1; i < clause.terms.size(); ++i) {
    const std::string& stem = clause.terms[i].text;
    const std::span<const uint8_t> postings = dictionary.Find(stem);
    if (!postings.empty() && !stem.starts_with(prefix)) matches.push_back({stem, 1, 0, postings});
  }
  return matches;
}

std::vector<TermMatch> MatchFuzzy(const TextClause& clause, const TermDictionary& dictionary) {
  std::vector<TermMatch> matches;
  std::vector<NearSpelling> spellings;
  for (const TextClause::Term& term : clause.terms) spellings.emplace_back(term.text, clause.edits);
  TermCursor cursor(dictionary);
  while (cursor.Next()) {
    uint32_t edits = clause.edits + 1;
    for (NearSpelling& spelling : spellings) edits = std::min(edits, spelling.Distance(cursor.term(), cursor.shared()));
    if (edits > clause.edits) continue;
    matches.push_back({cursor.term(), 1.0f / static_cast<float>(1 + edits), edits, cursor.postings()});
  }
  return matches;
}

QueryLeaf PlanTerm(const std::string& term, int32_t field, const ViewStatistics& statistics) {
  QueryLeaf leaf;
  std::vector<PostingList> lists;
  for (size_t part = 0; part < statistics.parts().size(); ++part) {
    lists.push_back(statistics.reader(part).Find(term));
    leaf.lists.push_back({ListCursor::Of(lists.back())});
  }
  leaf.weight = static_cast<float>(statistics.Weight(statistics.DocumentFrequency(term, field, lists)));
  return leaf;
}

QueryLeaf PlanAnyOf(const TextClause& clause, const ViewStatistics& statistics) {
  QueryLeaf leaf;
  leaf.kind = QueryLeaf::Kind::kAnyOf;
  std::vector<std::vector<PostingList>> lists;
  for (size_t part = 0; part < statistics.parts().size(); ++part) {
    const TextSegment::Reader& reader = statistics.reader(part);
    leaf.lists.emplace_back();
    lists.emplace_back();
    std::vector<TermMatch> matches = MatchTerms(clause, reader.dictionary);
    std::sort(matches.begin(), matches.end(), [](const TermMatch& a, const TermMatch& b) { return a.term < b.term; });
    for (const TermMatch& match : matches) {
      lists.back().emplace_back(match.postings, reader.num_records);
      leaf.lists.back().push_back(ListCursor::Of(lists.back().back(), match.scale));
    }
  }
  leaf.weight = static_cast<float>(statistics.Weight(statistics.UnionFrequency(clause.field, lists)));
  return leaf;
}

QueryLeaf PlanPhrase(const TextClause& clause, const ViewStatistics& statistics) {
  QueryLeaf leaf;
  leaf.kind = QueryLeaf::Kind::kPhrase;
  leaf.lists.resize(statistics.parts().size());
  double weight = 0;
  for (const TextClause::Term& term : clause.terms) {
    std::vector<PostingList> lists;
    for (size_t part = 0; part < statistics.parts().size(); ++part) {
      lists.push_back(statistics.reader(part).Find(term.text));
      if (lists.back().df() > 0) leaf.lists[part].push_back(ListCursor::Of(lists.back()));
    }
    weight += statistics.Weight(statistics.DocumentFrequency(term.text, clause.field, lists));
  }
  for (std::vector<ListCursor>& lists : leaf.lists) {
    if (lists.size() < clause.terms.size()) lists.clear();
  }
  leaf.weight = static_cast<float>(weight);
  return leaf;
}

PlannedClause PlanClause(const TextClause& clause, const ViewStatistics& statistics) {
  PlannedClause planned;
  planned.occur = clause.occur;
  planned.field = clause.field;
  planned.slop = clause.slop;
  switch (clause.kind) {
    case TextClause::Kind::kWord:
      for (const TextClause::Term& term : clause.terms)
        planned.leaves.push_back(PlanTerm(term.text, clause.field, statistics));
      break;
    case TextClause::Kind::kPrefix:
    case TextClause::Kind::kFuzzy: planned.leaves.push_back(PlanAnyOf(clause, statistics)); break;
    case TextClause::Kind::kPhrase:
      planned.leaves.push_back(PlanPhrase(clause, statistics));
      for (size_t i = 0; i < clause.terms.size(); ++i) {
        planned.offsets.push_back(clause.terms[i].offset);
        size_t first = 0;
        while (clause.terms[first].text != clause.terms[i].text) ++first;
        planned.same_as.push_back(static_cast<uint32_t>(first));
      }
      break;
  }
  return planned;
}

}  // namespace

std::vector<TermMatch> MatchTerms(const TextClause& clause, const TermDictionary& dictionary) {
  return clause.kind == TextClause::Kind::kPrefix ? MatchPrefix(clause, dictionary) : MatchFuzzy(clause, dictionary);
}

std::vector<PlannedClause> PlanQuery(const TextQuery& query, const ViewStatistics& statistics) {
  std::vector<PlannedClause> planned;
  for (const TextClause& clause : query.clauses) {
    if (!clause.terms.empty()) planned.push_back(PlanClause(clause, statistics));
  }
  return planned;
}

}  // namespace atelier
