#include "knowledge/retrieve/question_match.h"

#include <algorithm>
#include <set>

namespace atelier {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

// Whether a word is one whose spelling counts: it has a digit, an underscore, or a capital that begins no word.
bool IsExact(std::string_view word) {
  if (std::ranges::any_of(word, [](char c) { return IsDigit(c) || c == '_'; })) return true;
  return std::ranges::any_of(word.substr(std::min<size_t>(word.size(), 1)), IsCapital);
}

}  // namespace

QuestionMatch::QuestionMatch(const Analyzer& analyzer, std::string_view question) : analyzer_(analyzer) {
  std::vector<TextToken> tokens;
  std::set<std::string, std::less<>> kept;
  std::vector<std::pair<std::string, uint32_t>> places;  // of terms, stop words among them
  std::vector<bool> stops;
  analyzer.Analyze(question, [&](const TextToken& token) {
    places.emplace_back(token.term, token.position);
    stops.push_back(analyzer.IsStopWord(question.substr(token.begin, token.end - token.begin)));
  });
  const bool only_stops = std::ranges::all_of(stops, [](bool stop) { return stop; });
  std::vector<TermHit> hits;
  for (size_t i = 0; i < places.size(); ++i) {
    if (stops[i] && !only_stops) continue;
    const auto known = terms_.find(places[i].first);
    if (known == terms_.end() && num_terms_ == kMaxTerms) continue;
    if (known == terms_.end()) terms_[places[i].first] = static_cast<uint32_t>(num_terms_++);
    hits.push_back({terms_[places[i].first], places[i].second});
  }
  for (size_t i = 0; i + 1 < hits.size(); ++i) {
    const TermHit &first = hits[i], &second = hits[i + 1];
    if (first.place == second.place || first.term == second.term) continue;  // an identifier and its part; a repetition
    pairs_.push_back({first.term, second.term, second.place - first.place});
  }
  for (auto word = Analyzer::NextWord(question, 0); word.begin < question.size();
       word = Analyzer::NextWord(question, word.next)) {
    const std::string_view written = question.substr(word.begin, word.end - word.begin);
    if (word.cjk || !IsExact(written) || exact_.size() == kMaxExact) continue;
    exact_.emplace(analyzer.Fold(written), static_cast<uint32_t>(exact_.size()));
  }
}

const QuestionMatch::Word& QuestionMatch::Look(std::string_view word) {
  const auto [entry, is_new] = seen_.try_emplace(std::string(word));
  Word& known = entry->second;
  if (!is_new) return known;
  const WordTerms terms = analyzer_.Terms(word);
  known.num_places = terms.num_places;
  for (const WordTerms::Term& term : terms.terms) {
    if (const auto found = terms_.find(term.text); found != terms_.end()) {
      known.hits.push_back({found->second, term.offset});
    }
  }
  if (!exact_.empty()) {
    const auto found = exact_.find(analyzer_.Fold(word));
    if (found != exact_.end()) known.exact = uint64_t{1} << found->second;
  }
  return known;
}

TextMatch QuestionMatch::In(std::string_view text) {
  TextMatch match;
  for (auto at = Analyzer::NextWord(text, 0); at.begin < text.size(); at = Analyzer::NextWord(text, at.next)) {
    const Word& word = Look(text.substr(at.begin, at.end - at.begin));
    for (const TermHit& hit : word.hits) match.hits.push_back({hit.term, match.num_places + hit.place});
    match.num_places += word.num_places;
    match.exact |= word.exact;
  }
  return match;
}

double QuestionMatch::ShareIn(std::span<const std::string_view> texts, double more) {
  std::set<uint32_t> there;
  for (const std::string_view text : texts) {
    for (const TermHit& hit : In(text).hits) there.insert(hit.term);
  }
  return there.empty() ? 0 : static_cast<double>(there.size()) / (static_cast<double>(num_terms_) + more);
}

}  // namespace atelier
