// Cuts text into the words that a model encodes one by one: the steps of a vocabulary, run depth first, so that the
// first word comes out before the text is cut to its end and nothing is kept but one buffer a step.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/tokenizer/spec.h"

namespace atelier {

class TokenRegex;

// Who is given the words. A word is valid during the call only.
class WordSink {
 public:
  virtual ~WordSink() = default;
  virtual void Word(std::string_view word) = 0;
};

// Whether a blank or another mark is put before a text that begins; none is before one that goes on from another.
enum class TextMarks : uint8_t { kStart, kNone };

using PieceSpan = std::pair<size_t, size_t>;  // [begin, end)

// All matches of a pattern of tokenizer.json.
class PatternMatcher {
 public:
  static Result<PatternMatcher> Create(const PatternSpec& spec);
  PatternMatcher();
  PatternMatcher(PatternMatcher&&) noexcept;
  PatternMatcher& operator=(PatternMatcher&&) noexcept;
  ~PatternMatcher();
  // Appends them in order. Bytes that are not UTF-8 are seen as control characters.
  void FindAll(std::string_view text, std::vector<PieceSpan>& matches) const;

 private:
  std::string literal_;
  std::unique_ptr<TokenRegex> regex_;
};

// Buffers of one call of Split; may be used again for the next.
struct PreTokenizerScratch {
  struct Level {
    std::string text;
    std::vector<PieceSpan> matches;
    std::vector<std::pair<PieceSpan, bool>> pieces;
  };
  std::vector<Level> levels;
  std::string decoded;
};

class PreTokenizer {
 public:
  static Result<PreTokenizer> Create(std::vector<PreTokenizerSpec> specs);
  PreTokenizer();
  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  // Gives the words of `text` to `sink` in order; none is empty.
  //   start   how many bytes of `text` stand for the first character of the whole input; 0 for none. Metaspace's
  //           "first" marks what begins among them.
  void Split(std::string_view text, size_t start, TextMarks marks, PreTokenizerScratch& scratch, WordSink& sink) const;
  // Whether `start` matters.
  bool asks_for_start() const { return asks_for_start_; }

 private:
  struct Run;
  std::vector<PreTokenizerSpec> steps_;
  std::vector<PatternMatcher> matchers_;  // by step
  bool asks_for_start_ = false;
};

}  // namespace atelier
