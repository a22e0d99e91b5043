// The tokens that begin with JSON's white space, by what stands behind it: where white space changes nothing but the
// first of it, they are found by that. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/grammar/token_trie.h"

namespace atelier {

class SpacedTokens {
 public:
  explicit SpacedTokens(const TokenTrie& trie);

  // What stands behind, each text once. A tail's token in it is its index; of white space alone, index 0, is not in it.
  const TokenTrie& tails() const { return *tails_; }
  std::span<const int32_t> tokens(int32_t tail) const { return tokens_[static_cast<size_t>(tail)]; }

  // The tokens that do not begin with white space.
  const TokenTrie& others() const { return *others_; }

 private:
  std::unique_ptr<const TokenTrie> tails_, others_;
  std::vector<std::vector<int32_t>> tokens_;  // by tail
};

}  // namespace atelier
