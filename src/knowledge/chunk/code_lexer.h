// The tokens of source code, as far as it takes to know what is code and what is text in it, and which brackets belong
// together. A lexer of our own for each language would be six times this; what differs between them is in CodeLanguage.
//
// Exact are: comments (nested in Rust), strings of every kind (raw, triple, templates with code in them, f-strings),
// characters beside lifetimes and digit separators, regular expressions in TypeScript by what stands before them,
// and of the branches of #if the first one that can be: braces of the others do not count.
// Any bytes make tokens; what is not closed ends with its line, or with the text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "record/document.h"

namespace atelier {

struct CodeLanguage {
  enum class Ends : uint8_t { kSemicolons, kNewlines, kGuessed, kIndentation };  // what ends a statement

  std::string_view name;
  Ends ends = Ends::kSemicolons;
  bool hash_comments = false;  // else // and /* */
  bool nested_comments = false;
  bool directives = false;    // # begins a line of the preprocessor; raw strings as R"x(...)x"
  bool quoted_lines = false;  // strings in "" may span lines
  bool triple_quotes = false;
  bool lifetimes = false;   // 'a without a closing quote; raw strings as r#"..."#
  bool characters = false;  // '...' is one character, else a string
  char backtick = 0;        // 'r': raw, 't': a template
};

// By the end of the file's name, or else by media type; null: none that is known.
const CodeLanguage* LanguageOf(const Document& document);
// "c++", "python", "typescript", "go", "rust", "java", and names that Markdown gives them; null: not known.
const CodeLanguage* LanguageNamed(std::string_view name);

struct CodeToken {
  enum class Kind : uint8_t { kWord, kText, kComment, kDirective, kOpen, kClose, kSign };

  Kind kind = Kind::kSign;
  char sign = 0;  // of brackets and signs
  bool begins_line = false;
  TextSpan span;
  int32_t match = -1;  // index of the bracket that belongs to this one; -1: none

  bool Is(char c) const { return sign == c && kind != Kind::kText && kind != Kind::kComment; }
};

// All but white space, in order.   COST: linear.
std::vector<CodeToken> LexCode(std::string_view text, const CodeLanguage& language);

}  // namespace atelier
