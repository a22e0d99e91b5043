#include <algorithm>
#include <string>

#include "base/text/unicode.h"
#include "knowledge/chunk/code_lexer.h"

namespace atelier {
namespace {

using Ends = CodeLanguage::Ends;

constexpr CodeLanguage kCpp{.name = "c++", .directives = true, .characters = true};
constexpr CodeLanguage kPython{
    .name = "python", .ends = Ends::kIndentation, .hash_comments = true, .triple_quotes = true};
constexpr CodeLanguage kTypeScript{.name = "typescript", .ends = Ends::kGuessed, .backtick = 't'};
constexpr CodeLanguage kGo{.name = "go", .ends = Ends::kNewlines, .characters = true, .backtick = 'r'};
constexpr CodeLanguage kRust{
    .name = "rust", .nested_comments = true, .quoted_lines = true, .lifetimes = true, .characters = true};
constexpr CodeLanguage kJava{.name = "java", .triple_quotes = true, .characters = true};

struct Names {
  const CodeLanguage* language;
  std::string_view names;  // between blanks: ends of file names, names in Markdown, parts of media types
};
constexpr Names kNames[] = {
    {&kCpp, " c h cc cpp cxx hh hpp hxx ipp c++ cuh cu csrc c++src c++hdr chdr cplusplus "},
    {&kPython, " py pyi python python3 "},
    {&kTypeScript, " ts tsx mts cts js jsx mjs cjs typescript javascript ecmascript typescript-jsx "},
    {&kGo, " go golang "},
    {&kRust, " rs rust rustsrc "},
    {&kJava, " java java-source "},
};

}  // namespace

const CodeLanguage* LanguageNamed(std::string_view name) {
  if (name.empty() || name.contains(' ')) return nullptr;
  const std::string wanted = " " + LowerCase(name) + " ";
  const auto* found = std::ranges::find_if(kNames, [&](const Names& row) { return row.names.contains(wanted); });
  return found == std::end(kNames) ? nullptr : found->language;
}

const CodeLanguage* LanguageOf(const Document& document) {
  const std::string_view id = document.id;
  if (const size_t dot = id.rfind('.'); dot != std::string_view::npos && !id.substr(dot).contains('/')) {
    if (const CodeLanguage* language = LanguageNamed(id.substr(dot + 1))) return language;
  }
  // What a loader has marked as code from begin to end.
  if (document.marks.size() == 1 && document.marks[0].kind == TextMark::Kind::kCode) {
    return LanguageNamed(document.marks[0].label);
  }
  std::string_view type = document.media_type;
  type = type.substr(0, type.find(';'));
  const size_t slash = type.find('/');
  if (slash == std::string_view::npos) return nullptr;
  type.remove_prefix(slash + 1);
  if (type.starts_with("x-")) type.remove_prefix(2);
  return LanguageNamed(type);
}

}  // namespace atelier
