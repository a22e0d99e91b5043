// The two ways of code_items: what both see, and each.
#pragma once

#include <string_view>
#include <vector>

#include "knowledge/chunk/code_items.h"

namespace atelier {

struct CodeView {
  std::string_view text;
  const CodeLanguage& language;
  const std::vector<CodeToken>& tokens;

  std::string_view Word(size_t index) const { return TextOf(text, tokens[index].span); }
  bool HasBlankLine(TextSpan between) const;
  bool IsBlankBefore(size_t index) const;
  // The next token at or after `index` that is no comment.
  size_t SkipComments(size_t index, size_t last) const;
  // Behind the comments that stand on the line of the token before `index`.
  size_t WithTrailingComments(size_t index, size_t last) const;
};

std::vector<CodeItem> ItemsByStatement(const CodeView& view, CodeRange range);
std::vector<CodeItem> ItemsByIndentation(const CodeView& view, CodeRange range);

}  // namespace atelier
