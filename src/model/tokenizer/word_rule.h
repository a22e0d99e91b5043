// Splitting text into words without a regular-expression engine.
//
// The regular expressions by which byte-pair vocabularies split text ("pre-tokenizers") are variations of two themes:
// an ordered choice of contraction, letters, digits, symbols, line ends and spaces (WordRule), and runs of one class
// of characters (RunRule). Both walk the text once with a table of ASCII classes. pre_names.cc says which regular
// expression each stands for, and the tests hold them to it.
//
// A splitter is asked for one piece after the other: given where a piece begins it returns where that piece ends.
// Pieces cover the text; what no alternative matches is a piece too, as long as it gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/tokenizer/unicode.h"

namespace atelier {

// 's 't 're 've 'm 'll 'd
enum class Contraction : uint8_t {
  kNone,
  kLower,    // as written
  kAnyCase,  // [sS], [rR][eE], …
  kFolded,   // (?i:…): any case, and U+017F for s
};

enum class Letters : uint8_t {
  kAfterSpace,        //  ?\p{L}+
  kAfterAny,          // [^\r\n\p{L}\p{N}]?\p{L}+
  kMarkedAfterAny,    // [^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+
  kCased,             // [^\r\n\p{L}\p{N}]?U*l+ | [^\r\n\p{L}\p{N}]?U+l*, U = Lu Lt Lm Lo M, l = Ll Lm Lo M
  kAfterPunctuation,  // ASCII punctuation and [A-Za-z]+ | [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
  kPhrases,           // [^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+
};

enum class Symbols : uint8_t {
  kNotWord,        //  ?[^\s\p{L}\p{N}]+
  kNotMarkedWord,  //  ?[^\s\p{L}\p{M}\p{N}]+
  kPunctuation,    //  ?[\p{P}\p{S}]+
};

// What may follow symbols.
enum class SymbolTail : uint8_t { kNone, kNewlines, kNewlinesAndSlashes, kOneNewlineOrSlash };

// Nothing special; \s*[\r\n]+ (and \s*[\r\n], which matches the same); [\r\n] alone.
enum class LineEnds : uint8_t { kNone, kRun, kAlone };

struct WordRule {
  Contraction leading = Contraction::kNone;   // first choice of all
  Contraction trailing = Contraction::kNone;  // glued to letters (kCased)
  Letters letters = Letters::kAfterSpace;
  bool han_apart = false;           // runs of Han characters come first and are no letters
  bool numbers = true;              // whether digits are a choice at all
  bool number_after_space = false;  //  ?\p{N}+
  uint8_t max_digits = 0;           // \p{N}{1,n}; 0 for \p{N}+
  Symbols symbols = Symbols::kNotWord;
  SymbolTail tail = SymbolTail::kNone;
  LineEnds line_ends = LineEnds::kNone;
  bool space_cascade = false;  // spaces in powers of two instead of \s+(?!\S)|\s+
};

// A closed range of code points.
struct WordRuleRange {
  char32_t first, last;
};

// One kind of run: prefix? then least to most characters of a set.
struct RunRule {
  enum class Prefix : uint8_t { kNone, kSpace, kAnySpace };  // nothing, a blank, \s
  Prefix prefix = Prefix::kNone;
  CharClass classes = 0;                    // in the set if in any of these…
  std::span<const WordRuleRange> ranges{};  // …or in one of these, sorted
  bool inverted = false;                    // the set is all others
  uint32_t least = 1;
  uint32_t most = 0xFFFFFFFF;
  bool only_at_end = false;  // matches only what ends the text
};

// Runs of digits cut into threes from the right: 1|234|567.
struct DigitGroups {
  CharClass classes = kClassNumber;
  bool at_word_end = false;  // only where no letter, mark or connector follows
  bool cuts_only = false;    // the cuts before threes and no others: a1|234|567b
};

// What the splitter of one text remembers from piece to piece, so that a run that becomes many pieces is measured
// once. New for each text.
struct SplitState {
  const char* run_end = nullptr;
  size_t run_left = 0;  // characters from here to run_end
};

// Each returns the end of the piece that begins at p.
// REQUIRES: p < end.   COST: all pieces of a text together, linear in the text.
const char* NextWord(const WordRule& rule, const char* p, const char* end, SplitState& state);
const char* NextRun(const RunRule& rule, const char* p, const char* end);
const char* NextDigitGroup(const DigitGroups& rule, const char* p, const char* end, SplitState& state);

}  // namespace atelier
