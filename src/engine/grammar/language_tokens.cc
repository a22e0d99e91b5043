#include "engine/grammar/language_tokens.h"

#include <algorithm>

#include "engine/grammar/token_bits.h"

namespace atelier {

void TokenSet::AddTo(std::span<uint64_t> mask) const {
  for (size_t i = 0; i < bits.size(); ++i) mask[i] |= bits[i];
  for (const int32_t token : tokens) SetTokenBit(mask, token);
}

std::span<const TokenSet::Exit> TokenSet::ExitsBy(uint8_t byte) const {
  const auto range = std::ranges::equal_range(exits, byte, {}, &Exit::byte);
  return {range.begin(), range.end()};
}

const TokenSet& LanguageTokens::Of(int32_t node, LanguageId state) {
  if (node == TokenTrie::kRoot) state = languages_->Near(state, trie_->max_depth());
  const uint64_t key = static_cast<uint64_t>(node) << 32 | static_cast<uint32_t>(state);
  if (const auto known = sets_.find(key); known != sets_.end()) return known->second;
  TokenSet made = Make(node, state);
  num_bytes_ += sizeof made + made.tokens.size() * sizeof(int32_t) + made.bits.size() * sizeof(uint64_t) +
                made.exits.size() * sizeof(TokenSet::Exit);
  if (num_bytes_ > kMaxBytes) sets_.clear(), num_bytes_ = 0;
  return sets_.emplace(key, std::move(made)).first->second;
}

TokenSet LanguageTokens::Make(int32_t node, LanguageId state) {
  TokenSet set;
  open_.assign(1, {node, state});
  while (!open_.empty()) {
    const auto [at, here] = open_.back();
    open_.pop_back();
    const auto tokens = trie_->tokens(at);
    set.tokens.insert(set.tokens.end(), tokens.begin(), tokens.end());
    const auto bytes = trie_->child_bytes(at);
    const auto children = trie_->children(at);
    const bool exits = at != TokenTrie::kRoot && !bytes.empty() && languages_->Accepts(here);
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (exits) set.exits.push_back({bytes[i], children[i]});
      const LanguageId next = languages_->Next(here, bytes[i]);
      if (!languages_->IsNothing(next)) open_.emplace_back(children[i], next);
    }
  }
  std::ranges::stable_sort(set.exits, {}, &TokenSet::Exit::byte);
  const size_t num_words = (static_cast<size_t>(trie_->num_tokens()) + 63) / 64;
  if (set.tokens.size() > 2 * num_words) {  // then a bit for each is less
    set.bits.resize(num_words);
    for (const int32_t token : set.tokens) SetTokenBit(set.bits, token);
    set.tokens = {};
  }
  return set;
}

}  // namespace atelier
