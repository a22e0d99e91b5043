// Which tokens a regular language takes, kept by where in the trie it is met and by its state. A language needs no
// stack, so what it takes is found once, whatever stands around it; what stands around it matters only at the exits,
// where a token goes on past the end of a member.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/grammar/language.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

struct TokenSet {
  // The node that `byte` leads to from one where the language accepts.
  struct Exit {
    uint8_t byte;
    int32_t node;
  };
  std::vector<int32_t> tokens;  // where they are few
  std::vector<uint64_t> bits;   // where they are many: [ceil(V / 64)]
  std::vector<Exit> exits;      // by byte

  void AddTo(std::span<uint64_t> mask) const;
  std::span<const Exit> ExitsBy(uint8_t byte) const;
};

class LanguageTokens {
 public:
  // Both outlive it.
  LanguageTokens(const TokenTrie& trie, Languages& languages) : trie_(&trie), languages_(&languages) {}

  // Of the tokens whose text begins with a node's, those whose rest from there on is the beginning of a member of
  // `state`. At the root there is no exit: what follows a member that nothing was read of is not a token's matter.
  // Until the next call.   COST: a walk over those tokens, once a node and state.
  const TokenSet& Of(int32_t node, LanguageId state);

 private:
  static constexpr size_t kMaxBytes = 64 << 20;  // of sets kept

  TokenSet Make(int32_t node, LanguageId state);

  const TokenTrie* trie_;
  Languages* languages_;
  std::unordered_map<uint64_t, TokenSet> sets_;  // by node and state
  size_t num_bytes_ = 0;
  std::vector<std::pair<int32_t, LanguageId>> open_;
};

}  // namespace atelier
