// The tokens of a vocabulary that stand for themselves in a string of JSON, between two characters, as a trie that
// knows of each of its parts which characters are in it: where all of them may come, the part is taken without a look
// at its tokens. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/grammar/char_kinds.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

class PlainTokens {
 public:
  // Of a vocabulary's tokens, those without control characters, quotes and backslashes that are UTF-8, of which the end
  // may be cut.
  explicit PlainTokens(const TokenTrie& all);

  const TokenTrie& trie() const { return trie_; }

  // What is under a node that stands between two characters; under the first byte of a longer character: with that.
  struct Under {
    CharKinds kinds = 0;
    int32_t num_chars = 0;  // begun, at most
  };
  const Under& under(int32_t node) const { return under_[static_cast<size_t>(node)]; }

 private:
  static std::vector<std::string> Pieces(const TokenTrie& all);
  Under Look(int32_t node, const std::string& cut);

  TokenTrie trie_;
  std::vector<Under> under_;  // by node
};

}  // namespace atelier
