// A set of things numbered from 0, a bit each: which records of a segment are live, visible, or pass a filter.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"

namespace atelier {

// How many bits are set.   COST: about 3 GB/s; with the CPU's instruction 20 GB/s.
uint32_t CountBits(std::span<const uint64_t> words);

class Bitmap {
 public:
  Bitmap() = default;
  // Of `size` things, none or all of them in the set.
  explicit Bitmap(uint32_t size, bool all = false) : size_(size), words_((size + 63) / 64, all ? ~uint64_t{0} : 0) {
    ClearTail();
  }

  uint32_t size() const { return size_; }
  bool Has(uint32_t at) const { return words_[at / 64] >> (at % 64) & 1; }
  void Add(uint32_t at) { words_[at / 64] |= uint64_t{1} << (at % 64); }
  void Remove(uint32_t at) { words_[at / 64] &= ~(uint64_t{1} << (at % 64)); }

  uint32_t Count() const { return CountBits(words_); }
  // Adds the things of `words`, which are as words() has them.   REQUIRES: as many.
  void OrWords(std::span<const uint64_t> words) {
    CHECK(words.size() == words_.size());
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= words[i];
    ClearTail();
  }
  // REQUIRES of these: the same size.
  Bitmap& operator&=(const Bitmap& other) {
    CHECK(size_ == other.size_);
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  Bitmap& operator|=(const Bitmap& other) {
    CHECK(size_ == other.size_);
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  // Removes the things of `other`.   REQUIRES: the same size.
  Bitmap& operator-=(const Bitmap& other) {
    CHECK(size_ == other.size_);
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  void Flip() {
    for (uint64_t& word : words_) word = ~word;
    ClearTail();
  }
  // Calls visit(at) for each thing of the set, in order.
  template <class Visit>
  void ForEach(Visit visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(word))));
      }
    }
  }
  // 64 things a word, the first in the lowest bit; bits beyond size() are 0.
  const std::vector<uint64_t>& words() const { return words_; }
  bool operator==(const Bitmap&) const = default;

 private:
  void ClearTail() {
    if (size_ % 64 != 0) words_.back() &= (uint64_t{1} << (size_ % 64)) - 1;
  }
  uint32_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace atelier
