// The texts of a vocabulary's tokens as a trie over bytes. Node 0 is the root, of no bytes; nodes are numbered in
// depth-first order, so that what is under a node is a range of nodes and of tokens; a node's children stand side by
// side, so that a walk finds those it may go to without touching the others. Immutable; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

class TokenTrie {
 public:
  // Of texts by token id; empty ones are left out.   COST: some tens of ms for 100,000 tokens.
  explicit TokenTrie(std::vector<std::string> pieces);

  int32_t num_tokens() const { return static_cast<int32_t>(pieces_.size()); }  // V, those left out included
  std::string_view Piece(int32_t token) const { return pieces_[static_cast<size_t>(token)]; }

  static constexpr int32_t kRoot = 0;
  int32_t num_nodes() const { return static_cast<int32_t>(nodes_.size()) - 1; }
  int32_t depth(int32_t node) const { return nodes_[static_cast<size_t>(node)].depth; }  // bytes from the root
  // The bytes that lead to a node's children, ascending, and the children.
  std::span<const uint8_t> child_bytes(int32_t node) const { return Children(node, child_bytes_); }
  std::span<const int32_t> children(int32_t node) const { return Children(node, children_); }
  // The node that `bytes` lead to from `node`; -1: none.
  int32_t Find(int32_t node, std::string_view bytes) const;
  // Tokens whose text ends at the node.
  std::span<const int32_t> tokens(int32_t node) const {
    return Tokens(nodes_[static_cast<size_t>(node)].tokens, nodes_[static_cast<size_t>(node) + 1].tokens);
  }
  // Tokens whose text begins with the node's.
  std::span<const int32_t> tokens_under(int32_t node) const {
    const Node& under = nodes_[static_cast<size_t>(node)];
    return Tokens(under.tokens, nodes_[static_cast<size_t>(under.end)].tokens);
  }
  int32_t max_depth() const { return max_depth_; }

 private:
  struct Node {
    int32_t end = 0;       // node after those under it
    int32_t tokens = 0;    // the first of its tokens
    int32_t children = 0;  // the first of its children
    int32_t depth = 0;
  };
  std::vector<int32_t> InOrder() const;
  void Build();
  void LinkChildren(const std::vector<uint8_t>& bytes);
  template <class T>
  std::span<const T> Children(int32_t node, const std::vector<T>& of) const {
    const auto begin = static_cast<size_t>(nodes_[static_cast<size_t>(node)].children);
    return std::span(of).subspan(begin, static_cast<size_t>(nodes_[static_cast<size_t>(node) + 1].children) - begin);
  }
  std::span<const int32_t> Tokens(int32_t begin, int32_t end) const {
    return std::span(tokens_).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  }

  std::vector<std::string> pieces_;
  std::vector<Node> nodes_;  // and one more that ends the last
  std::vector<uint8_t> child_bytes_;
  std::vector<int32_t> children_;
  std::vector<int32_t> tokens_;
  int32_t max_depth_ = 0;
};

}  // namespace atelier
