#include "knowledge/support.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text/sentences.h"
#include "knowledge/specifics.h"

namespace atelier {
namespace {

constexpr uint32_t kNear = 4;  // places between two terms that still follow each other: words left out between them

struct Term {
  std::string text;
  uint32_t position = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Terms that are neither stop words nor numbers (these are judged apart), in order.
std::vector<Term> TermsOf(std::string_view text, const Analyzer& analyzer) {
  std::vector<Term> terms;
  analyzer.Analyze(text, [&](const TextToken& token) {
    if (IsDigit(token.term[0]) || analyzer.IsStopWord(text.substr(token.begin, token.end - token.begin))) return;
    terms.push_back({std::string(token.term), token.position});
  });
  return terms;
}

template <class T>
double ShareMissing(const std::vector<T>& wanted, const std::vector<T>& there) {
  if (wanted.empty()) return 0;
  const auto missing = std::count_if(wanted.begin(), wanted.end(), [&](const T& one) {
    return std::find(there.begin(), there.end(), one) == there.end();
  });
  return static_cast<double>(missing) / static_cast<double>(wanted.size());
}

bool SaysNo(std::string_view text) {
  static constexpr std::array<std::string_view, 11> kWords = {
      "not", "no", "never", "without", "none", "cannot", "nor", "neither", "nothing", "nobody", "nowhere"};
  int64_t count = 0;
  for (Analyzer::Word word = Analyzer::NextWord(text, 0); word.begin < text.size();
       word = Analyzer::NextWord(text, word.end)) {
    std::string spelt(text.substr(word.begin, word.end - word.begin));
    std::transform(spelt.begin(), spelt.end(), spelt.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool contracted = spelt.ends_with("n't") || spelt.ends_with("n’t");
    count += contracted || std::find(kWords.begin(), kWords.end(), spelt) != kWords.end();
    // Where a word ends at its apostrophe, "don't" comes as "don" and "t".
    count += spelt == "t" && word.begin > 1 && text[word.begin - 1] == '\'' && text[word.begin - 2] == 'n';
  }
  return count % 2 == 1;
}

double ShareOfTerms(const std::vector<Term>& terms, const std::vector<Term>& there) {
  if (terms.empty()) return 0;
  std::set<std::string_view> found;
  for (const Term& term : there) found.insert(term.text);
  const auto shared = std::count_if(terms.begin(), terms.end(), [&](const Term& t) { return found.contains(t.text); });
  return static_cast<double>(shared) / static_cast<double>(terms.size());
}

double ShareOfPairs(const std::vector<Term>& terms, const std::vector<Term>& there) {
  if (terms.size() < 2) return ShareOfTerms(terms, there);
  std::map<std::string_view, std::vector<uint32_t>> places;
  for (const Term& term : there) places[term.text].push_back(term.position);
  int64_t shared = 0;
  for (size_t i = 0; i + 1 < terms.size(); ++i) {
    const auto first = places.find(terms[i].text), second = places.find(terms[i + 1].text);
    if (first == places.end() || second == places.end()) continue;
    shared += std::any_of(first->second.begin(), first->second.end(), [&](uint32_t a) {
      return std::any_of(second->second.begin(), second->second.end(),
                         [a](uint32_t b) { return b >= a && b - a <= kNear + 1; });
    });
  }
  return static_cast<double>(shared) / static_cast<double>(terms.size() - 1);
}

// The sentence of the quote that shares most with the claim.
std::string_view NearestSentence(const std::vector<Term>& claim, std::string_view quote, const Analyzer& analyzer) {
  std::string_view nearest = quote;
  double best = -1;
  for (const std::string_view sentence : SplitSentences(quote)) {
    const double share = ShareOfTerms(claim, TermsOf(sentence, analyzer));
    if (share > best) best = share, nearest = sentence;
  }
  return nearest;
}

// One wrong number or name makes a claim wrong, however many are right: the first counts most.
double AnyAndShare(double any, double share, double missing) { return missing > 0 ? any + share * missing : 0; }

}  // namespace

SupportFigures SupportFiguresOf(std::string_view claim, std::string_view quote, const Analyzer& analyzer) {
  const std::vector<Term> terms = TermsOf(claim, analyzer), there = TermsOf(quote, analyzer);
  SupportFigures figures;
  figures.terms = ShareOfTerms(terms, there);
  figures.pairs = ShareOfPairs(terms, there);
  figures.numbers_missing = ShareMissing(NumbersOf(claim), NumbersOf(quote));
  const std::vector<std::string> wanted = NamesOf(claim);
  std::vector<std::string> words;
  for (Analyzer::Word word = Analyzer::NextWord(quote, 0); word.begin < quote.size();
       word = Analyzer::NextWord(quote, word.end)) {
    words.emplace_back(quote.substr(word.begin, word.end - word.begin));
  }
  figures.names_missing = ShareMissing(wanted, words);
  figures.negation_differs = SaysNo(claim) != SaysNo(NearestSentence(terms, quote, analyzer));
  return figures;
}

std::string_view WhatItSays(std::string_view claim, const Analyzer& analyzer) {
  const auto says_something = [&](std::string_view text) {
    return TermsOf(text, analyzer).size() > 1 || !NumbersOf(text).empty() || !NamesOf(text).empty();
  };
  const size_t colon = claim.find(':');
  if (colon != claim.npos && (colon + 1 == claim.size() || !says_something(claim.substr(0, colon)))) {
    claim.remove_prefix(colon + 1);
  }
  return says_something(claim) ? claim : std::string_view();
}

double Support(const SupportFigures& figures) {
  const double x = -6.5 + 5 * figures.terms + 5 * figures.pairs - AnyAndShare(4, 2, figures.numbers_missing) -
                   AnyAndShare(2.5, 1.5, figures.names_missing) - 4 * figures.negation_differs;
  return 1 / (1 + std::exp(-x));
}

}  // namespace atelier
