// From text to the ids a model reads, and back.
//
//   text → added tokens cut out → normaliser → pre-tokenizer (words) → model (ids) → template
//
// The four models are byte-pair encoding over bytes (GPT-2, Llama 3, Qwen), byte-pair encoding over characters
// (SentencePiece: by score in GGUF, by merge list in tokenizer.json), unigram (T5, XLM-R) and WordPiece (BERT).
// A TokenizerSpec (spec.h) says which parts a vocabulary has; GGUF metadata and tokenizer.json both fill one.
//
// A Tokenizer is immutable; every method may be called from any thread at once. Encoding costs O(n) at worst
// whatever the text (a megabyte of one letter included) and does not allocate per word.
//
// Bytes: where the vocabulary holds all bytes and has no normaliser, Decode(Encode(x)) == x for every byte string.
// Bytes that are not UTF-8 are carried through one by one; pre-tokenizers see each as a symbol (like U+FFFD).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

class GgufFile;
struct TokenizerSpec;
struct TokenizerState;

// As GGUF numbers them (tokenizer.ggml.token_type).
enum class TokenType : uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,      // structure, never text: <s>, <|im_end|>, [CLS]
  kUserDefined = 4,  // text that is always one token
  kUnused = 5,
  kByte = 6,  // <0x0A>
};

// Ids that have a role; -1 where the vocabulary has none.
struct SpecialTokens {
  int32_t bos = -1;
  int32_t eos = -1;
  int32_t eot = -1;  // ends a turn of a chat
  int32_t pad = -1;
  int32_t unk = -1;
  int32_t cls = -1;
  int32_t sep = -1;
  int32_t mask = -1;
  int32_t fim_prefix = -1;  // fill in the middle
  int32_t fim_suffix = -1;
  int32_t fim_middle = -1;
  int32_t fim_repo = -1;  // before the name of a project
  int32_t fim_file = -1;  // before the name of a file
};

struct EncodeOptions {
  bool add_special = true;     // what the model wants around a text: <s>, [CLS] … [SEP]; often nothing
  bool parse_special = false;  // text that spells a control token becomes it; else it is encoded as plain text
  bool continues = false;      // the text goes on from another: nothing is put before it that marks a beginning
};

// A control token in a text that tells it from the same characters written out: its spelling between two bytes that no
// text has.
std::string ControlText(std::string_view spelling);
inline constexpr char kControlBegin = '\xFF', kControlEnd = '\xFE';

class Tokenizer;
// Control tokens that a text spells, as ControlText.
std::string MarkControlTokens(const Tokenizer& tokenizer, std::string_view text);

struct DecodeOptions {
  bool skip_special = true;   // leave control tokens out
  bool mark_special = false;  // Detokenizer: or write them as ControlText
  bool continues = false;     // Detokenizer: the text goes on from another, so each token adds its Piece
};

// What happens to a text that is over max_tokens.
enum class Truncation { kError, kCut };

// One or two texts as a BERT-like model reads them; all of the same length.
struct PairEncoding {
  std::vector<int32_t> ids;
  std::vector<int32_t> type_ids;  // 0 for the first text and what surrounds it, 1 for the second (by the template)
  bool truncated = false;
};

// How a text became tokens, for people.
struct ExplainedMerge {
  std::string left, right;  // bytes
  int64_t rank = 0;         // order among merges; smaller goes first
};
struct ExplainedToken {
  int32_t id = 0;
  TokenType type = TokenType::kNormal;
  std::string spelling;  // as the vocabulary writes it: "Ġthe", "▁the", "##ing", "<0x0A>"
  std::string bytes;     // what it stands for
};
struct ExplainedWord {
  std::string text;  // after normalisation
  std::vector<ExplainedToken> tokens;
  std::vector<ExplainedMerge> merges;  // in the order they were made; empty for unigram and WordPiece
};

