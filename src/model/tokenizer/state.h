// The fast form of a TokenizerSpec: what Tokenizer's methods work on. Private to this folder.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/decoder.h"
#include "model/tokenizer/normalizer.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/spec.h"
#include "model/tokenizer/vocabulary.h"
#include "model/tokenizer/word_cache.h"
#include "model/tokenizer/word_model.h"

namespace atelier {

// What one call of Encode works with. Kept from call to call, so that the cache of words stays warm.
struct EncodeScratch {
  NormalizerScratch normalizer;
  PreTokenizerScratch pre_tokenizer;
  WordScratch word;
  WordCache cache;
};

// Hands out scratches; keeps as many as were ever in use at once, up to kKept.
class ScratchPool {
 public:
  std::unique_ptr<EncodeScratch> Take();
  void Give(std::unique_ptr<EncodeScratch> scratch);

 private:
  static constexpr size_t kKept = 8;  // 1.2 MB each
  std::mutex mutex_;
  std::vector<std::unique_ptr<EncodeScratch>> free_;
};

struct TokenizerState {
  explicit TokenizerState(std::vector<std::string> spellings) : vocabulary(std::move(spellings)) {}

  Vocabulary vocabulary;
  TokenModel kind = TokenModel::kBpe;
  std::vector<TokenType> types;     // by id
  std::vector<bool> special_flags;  // by id: Decode's skip_special leaves it out
  std::vector<bool> added_flags;    // by id: its spelling is its text
  std::vector<std::string> pieces;  // by id: bytes within a text, control tokens spelled out
  AddedTokens added_raw, added_normalized;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::unique_ptr<WordModel> model;
  TokenDecoder decoder;
  std::vector<TemplatePiece> single, pair;
  SpecialTokens special;
  std::vector<int32_t> end_of_generation;  // sorted
  mutable ScratchPool scratches;

  // The tokens of a text alone, without template: add_special counts for nothing.
  void EncodePlain(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& out) const;
  // Gives the words of a text to `sink`, and the tokens between them to `token`(id).
  template <class Token>
  void Walk(std::string_view text, const EncodeOptions& options, EncodeScratch& scratch, WordSink& sink,
            Token token) const {
    const TextMarks marks = options.continues ? TextMarks::kNone : TextMarks::kStart;
    added_raw.Cut(text, options.parse_special, [&](const AddedTokens::Part& raw) {
      if (raw.id >= 0) return token(raw.id);
      const bool first = pre_tokenizer.asks_for_start() && raw.text.data() == text.data();
      const size_t start = first ? normalizer.StartBytes(raw.text) : 0;
      const std::string_view normal = normalizer.Apply(raw.text, marks, scratch.normalizer);
      if (added_normalized.empty()) return pre_tokenizer.Split(normal, start, marks, scratch.pre_tokenizer, sink);
      added_normalized.Cut(normal, options.parse_special, [&](const AddedTokens::Part& part) {
        if (part.id >= 0) return token(part.id);
        const auto at = static_cast<size_t>(part.text.data() - normal.data());
        pre_tokenizer.Split(part.text, start > at ? start - at : 0, marks, scratch.pre_tokenizer, sink);
      });
    });
  }
};

}  // namespace atelier
