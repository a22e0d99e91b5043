// What grammars know of a model's vocabulary; made once for each model. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/grammar/string_tokens.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

class Tokenizer;

struct GrammarVocabulary {
  explicit GrammarVocabulary(std::vector<std::string> pieces) : trie(std::move(pieces)), strings(trie) {}
  // COST: some tens of ms.
  static std::shared_ptr<const GrammarVocabulary> Create(const Tokenizer& tokenizer);

  const TokenTrie trie;
  const StringTokens strings;
};

}  // namespace atelier