class Tokenizer {
 public:
  // From tokenizer.ggml.* metadata. The file need not outlive the tokenizer.
  static Result<std::shared_ptr<const Tokenizer>> FromGguf(const GgufFile& file);
  // From the text of a tokenizer.json and, where there is one, of the tokenizer_config.json beside it (it names
  // the special tokens). A component that is not known is an error that names it.
  static Result<std::shared_ptr<const Tokenizer>> FromJson(std::string_view tokenizer_json,
                                                           std::string_view tokenizer_config_json = {});
  static Result<std::shared_ptr<const Tokenizer>> FromSpec(TokenizerSpec spec);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // REQUIRES: text.size() < 2^31.
  std::vector<int32_t> Encode(std::string_view text, const EncodeOptions& options = {}) const;
  // Appends to `out`; otherwise the same.
  void EncodeTo(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& out) const;
  // One text, or two for cross-encoders, with the model's template around them. Where they exceed max_tokens,
  // kError gives both numbers and kCut shortens the longer text, token by token, until they fit.
  Result<PairEncoding> EncodePair(std::string_view first, std::optional<std::string_view> second, int64_t max_tokens,
                                  Truncation truncation) const;
  std::vector<ExplainedWord> Explain(std::string_view text, const EncodeOptions& options = {}) const;

  // The bytes that `ids` stand for; those out of range count as nothing. May end inside a character.
  std::string Decode(std::span<const int32_t> ids, const DecodeOptions& options = {}) const;
  // The same as text: what is not UTF-8 becomes U+FFFD, exactly as `tokenizers` decodes.
  std::string DecodeText(std::span<const int32_t> ids, const DecodeOptions& options = {}) const;

  int32_t vocab_size() const;
  bool Contains(int32_t id) const { return id >= 0 && id < vocab_size(); }
  // The bytes that a token adds within a text ("Ġthe" and "▁the" are " the"); empty for control tokens and for
  // ids out of range. Lives as long as the tokenizer.
  std::string_view Piece(int32_t id) const;
  // As the vocabulary writes it. Lives as long as the tokenizer.
  std::string_view Spelling(int32_t id) const;
  // The id that the vocabulary spells so.
  std::optional<int32_t> Find(std::string_view spelling) const;

  const SpecialTokens& special() const;
  TokenType Type(int32_t id) const;
  bool IsControl(int32_t id) const { return Type(id) == TokenType::kControl; }
  bool IsByte(int32_t id) const { return Type(id) == TokenType::kByte; }
  // Control, unknown, and added tokens that are marked special.
  bool IsSpecial(int32_t id) const;
  // Whether generation ends with it: eos, eot and what other vocabularies call so. Sorted ids.
  bool IsEndOfGeneration(int32_t id) const;
  std::span<const int32_t> end_of_generation() const;
  // Whether Encode puts bos before, or eos (sep) after, a text by default.
  bool adds_bos() const;
  bool adds_eos() const;
  // "bpe", "spm", "unigram", "wordpiece" or "wordlevel".
  std::string_view model_name() const;

 private:
  friend class Detokenizer;
  explicit Tokenizer(std::unique_ptr<TokenizerState> state);
  // The bytes of a token that begins a text: some vocabularies drop a blank there.
  std::string FirstPiece(int32_t id) const;
  std::unique_ptr<TokenizerState> state_;
};

// Turns ids into text as they come. What it has returned so far is always whole UTF-8 characters: bytes that may
// still become one wait; bytes that cannot become U+FFFD. One thread; the tokenizer must outlive it.
class Detokenizer {
 public:
  explicit Detokenizer(const Tokenizer& tokenizer, const DecodeOptions& options = {});

  // The text that `id` completes; may be empty.
  std::string Push(int32_t id);
  // What still waits, as U+FFFD. Afterwards it is as new.
  std::string Flush();
  // Bytes that wait for the rest of their character (at most 3).
  std::string_view pending() const { return pending_; }

 private:
  const Tokenizer* tokenizer_;
  DecodeOptions options_;
  bool at_start_ = true;
  std::string pending_;
};

}  // namespace atelier
