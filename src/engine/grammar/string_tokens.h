// A vocabulary's tokens as seen from within a string of JSON, between two characters: those that stay within it, and
// those that close it and go on with a rest (`",`, `."}`). What follows a string decides about the rest alone, and
// there are few different rests; so a mask is one copy of bits and a short walk over the rests.
//
// Tokens with a backslash before the quote have a trie of their own; those that begin within a character are left out.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/grammar/token_trie.h"

namespace atelier {

class StringTokens {
 public:
  explicit StringTokens(const TokenTrie& trie);

  // Sets the bits of the tokens that stay within a string of any text and begin at most `max_chars` characters.
  void AddInside(int64_t max_chars, std::span<uint64_t> bits) const;

  // Of the tokens with a backslash before any quote.
  const TokenTrie& escapes() const { return *escapes_; }

  // Of the tokens with a quote behind characters that stand for themselves.
  const TokenTrie& closing() const { return *closing_; }
  // Of these, the tokens whose rest is more than a pause.
  const TokenTrie& closing_on() const { return *closing_on_; }

  // Bytes that stand before a quote in some token.
  const std::bitset<256>& before_quote() const { return before_quote_; }

  // Rests, each once. A rest's token in the trie of rests is its index; the empty rest, index 0, is not in the trie.
  const TokenTrie& rests() const { return *rests_; }
  int32_t num_rests() const { return rests_->num_tokens(); }
  // The index of what stands behind a quote in a token.   REQUIRES: some token has it.
  int32_t RestIndex(std::string_view rest) const { return rest.empty() ? 0 : rest_ids_.at(rest); }

  // Of white space and commas alone.
  bool IsPause(int32_t rest) const { return pauses_[static_cast<size_t>(rest)]; }

  // Another name may begin in it, as one behind a comma.
  bool BeginsName(int32_t rest) const { return beginners_[static_cast<size_t>(rest)]; }

  struct Closer {
    int32_t token;
    int32_t chars;  // before the quote
  };
  // Tokens that close a string and go on with this rest, fewest characters first.
  std::span<const Closer> Closers(int32_t rest) const { return closers_[static_cast<size_t>(rest)]; }

 private:
  static constexpr int64_t kMaxCounted = 16;  // few tokens have more characters

  std::bitset<256> before_quote_;
  std::vector<std::vector<uint64_t>> inside_;  // [kMaxCounted + 1] by most characters
  std::vector<Closer> long_inside_;            // of more than kMaxCounted characters, fewest first
  std::vector<std::vector<Closer>> closers_;   // by rest
  std::unique_ptr<const TokenTrie> rests_, escapes_, closing_, closing_on_;
  std::vector<bool> pauses_, beginners_;                    // by rest
  std::unordered_map<std::string_view, int32_t> rest_ids_;  // into the texts of rests_
};

}  // namespace atelier
