// Source code as a tree of items: statements, and definitions with what is in them.
//
// An item begins with the comments, attributes and decorators right above it, and ends as its language ends a
// statement: by ';' or '}', by a new line (Go's rule; in TypeScript guessed by what stands on both sides of it), or by
// indentation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/chunk/code_lexer.h"

namespace atelier {

// Tokens [first, last) that make items: all of them, or what stands between two brackets.
struct CodeRange {
  size_t first = 0, last = 0;
  bool is_list = false;  // items end with ','
};

struct CodeItem {
  TextSpan span;             // without white space at its ends; the code of its last line included
  bool defines = false;      // a function, class, namespace: its name is told of what stands in it
  bool after_blank = false;  // a blank line stands before it
  TextSpan head;             // of what defines: from its first word to the bracket or colon
  std::vector<CodeRange> inner;
};

class CodeReader {
 public:
  // Both outlive it.
  CodeReader(std::string_view text, const CodeLanguage& language);

  CodeRange all() const { return {0, tokens_.size(), false}; }
  // The items side by side in a range, in order; together they cover its tokens.   COST: linear in the range.
  std::vector<CodeItem> ItemsOf(CodeRange range) const;
  // An item's head on one line.
  std::string NameOf(const CodeItem& item) const;

 private:
  std::string_view text_;
  const CodeLanguage& language_;
  std::vector<CodeToken> tokens_;
};

}  // namespace atelier
