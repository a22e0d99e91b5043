// Byte-pair encoding: neighbours merge, lowest rank first, leftmost among equals, until none can.
//
// One algorithm serves merges by list (rank: place in the list) and SentencePiece's merges by score (any neighbours
// whose union is a piece; rank: place of its score, equal scores sharing one). Symbols are ids; those beyond the
// vocabulary stand for characters and for merged texts that have no id of their own and become bytes in the end.
//
// Short words keep the merge of each neighbouring pair in an array and look for the least; long ones use a linked
// list and a queue (merge_queue.h), linear in the word.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/word_model.h"

namespace atelier {

// (left symbol, right symbol) → merge, by open addressing. A slot packs left (21 bits), right (21) and merge (22).
class PairTable {
 public:
  static constexpr uint32_t kMaxSymbols = 1u << 21;
  static constexpr uint32_t kMaxMerges = (1u << 22) - 1;
  static constexpr uint32_t kNone = kMaxMerges;

  void Reserve(size_t num_pairs);
  // Keeps what is there already.   REQUIRES: room was reserved; symbols and merge are below their bounds.
  void Add(uint32_t left, uint32_t right, uint32_t merge);
  uint32_t Find(uint32_t left, uint32_t right) const {
    if ((left | right) >= kMaxSymbols) return kNone;  // what cannot merge has a number above
    const uint64_t key = Key(left, right);
    for (size_t slot = Hash(key);; slot = (slot + 1) & mask_) {
      const uint64_t packed = slots_[slot];
      if ((packed >> 22) == key) return static_cast<uint32_t>(packed & kMaxMerges);
      if (packed == kFree) return kNone;
    }
  }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  static uint64_t Key(uint32_t left, uint32_t right) { return (uint64_t{left} << 21) | right; }
  size_t Hash(uint64_t key) const { return static_cast<size_t>((key * 0x9E3779B97F4A7C15u) >> shift_) & mask_; }

  std::vector<uint64_t> slots_;
  size_t mask_ = 0;
  int shift_ = 60;
};

class BpeModel final : public WordModel {
 public:
  static Result<std::unique_ptr<WordModel>> Create(const TokenizerSpec& spec, const Vocabulary& vocabulary);

  void Encode(std::string_view word, WordScratch& scratch, std::vector<int32_t>& out) const override;
  std::string SymbolText(uint32_t symbol) const override;

 private:
  struct Merge {
    uint32_t rank;
    uint32_t merged;
  };
  static constexpr uint32_t kUnknown = ~uint32_t{0};

  explicit BpeModel(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}
  Result<void> AddListedMerges(const TokenizerSpec& spec);
  Result<void> AddScoredMerges(const TokenizerSpec& spec);
  void FindBytes();
  // The symbol spelled so, made if need be.
  uint32_t SymbolFor(const std::string& spelling);
  uint32_t FindSymbol(std::string_view spelling) const;
  int32_t WholeWord(std::string_view word) const;
  void PushSymbols(std::string_view word, WordScratch& scratch) const;
  void PushCharacter(std::string_view word, size_t at, size_t size, std::string& spelling, WordScratch& scratch) const;
  void MergeShort(WordScratch& scratch) const;
  void MergeLong(WordScratch& scratch) const;
  void Offer(uint32_t place, WordScratch& scratch) const;
  void Emit(uint32_t symbol, bool& after_unknown, std::vector<int32_t>& out) const;

  const Vocabulary& vocabulary_;
  PairTable pairs_;
  std::vector<Merge> merges_;
  size_t num_ranks_ = 0;            // all ranks are below
  std::vector<std::string> extra_;  // spellings of symbols beyond the vocabulary
  std::unordered_map<std::string, uint32_t> extra_index_;
  std::array<uint32_t, 256> byte_symbols_{};  // of bytes (byte level) or of ASCII characters
  std::array<int32_t, 256> fallback_{};       // ids of <0xNN>, -1 where there is none
  bool all_fallback_ = false;
  int32_t unk_ = -1;
  bool byte_level_ = false, ignore_merges_ = false, newline_runs_ = false, fuse_unk_ = false, scored_ = false;
  bool byte_fallback_ = false;
  std::string prefix_, suffix_;
  std::vector<std::string> raw_;  // bytes by id, for whole words of byte-level vocabularies
  StringIndex raw_index_;
};

}  // namespace atelier
