// Finds, in running text, the tokens that are texts of their own ("<|im_end|>", "[MASK]"): leftmost first, longest
// among those that begin there. A bitmap of first byte pairs passes over what cannot begin one.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/spec.h"
#include "model/tokenizer/trie.h"

namespace atelier {

class AddedTokens {
 public:
  struct Part {
    std::string_view text;
    int32_t id = -1;  // -1: text between tokens, never empty
  };

  // Tokens with an empty content are left out.
  explicit AddedTokens(std::vector<AddedTokenSpec> tokens = {});
  bool empty() const { return tokens_.empty(); }

  // Calls each(Part) in order of the text. With parse_special false a special token's text stays text.
  template <class Each>
  void Cut(std::string_view text, bool parse_special, Each each) const {
    size_t at = 0;
    for (size_t from = 0; from < text.size();) {
      Match match = Find(text, from);
      if (match.token == nullptr) break;
      from = match.end;
      if (match.token->special && !parse_special) continue;
      if (!Extend(text, at, match)) continue;
      if (at < match.begin) each(Part{text.substr(at, match.begin - at), -1});
      each(Part{text.substr(match.begin, match.end - match.begin), match.token->id});
      at = from = match.end;
    }
    if (at < text.size()) each(Part{text.substr(at), -1});
  }

 private:
  struct Match {
    const AddedTokenSpec* token = nullptr;
    size_t begin = 0, end = 0;
  };
  Match Find(std::string_view text, size_t from) const;
  // Takes the spaces that the token wants, from `floor` on; false where it must be a word of its own and is not.
  static bool Extend(std::string_view text, size_t floor, Match& match);

  std::vector<AddedTokenSpec> tokens_;
  ByteTrie trie_;
  std::bitset<65536> pairs_;  // first byte << 8 | second byte
  std::bitset<256> firsts_;
  std::bitset<256> single_;  // first bytes that are a token by themselves
};

}  // namespace atelier
