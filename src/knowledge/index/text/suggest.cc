// Completions and near spellings, from words of records that count.
#include <algorithm>
#include <map>
#include <set>

#include "knowledge/index/text/query_plan.h"
#include "knowledge/index/text/view_state.h"

namespace atelier {

namespace {

// Records read to find a term as people write it.
constexpr int kRecordsToRead = 8;
// A stem may be this much shorter than what was typed of its word.
constexpr size_t kStemShorter = 5;

struct Candidate {
  std::string term;
  uint32_t edits = 0;
  int64_t num_records = 0;
};

// Terms that begin so, and stems that the typed beginning may have outgrown.
std::set<std::string> Completions(const std::string& typed, const ViewStatistics& statistics) {
  TextClause clause;
  clause.kind = TextClause::Kind::kPrefix;
  clause.terms = {{typed, 0}};
  for (size_t cut = 1; cut <= kStemShorter && cut + 2 < typed.size(); ++cut) {
    clause.terms.push_back({typed.substr(0, typed.size() - cut), 0});
  }
  std::set<std::string> terms;
  for (size_t part = 0; part < statistics.parts().size(); ++part) {
    for (TermMatch& match : MatchTerms(clause, statistics.reader(part).dictionary)) terms.insert(std::move(match.term));
  }
  return terms;
}

// Terms near to the typed word or its stem, with how near.
std::map<std::string, uint32_t> NearTerms(const std::string& typed, const Analyzer& analyzer,
                                          const ViewStatistics& statistics) {
  TextClause clause;
  clause.kind = TextClause::Kind::kFuzzy;
  clause.edits = typed.size() < 4 ? 1 : 2;
  clause.terms = {{typed, 0}};
  const WordTerms stems = analyzer.Terms(typed);
  if (!stems.terms.empty() && stems.terms[0].text != typed) clause.terms.push_back({stems.terms[0].text, 0});
  std::map<std::string, uint32_t> terms;
  for (size_t part = 0; part < statistics.parts().size(); ++part) {
    for (const TermMatch& match : MatchTerms(clause, statistics.reader(part).dictionary))
      terms[match.term] = match.edits;
  }
  return terms;
}

class Suggester {
 public:
  Suggester(const ViewStatistics& statistics, const Analyzer& analyzer, const TextView::TextsOf& texts_of)
      : statistics_(statistics), analyzer_(analyzer), texts_of_(texts_of) {}

  // How many records that count have the term.
  int64_t Frequency(const std::string& term) const {
    std::vector<PostingList> lists;
    for (size_t part = 0; part < statistics_.parts().size(); ++part)
      lists.push_back(statistics_.reader(part).Find(term));
    return statistics_.DocumentFrequency(term, -1, lists);
  }

  // The term as the first records write it: a word that begins with `begin`, in small letters; empty if none does.
  std::string Written(const std::string& term, const std::string& begin) const {
    std::string word;
    int num_read = 0;
    for (uint32_t part = 0; part < statistics_.parts().size() && word.empty(); ++part) {
      ListCursor list = ListCursor::Of(statistics_.reader(part).Find(term));
      for (uint32_t window = 0; window < NumWindows(statistics_.reader(part)) && word.empty(); ++window) {
        if (list.At(window)) word = WrittenIn(part, list.window, term, begin, num_read);
      }
    }
    return word;
  }

 private:
  std::string WrittenIn(uint32_t part, const PostingWindow& window, const std::string& term, const std::string& begin,
                        int& num_read) const {
    std::vector<uint64_t> bits(kWindowRecords / 64);
    MarkRecords(statistics_.reader(part), window, -1, bits.data());
    const uint64_t* counted = statistics_.Counted(part, window.index());
    for (uint32_t record = 0; record < WindowRecords(statistics_.reader(part), window.index()); ++record) {
      const uint64_t word = counted == nullptr ? bits[record / 64] : bits[record / 64] & counted[record / 64];
      if ((word >> (record % 64) & 1) == 0) continue;
      if (++num_read > kRecordsToRead) return {};
      std::string written = InText(texts_of_(part, window.index() * kWindowRecords + record), term, begin);
      if (!written.empty()) return written;
    }
    return {};
  }

  std::string InText(const std::string& text, const std::string& term, const std::string& begin) const {
    for (Analyzer::Word word = Analyzer::NextWord(text, 0); word.begin < text.size();
         word = Analyzer::NextWord(text, word.next)) {
      const std::string_view bytes = std::string_view(text).substr(word.begin, word.end - word.begin);
      for (const WordTerms::Term& found : analyzer_.Terms(bytes).terms) {
        if (found.text != term) continue;
        std::string folded = analyzer_.Fold(bytes.substr(found.begin, found.end - found.begin));
        if (folded.starts_with(begin)) return folded;
      }
    }
    return {};
  }

  const ViewStatistics& statistics_;
  const Analyzer& analyzer_;
  const TextView::TextsOf& texts_of_;
};

// Takes the best candidates until there are `limit` suggestions.
void TakeBest(std::vector<Candidate> candidates, size_t limit, const std::string& begin, const Suggester& suggester,
              std::vector<TextSuggestion>& out) {
  std::erase_if(candidates, [](const Candidate& c) { return c.num_records == 0; });
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.edits != b.edits) return a.edits < b.edits;
    return a.num_records != b.num_records ? a.num_records > b.num_records : a.term < b.term;
  });
  for (const Candidate& candidate : candidates) {
    if (out.size() >= limit) return;
    std::string written = suggester.Written(candidate.term, begin);
    const bool known = std::any_of(out.begin(), out.end(), [&](const TextSuggestion& s) { return s.text == written; });
    if (!written.empty() && !known) out.push_back({std::move(written), candidate.num_records, candidate.edits});
  }
}

}  // namespace

std::vector<TextSuggestion> TextView::Suggest(std::string_view typed, int32_t limit, const Analyzer& analyzer,
                                              const TextsOf& texts_of) const {
  std::string_view last;
  for (Analyzer::Word word = Analyzer::NextWord(typed, 0); word.begin < typed.size();
       word = Analyzer::NextWord(typed, word.next)) {
    last = typed.substr(word.begin, word.end - word.begin);
  }
  std::vector<TextSuggestion> out;
  const std::string folded = analyzer.Fold(last);
  if (folded.empty() || limit <= 0) return out;
  const ViewStatistics& statistics = state_->statistics;
  const Suggester suggester(statistics, analyzer, texts_of);
  std::vector<Candidate> candidates;
  for (const std::string& term : Completions(folded, statistics))
    candidates.push_back({term, 0, suggester.Frequency(term)});
  TakeBest(std::move(candidates), static_cast<size_t>(limit), folded, suggester, out);
  if (out.size() >= static_cast<size_t>(limit)) return out;
  candidates.clear();
  for (const auto& [term, edits] : NearTerms(folded, analyzer, statistics)) {
    if (edits > 0) candidates.push_back({term, edits, suggester.Frequency(term)});
  }
  TakeBest(std::move(candidates), static_cast<size_t>(limit), "", suggester, out);
  return out;
}

}  // namespace atelier
