#include "engine/grammar/token_trie.h"

#include <algorithm>

namespace atelier {
namespace {

constexpr size_t kMaxPieceBytes = 4096;  // no vocabulary has longer ones; a hostile file's are left out

}  // namespace

TokenTrie::TokenTrie(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {
  for (std::string& piece : pieces_) {
    if (piece.size() > kMaxPieceBytes) piece.clear();
  }
  Build();
}

// Tokens with a text, by text and then by id. Most comparisons are settled by the first bytes, held in a word.
std::vector<int32_t> TokenTrie::InOrder() const {
  struct Key {
    uint64_t first_bytes;
    int32_t token;
  };
  std::vector<Key> keys;
  keys.reserve(pieces_.size());
  for (int32_t token = 0; token < num_tokens(); ++token) {
    const std::string_view piece = Piece(token);
    uint64_t first_bytes = 0;
    for (size_t i = 0; i < 8; ++i)
      first_bytes = first_bytes << 8 | (i < piece.size() ? static_cast<uint8_t>(piece[i]) : 0);
    if (!piece.empty()) keys.push_back({first_bytes, token});
  }
  std::ranges::sort(keys, [&](const Key& a, const Key& b) {
    if (a.first_bytes != b.first_bytes) return a.first_bytes < b.first_bytes;
    const int order = Piece(a.token).compare(Piece(b.token));
    return order != 0 ? order < 0 : a.token < b.token;
  });
  std::vector<int32_t> order;
  order.reserve(keys.size());
  for (const Key& key : keys) order.push_back(key.token);
  return order;
}

void TokenTrie::Build() {
  const std::vector<int32_t> order = InOrder();
  std::vector<uint8_t> bytes = {0};     // that leads to each node
  std::vector<int32_t> open = {kRoot};  // nodes on the way to the last text
  nodes_.push_back({});
  std::string_view last;
  const auto close = [&](size_t depth) {
    for (; open.size() > depth + 1; open.pop_back()) {
      nodes_[static_cast<size_t>(open.back())].end = static_cast<int32_t>(nodes_.size());
    }
  };
  for (const int32_t id : order) {
    const std::string_view piece = Piece(id);
    const auto shared = static_cast<size_t>(std::ranges::mismatch(last, piece).in1 - last.begin());
    close(shared);
    for (size_t i = shared; i < piece.size(); ++i) {
      open.push_back(static_cast<int32_t>(nodes_.size()));
      nodes_.push_back({.tokens = static_cast<int32_t>(tokens_.size()), .depth = static_cast<int32_t>(i + 1)});
      bytes.push_back(static_cast<uint8_t>(piece[i]));
    }
    tokens_.push_back(id);
    max_depth_ = std::max(max_depth_, static_cast<int32_t>(piece.size()));
    last = piece;
  }
  close(0);
  nodes_[kRoot].end = static_cast<int32_t>(nodes_.size());
  nodes_.push_back({.tokens = static_cast<int32_t>(tokens_.size())});
  LinkChildren(bytes);
}

void TokenTrie::LinkChildren(const std::vector<uint8_t>& bytes) {
  const auto num = static_cast<int32_t>(bytes.size());
  for (int32_t node = 0; node < num; ++node) {
    Node& parent = nodes_[static_cast<size_t>(node)];
    parent.children = static_cast<int32_t>(children_.size());
    for (int32_t child = node + 1; child < parent.end; child = nodes_[static_cast<size_t>(child)].end) {
      children_.push_back(child);
      child_bytes_.push_back(bytes[static_cast<size_t>(child)]);
    }
  }
  nodes_.back().children = static_cast<int32_t>(children_.size());
}

int32_t TokenTrie::Find(int32_t node, std::string_view bytes) const {
  for (const char byte : bytes) {
    const auto leads = child_bytes(node);
    const auto at = std::ranges::lower_bound(leads, static_cast<uint8_t>(byte));
    if (at == leads.end() || *at != static_cast<uint8_t>(byte)) return -1;
    node = children(node)[static_cast<size_t>(at - leads.begin())];
  }
  return node;
}

}  // namespace atelier
