// What a vocabulary file says, whatever its format: the parts of the pipeline and their settings. FromGguf and
// FromJson fill it; Tokenizer::FromSpec checks it and builds the fast form. The vocabulary of parts is that of
// tokenizer.json (PyPI package `tokenizers`), to which GGUF's kinds are reduced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/word_rule.h"

namespace atelier {

// A pattern of tokenizer.json: a plain text or a regular expression (Oniguruma's syntax).
struct PatternSpec {
  std::string text{};
  bool is_regex = false;
};

struct NormalizerSpec {
  enum class Kind : uint8_t {
    kNfc,
    kNfd,
    kNfkc,
    kNfkd,
    kLowercase,
    kStrip,          // spaces at the ends, see left, right
    kStripAccents,   // all combining marks
    kPrepend,        // `content` before what is not empty
    kReplace,        // `pattern` by `content`
    kBert,           // clean_text, chinese, strip_accents, lowercase
    kNmt,            // SentencePiece's "nmt" clean-up
    kByteChars,      // each byte as a character of GPT-2's alphabet
    kCharsmap,       // SentencePiece's precompiled map, as `tokenizers` applies it: per grapheme, first match
    kSentencePiece,  // the map as SentencePiece applies it (longest match), then spaces: see below
  };
  Kind kind = Kind::kNfc;
  bool left = true, right = true;
  std::string content{};
  PatternSpec pattern{};
  bool clean_text = true, chinese = true, strip_accents = true, lowercase = true;
  std::string charsmap{};
  // kSentencePiece
  bool merge_spaces = true;  // runs of spaces become one, those at the ends none
  bool space_prefix = true;  // a space before (after, if as_suffix) the text
  bool as_suffix = false;
  bool escape_spaces = true;  // write U+2581 for a space
};

enum class SplitBehavior : uint8_t { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };
enum class PrependScheme : uint8_t { kAlways, kFirst, kNever };

struct PreTokenizerSpec {
  enum class Kind : uint8_t {
    kWords,        // `words`; pieces cover the text
    kRuns,         // `runs`; matches and gaps are pieces
    kDigitGroups,  // `digits`
    kPattern,      // `pattern`, `behavior`, `invert`
    kSpaces,       // each White_Space character is a match
    kPunctuation,  // each punctuation character (BERT's) is a match
    kNumeric,      // each number character is a match
    kMetaspace,    // ' ' becomes `content`; one is put before by `prepend`; split before each if `split`
    kPrefixSpace,  // ' ' before what does not begin with one
    kByteChars,    // from here on pieces are seen in GPT-2's byte alphabet; with `invert`, words are bytes again
    kFixedLength,  // `length` characters each
  };
  Kind kind = Kind::kWords;
  WordRule words{};
  RunRule runs{};
  DigitGroups digits{};
  PatternSpec pattern{};
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;
  std::string content = "\xE2\x96\x81";  // U+2581
  PrependScheme prepend = PrependScheme::kAlways;
  bool split = true;
  int64_t length = 1;
};

struct DecoderSpec {
  enum class Kind : uint8_t {
    kByteLevel,     // GPT-2's byte alphabet back to bytes
    kByteFallback,  // <0xNN> to bytes
    kReplace,       // `pattern` by `content`
    kFuse,          // all pieces become one
    kStrip,         // up to start / stop characters `content` from each piece's ends
    kMetaspace,     // `content` to ' '; none at the beginning unless prepend is kNever
    kWordPiece,     // ' ' between words; `content` glues; `cleanup`
    kBpe,           // `content` ends a word: ' ', nothing at the end of the text
  };
  Kind kind = Kind::kByteLevel;
  PatternSpec pattern{};
  std::string content{};
  int64_t start = 0, stop = 0;
  PrependScheme prepend = PrependScheme::kAlways;
  bool cleanup = true;
};

struct AddedTokenSpec {
  int32_t id = 0;
  std::string content{};
  bool special = false;      // left out by Decode's skip_special; found only with parse_special
  bool normalized = false;   // looked for after normalisation
  bool lstrip = false;       // takes the spaces before it
  bool rstrip = false;       // takes the spaces after it
  bool single_word = false;  // only between non-word characters
};

// A place in the template around one or two texts.
struct TemplatePiece {
  enum class Kind : uint8_t { kToken, kFirst, kSecond };
  Kind kind = Kind::kToken;
  int32_t id = 0;  // kToken
  int32_t type_id = 0;
};

enum class TokenModel : uint8_t {
  kBpe,        // merges in order of rank
  kScoredBpe,  // SentencePiece's: the best-scored neighbours whose union is a piece
  kUnigram,
  kWordPiece,
  kWordLevel,  // a word is a piece, or unk
};

struct TokenizerSpec {
  std::string where;  // for errors: a path, "tokenizer.json"

  TokenModel model = TokenModel::kBpe;
  std::vector<std::string> pieces;                          // by id, as spelled; an empty one is an id without a piece
  std::vector<TokenType> types;                             // by id; empty: all normal
  std::vector<double> scores;                               // by id; kScoredBpe and kUnigram
  std::vector<std::pair<std::string, std::string>> merges;  // kBpe, in order of rank

  // BPE and unigram
  bool byte_level = false;     // pieces are spelled in GPT-2's byte alphabet and text is taken as bytes
  bool byte_fallback = false;  // characters without a piece become <0xNN>
  bool fuse_unk = false;       // neighbouring unknown characters become one unk
  bool ignore_merges = false;  // a word that is a piece is that piece, whatever the merges say
  bool spelled_out = false;    // unigram: a text that spells a byte or control piece is that piece, as in `tokenizers`
  bool newline_runs = false;   // as ignore_merges, for words of line feeds alone
  bool keep_unknown_bytes = false;  // where a character has no piece and no fallback: leave it out (GGUF) or unk
  std::string continuing_prefix;    // before pieces that do not begin a word ("##")
  std::string end_of_word_suffix;   // after pieces that end one ("</w>")
  int64_t max_word_chars = 100;     // WordPiece: longer words are unk

  std::vector<NormalizerSpec> normalizers;
  std::vector<PreTokenizerSpec> pre_tokenizers;
  std::vector<DecoderSpec> decoders;
  std::vector<AddedTokenSpec> added_tokens;
  std::vector<TemplatePiece> single, pair;
  SpecialTokens special;
  std::vector<int32_t> end_of_generation;  // beside eos and eot
};

}  // namespace atelier
