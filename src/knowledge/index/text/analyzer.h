// Text becomes terms: what documents and queries are compared by.
//
// A text is cut into words, and each word, by itself, gives the same terms wherever it stands:
//   case        folded, and compatibility forms joined (NFKC: "ﬁ" is "fi", full-width letters are plain)
//   stems       of the language, by Snowball; then accents of Latin letters are dropped ("Café" meets "cafe")
//   identifiers whole and in parts: HybridIndex and hybrid_index give "hybridindex" and, at the same place, "hybrid",
//               "index". Parts end at '_', at a capital after a small letter or digit, and before the last capital of
//               several that a small letter follows (HTTPServer); a part of one letter is not split off (mRNA).
//   numbers     3.14 gives "3.14" and, at the same place, "3", "14"
//   CJK         Han, Hiragana, Katakana and Hangul have no spaces to trust: each pair of neighbours is a term, and the
//               last character of a run alone; so "character*" finds a character wherever it stands
// Everything else separates. Words of more than 256 bytes are cut there. Stop words are terms like all others (phrases
// need them); queries leave them out where they have better words.
//
// Any bytes are a text: what is not UTF-8 separates.   Thread-safe: each thread should use its own (a mutex guards the
// stemmer).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

// A term of a text. Several may stand at one position: an identifier and its first part.
struct TextToken {
  std::string_view term;  // lives during the call
  uint32_t position = 0;  // number of the place in the text, from 0
  size_t begin = 0;       // bytes of the text that it came from
  size_t end = 0;
  bool whole = false;  // an identifier or number that its parts follow
};

// What a word gives: terms with their places from the word's first.
struct WordTerms {
  struct Term {
    std::string text;
    uint32_t offset = 0;
    uint32_t begin = 0, end = 0;  // bytes of the word
    bool whole = false;
  };
  std::vector<Term> terms;  // by offset, a whole before its first part
  uint32_t num_places = 0;  // places it takes
};

class Analyzer {
 public:
  // `language`: "en", "de", "fr", ... (ISO 639-1, of those libstemmer has), or "none": no stems, no stop words.
  // Errors: kInvalid names the languages there are.
  static Result<Analyzer> Create(const std::string& language);
  Analyzer(Analyzer&&) noexcept;
  Analyzer& operator=(Analyzer&&) noexcept;
  ~Analyzer();

  static std::vector<std::string> Languages();

  void Analyze(std::string_view text, const std::function<void(const TextToken&)>& visit) const;

  // The next word of `text` from `at` on: its bytes, [begin, end); begin == text.size() where there is none. The one
  // after it is looked for from `next`: of CJK characters that is before `end`, for each is a word with its neighbour.
  struct Word {
    size_t begin = 0;
    size_t end = 0;
    size_t next = 0;
    bool cjk = false;
  };
  static Word NextWord(std::string_view text, size_t at);
  static constexpr uint32_t kMaxTermsOfWord = 257;
  // The terms of a word that NextWord found.   COST: a microsecond; callers with many words keep the answers.
  WordTerms Terms(std::string_view word) const;

  // By the word as written (case does not matter).
  bool IsStopWord(std::string_view word) const;
  // Case-folded, not stemmed: what prefixes and near spellings are looked up by.
  std::string Fold(std::string_view word) const;
  const std::string& language() const { return language_; }

 private:
  struct State;
  explicit Analyzer(std::string language, std::unique_ptr<State> state);
  std::string Stem(std::string_view folded) const;
  std::string language_;
  std::unique_ptr<State> state_;
};

}  // namespace atelier
