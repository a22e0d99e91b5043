// What turns one word into ids. Implementations are immutable and thread-safe; what they need while they work lies
// in a WordScratch, which one thread uses at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tokenizer/merge_queue.h"
#include "model/tokenizer/spec.h"
#include "model/tokenizer/vocabulary.h"

namespace atelier {

struct MergeStep {
  uint32_t left, right;  // symbols; WordModel::SymbolText spells them
  uint32_t rank;
};

struct WordScratch {
  std::vector<uint32_t> symbols, next, previous, pairs;
  MergeQueue queue;
  uint64_t num_offers = 0;  // pairs looked up for the queue; what a test of cost counts
  struct Best {
    double score;
    int32_t id;
    uint32_t from;
  };
  std::vector<Best> best;
  std::vector<MergeStep>* merges = nullptr;  // where merges are written down, if anyone wants them
};

class WordModel {
 public:
  virtual ~WordModel() = default;
  // Appends the ids of `word`.   REQUIRES: !word.empty().
  virtual void Encode(std::string_view word, WordScratch& scratch, std::vector<int32_t>& out) const = 0;
  // The bytes of a symbol that a MergeStep names.
  virtual std::string SymbolText(uint32_t symbol) const = 0;
};

// `vocabulary` must outlive the result; `spec` need not.
Result<std::unique_ptr<WordModel>> MakeBpe(const TokenizerSpec& spec, const Vocabulary& vocabulary);
Result<std::unique_ptr<WordModel>> MakeUnigram(const TokenizerSpec& spec, const Vocabulary& vocabulary);
// WordPiece, and WordLevel.
Result<std::unique_ptr<WordModel>> MakeWordPiece(const TokenizerSpec& spec, const Vocabulary& vocabulary);

}  // namespace atelier
