#include "engine/grammar/spaced_tokens.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace atelier {

SpacedTokens::SpacedTokens(const TokenTrie& trie) {
  std::map<std::string_view, std::vector<int32_t>> by_tail;
  by_tail[""];
  std::vector<std::string> others(static_cast<size_t>(trie.num_tokens())), tails;
  for (int32_t token = 0; token < trie.num_tokens(); ++token) {
    const std::string_view piece = trie.Piece(token);
    const size_t behind = std::min(piece.find_first_not_of(" \n\t\r"), piece.size());
    if (behind == 0) {
      others[static_cast<size_t>(token)] = piece;
    } else {
      by_tail[piece.substr(behind)].push_back(token);
    }
  }
  for (auto& [tail, tokens] : by_tail) {
    tails.emplace_back(tail);
    tokens_.push_back(std::move(tokens));
  }
  tails_ = std::make_unique<const TokenTrie>(std::move(tails));
  others_ = std::make_unique<const TokenTrie>(std::move(others));
}

}  // namespace atelier
