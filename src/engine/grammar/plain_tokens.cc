#include "engine/grammar/plain_tokens.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text/utf8.h"

namespace atelier {

PlainTokens::PlainTokens(const TokenTrie& all) : trie_(Pieces(all)), under_(static_cast<size_t>(trie_.num_nodes())) {
  Look(TokenTrie::kRoot, "");
}

std::vector<std::string> PlainTokens::Pieces(const TokenTrie& all) {
  std::vector<std::string> pieces(static_cast<size_t>(all.num_tokens()));
  for (int32_t token = 0; token < all.num_tokens(); ++token) {
    const std::string_view piece = all.Piece(token);
    const bool plain =
        std::ranges::none_of(piece, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\'; });
    if (!plain || !IsValidUtf8(piece.substr(0, piece.size() - IncompleteUtf8Tail(piece)))) continue;
    pieces[static_cast<size_t>(token)] = piece;
  }
  return pieces;
}

//   cut  the bytes of a character that end at the node
PlainTokens::Under PlainTokens::Look(int32_t node, const std::string& cut) {
  Under all;
  const auto bytes = trie_.child_bytes(node);
  const auto children = trie_.children(node);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const std::string character = cut + static_cast<char>(bytes[i]);
    const bool whole = IncompleteUtf8Tail(character) == 0;
    Under next = Look(children[i], whole ? "" : character);
    if (whole || !trie_.tokens(children[i]).empty()) {
      next.kinds |= bytes[i] < 0x80 ? KindOfAscii(bytes[i]) : KindOfUtf8(character);
    }
    if (cut.empty()) ++next.num_chars;
    if (bytes[i] >= 0xC0) under_[static_cast<size_t>(children[i])] = next;
    all.kinds |= next.kinds;
    all.num_chars = std::max(all.num_chars, next.num_chars);
  }
  under_[static_cast<size_t>(node)] = all;
  return all;
}

}  // namespace atelier
