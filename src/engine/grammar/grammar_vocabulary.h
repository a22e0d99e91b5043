// What grammars know of a model's vocabulary; made once for each model. Immutable; any thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/grammar/plain_tokens.h"
#include "engine/grammar/spaced_tokens.h"
#include "engine/grammar/string_tokens.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

class Tokenizer;

struct GrammarVocabulary {
  // Texts by token id; control tokens as ControlText, so that grammars of text never allow them.
  explicit GrammarVocabulary(std::vector<std::string> pieces)
      : trie(std::move(pieces)), plain(trie), strings(trie), spaced(trie) {
    for (size_t i = 0; i < kClosers.size(); ++i) {
      past[i] = std::make_unique<const TokenTrie>(PiecesPast(trie, kClosers[i], false));
      past_string[i] = std::make_unique<const TokenTrie>(PiecesPast(trie, kClosers[i], true));
    }
  }
  // COST: some tens of ms.
  static std::shared_ptr<const GrammarVocabulary> Create(const Tokenizer& tokenizer);

  const TokenTrie trie;
  const PlainTokens plain;
  const StringTokens strings;
  const SpacedTokens spaced;

  // Tokens in which something stands behind one of kClosers, with which a JSON value may end; and of these the tokens
  // with a quote before it. By closer.
  static constexpr std::array<char, 3> kClosers = {'}', ']', '"'};
  std::array<std::unique_ptr<const TokenTrie>, 3> past, past_string;

 private:
  static std::vector<std::string> PiecesPast(const TokenTrie& trie, char closer, bool behind_quote);
};

}  // namespace atelier
