// The terms of a segment in order of their bytes, and where each one's postings are.
//
//   block   16 terms (the last fewer), each: varint bytes shared with the term before (0 for the first), varint bytes
//           that follow, varint bytes of postings, the bytes that follow
// A block's postings lie one after the other from its postings offset on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

// All of it lives in the segment's bytes.
struct TermDictionary {
  uint32_t num_terms = 0;
  std::span<const uint64_t> prefixes;                        // [blocks]
  std::span<const uint64_t> term_offsets, postings_offsets;  // [blocks + 1]
  std::span<const uint8_t> terms, postings;

  // Errors: kCorrupt, where offsets do not ascend within their sections.
  Result<void> Check() const;
  // The postings of a term; empty if there is no such term.   COST: some 200 ns.
  std::span<const uint8_t> Find(std::string_view term) const;
  // The first block that may hold a term at or after this one.
  size_t BlockFor(std::string_view term) const;
};

// Walks terms in order.
class TermCursor {
 public:
  explicit TermCursor(const TermDictionary& dictionary) : dictionary_(&dictionary) {}

  // Steps to the first term at or after `term`; false if there is none.
  bool Seek(std::string_view term);
  // To the next one, from the one before the first.
  bool Next();
  const std::string& term() const { return term_; }
  std::span<const uint8_t> postings() const { return postings_; }
  // How many bytes the term shares with the one before it in the walk; 0 after Seek.
  size_t shared() const { return shared_; }

 private:
  bool StartBlock(size_t block);
  const TermDictionary* dictionary_;
  size_t block_ = 0;
  uint32_t num_left_ = 0;  // of the block
  bool started_ = false;
  size_t shared_ = 0;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint64_t postings_at_ = 0;
  std::string term_;
  std::span<const uint8_t> postings_;
};

// Makes the sections, term by term.
class TermDictionaryWriter {
 public:
  // REQUIRES: terms ascend.
  void Add(std::string_view term, uint64_t postings_offset, uint64_t postings_size);
  void Finish(uint64_t postings_size);

  uint32_t num_terms = 0;
  std::string prefixes, term_offsets, postings_offsets, terms;

 private:
  std::string last_;
};

}  // namespace atelier
