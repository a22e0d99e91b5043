#include "knowledge/chunk/code_items.h"

#include <algorithm>

#include "base/text/utf8.h"
#include "knowledge/chunk/code_readers.h"

namespace atelier {

constexpr size_t kMaxNameBytes = 120;

CodeReader::CodeReader(std::string_view text, const CodeLanguage& language)
    : text_(text), language_(language), tokens_(LexCode(text, language)) {}

std::vector<CodeItem> CodeReader::ItemsOf(CodeRange range) const {
  const CodeView view{text_, language_, tokens_};
  const bool by_indentation = language_.ends == CodeLanguage::Ends::kIndentation;
  return by_indentation ? ItemsByIndentation(view, range) : ItemsByStatement(view, range);
}

std::string CodeReader::NameOf(const CodeItem& item) const {
  std::string name;
  bool space = false;
  for (const char c : TextOf(text_, item.head)) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      space = !name.empty();
      continue;
    }
    if (space) name += ' ';
    space = false;
    name += c;
    if (name.size() >= kMaxNameBytes) break;
  }
  name.resize(name.size() - IncompleteUtf8Tail(name));
  return name;
}

bool CodeView::HasBlankLine(TextSpan between) const {
  bool had_line = false;
  for (const char c : TextOf(text, between)) {
    if (c == '\n' && had_line) return true;
    if (c == '\n') had_line = true;
  }
  return false;
}

bool CodeView::IsBlankBefore(size_t index) const {
  return index > 0 && HasBlankLine({tokens[index - 1].span.end, tokens[index].span.begin});
}

size_t CodeView::SkipComments(size_t index, size_t last) const {
  while (index < last && tokens[index].kind == CodeToken::Kind::kComment) ++index;
  return index;
}

size_t CodeView::WithTrailingComments(size_t index, size_t last) const {
  while (index < last && tokens[index].kind == CodeToken::Kind::kComment && !tokens[index].begins_line) ++index;
  return index;
}

}  // namespace atelier
