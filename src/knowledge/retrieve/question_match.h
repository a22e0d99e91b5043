// Where a question's terms stand in texts.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "knowledge/index/text/analyzer.h"

namespace atelier {

// A term of the question at a place of a text.
struct TermHit {
  uint32_t term = 0;   // of QuestionMatch::num_terms()
  uint32_t place = 0;  // of the text, from 0
};

struct TextMatch {
  std::vector<TermHit> hits;  // by place
  uint32_t num_places = 0;
  uint64_t exact = 0;  // bit i: the i-th identifier or number of the question is there
};

// Not thread-safe: it remembers the words it has seen.
class QuestionMatch {
 public:
  static constexpr size_t kMaxTerms = 64;  // of longer questions the first
  static constexpr size_t kMaxExact = 64;

  // A pair of different terms that are neighbours in the question.
  struct Pair {
    uint32_t first = 0, second = 0;
    uint32_t distance = 1;  // in places
  };

  // `analyzer` outlives it.
  QuestionMatch(const Analyzer& analyzer, std::string_view question);

  size_t num_terms() const { return num_terms_; }
  size_t num_exact() const { return exact_.size(); }
  const std::vector<Pair>& pairs() const { return pairs_; }

  TextMatch In(std::string_view text);
  // Of the question's terms, and so many more that stand nowhere, the share that stands in any of these.
  double ShareIn(std::span<const std::string_view> texts, double more);

 private:
  struct Word {
    std::vector<TermHit> hits;  // places counted from the word's first
    uint32_t num_places = 0;
    uint64_t exact = 0;
  };
  const Word& Look(std::string_view word);

  const Analyzer& analyzer_;
  std::map<std::string, uint32_t, std::less<>> terms_;
  std::map<std::string, uint32_t, std::less<>> exact_;  // folded
  std::vector<Pair> pairs_;
  size_t num_terms_ = 0;
  std::unordered_map<std::string, Word> seen_;
};

}  // namespace atelier
