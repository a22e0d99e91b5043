#include <algorithm>
#include <array>

#include "knowledge/chunk/code_readers.h"

namespace atelier {
namespace {

using Kind = CodeToken::Kind;
using Ends = CodeLanguage::Ends;

template <size_t kSize>
bool Has(const std::array<std::string_view, kSize>& sorted, std::string_view word) {
  return std::ranges::binary_search(sorted, word);
}

// Words that go on with the statement whose '}' stands before them.
constexpr std::array<std::string_view, 4> kAfterBrace = {"catch", "else", "finally", "while"};
// TypeScript: words that want something after them, and that begin no statement, so that a new line ends none.
constexpr std::array<std::string_view, 21> kWantMore = {
    "abstract",   "as",        "async",   "class",    "const",      "declare", "default",
    "enum",       "export",    "extends", "function", "implements", "import",  "in",
    "instanceof", "interface", "let",     "new",      "of",         "type",    "var"};
constexpr std::array<std::string_view, 10> kGoOnWith = {"as",   "catch",      "else", "extends",    "finally",
                                                        "from", "implements", "in",   "instanceof", "satisfies"};
// What begins a statement with a body that is no definition.
constexpr std::array<std::string_view, 16> kControl = {
    "case",  "catch",  "do",     "else",          "finally", "for", "if",     "loop",
    "match", "return", "select", "static_assert", "switch",  "try", "unsafe", "while"};
constexpr std::array<std::string_view, 4> kCppTypes = {"class", "enum", "struct", "union"};
constexpr std::array<std::string_view, 12> kBeforeType = {"abstract", "const",  "constexpr", "default",
                                                          "export",   "final",  "inline",    "private",
                                                          "pub",      "public", "static",    "typedef"};

class StatementReader {
 public:
  StatementReader(const CodeView& view, CodeRange range) : view_(view), range_(range) {}

  std::vector<CodeItem> Run() {
    size_t at = range_.first;
    while (at < range_.last) {
      const size_t end = ItemEnd(at);
      at = end;
    }
    return std::move(items_);
  }

 private:
  const CodeToken& Token(size_t index) const { return view_.tokens[index]; }
  bool IsWordAt(size_t index) const { return index < range_.last && Token(index).kind == Kind::kWord; }
  bool IsSignAt(size_t index, std::string_view signs) const {
    return index < range_.last && Token(index).kind != Kind::kText && Token(index).sign != 0 &&
           signs.contains(Token(index).sign);
  }
  bool BeginsLine(size_t index) const { return index < range_.last && Token(index).begins_line; }

  // Reads one item from `first` on and adds it; where the next begins.
  size_t ItemEnd(size_t first) {
    CodeItem item;
    item.after_blank = view_.IsBlankBefore(first);
    // Comments belong to what stands right below them.
    size_t at = first;
    while (at < range_.last && Token(at).kind == Kind::kComment) {
      ++at;
      if (at < range_.last && Token(at).begins_line && view_.IsBlankBefore(at)) return Add(std::move(item), first, at);
    }
    const size_t begin = at;
    if (at < range_.last && Token(at).kind == Kind::kDirective) return Add(std::move(item), first, Directives(at));
    while (at < range_.last) {
      const size_t next = Step(item, begin, at);
      const bool ends = Ended(begin, at, next);
      at = next;
      if (ends) break;
    }
    at = std::max(at, begin);
    SetHead(item, begin);
    return Add(std::move(item), first, view_.WithTrailingComments(at, range_.last));
  }

  size_t Add(CodeItem item, size_t first, size_t last) {
    item.span = {Token(first).span.begin, Token(last - 1).span.end};
    items_.push_back(std::move(item));
    return last;
  }

  // Lines of the preprocessor without a blank line between.
  size_t Directives(size_t at) const {
    for (++at; at < range_.last && Token(at).kind == Kind::kDirective && !view_.IsBlankBefore(at);) ++at;
    return view_.WithTrailingComments(at, range_.last);
  }

  // Over one token, or a bracket with all that is in it.
  size_t Step(CodeItem& item, size_t begin, size_t at) {
    const CodeToken& token = Token(at);
    if (token.kind != Kind::kOpen || token.match < 0) return at + 1;
    const auto close = static_cast<size_t>(token.match);
    if (close >= range_.last) return at + 1;
    if (close > at + 1) {
      item.inner.push_back({at + 1, close, token.sign != '{' || IsList(begin, at)});
    }
    if (token.sign == '{') body_ = at;
    return close + 1;
  }

  // Whether '{' opens values or alternatives, which ',' parts.
  bool IsList(size_t begin, size_t brace) const {
    if (brace == begin) return false;
    const CodeToken& before = Token(brace - 1);
    if (before.kind == Kind::kSign && before.sign != '>') return true;
    if (before.kind == Kind::kSign && brace >= 2) return false;  // => {, or the end of template arguments
    const std::string_view first = FirstWord(begin);
    return first == "enum" || first == "match" || view_.Word(brace - 1) == "return";
  }

  // The first word that says what the item is.
  std::string_view FirstWord(size_t at) const {
    for (; at < range_.last; ++at) {
      const CodeToken& token = Token(at);
      if (token.Is('[') && token.match > 0) {  // an attribute
        at = static_cast<size_t>(token.match);
      } else if (token.kind == Kind::kWord && view_.Word(at) == "template") {
        at = TemplateEnd(at + 1);
      } else if (token.kind == Kind::kWord && !Has(kBeforeType, view_.Word(at))) {
        return view_.Word(at);
      } else if (token.kind != Kind::kWord && token.kind != Kind::kComment && !token.Is('#')) {
        return {};
      }
    }
    return {};
  }
  // The last token of "<class T, int N>".
  size_t TemplateEnd(size_t at) const {
    int depth = 0;
    for (; at < range_.last; ++at) {
      if (IsSignAt(at, "<")) ++depth;
      if (IsSignAt(at, ">") && --depth == 0) return at;
      if (IsSignAt(at, "{;")) return at;
    }
    return at;
  }

  // Whether the item ends between `at`, the last token or bracket that was stepped over, and `next`.
  bool Ended(size_t begin, size_t at, size_t next) const {
    const size_t after = view_.SkipComments(next, range_.last);
    if (after >= range_.last) return false;  // all of it is taken
    if (range_.is_list) return IsSignAt(at, ",");
    if (IsSignAt(at, ";")) return true;
    if (Token(after).kind == Kind::kDirective) return IsSignAt(next - 1, "}");
    const bool closes_brace = Token(next - 1).Is('}');
    if (view_.language.ends == Ends::kSemicolons) return closes_brace && EndsAfterBrace(begin, after);
    if (!BeginsLine(after)) return false;
    return view_.language.ends == Ends::kNewlines ? EndsInGo(next - 1) : EndsInTypeScript(begin, next - 1, after);
  }

  bool EndsAfterBrace(size_t begin, size_t after) const {
    const CodeToken& next = Token(after);
    if (next.kind == Kind::kWord) {
      const std::string_view word = view_.Word(after);
      if (word == "while" && FirstWord(begin) != "do") return true;
      if (Has(kAfterBrace, word)) return false;
      // struct X {...} name;
      return next.begins_line || !view_.language.directives || !Has(kCppTypes, FirstWord(begin));
    }
    if (next.kind == Kind::kText || next.kind == Kind::kDirective) return true;
    return next.begins_line ? !std::string_view(";,).?={:").contains(next.sign) : next.sign == '}' || next.sign == '#';
  }

  // Go's own rule for the semicolons that it puts at ends of lines.
  bool EndsInGo(size_t last) const {
    const CodeToken& token = Token(last);
    if (token.kind == Kind::kText || token.kind == Kind::kClose) return true;
    if (token.kind == Kind::kWord) return true;
    return last > 0 && (token.sign == '+' || token.sign == '-') && Token(last - 1).Is(token.sign);
  }

  bool EndsInTypeScript(size_t begin, size_t last, size_t after) const {
    const CodeToken& before = Token(last);
    const CodeToken& next = Token(after);
    if (before.kind == Kind::kSign && !IsDoubled(last)) return false;
    if (before.kind == Kind::kOpen) return false;
    if (before.kind == Kind::kWord && Has(kWantMore, view_.Word(last)) && last >= begin) return false;
    if (next.kind == Kind::kWord) return !Has(kGoOnWith, view_.Word(after)) && !OnlyDecorates(begin, last);
    if (next.kind == Kind::kSign) {
      return (next.sign == '@' && !OnlyDecorates(begin, last)) || std::string_view("#*!~").contains(next.sign);
    }
    if (next.Is('{')) return !WantsBody(begin, last);
    return next.kind != Kind::kClose && !OnlyDecorates(begin, last);
  }
  // ++ and --, which end what they stand in.
  bool IsDoubled(size_t last) const {
    const CodeToken& token = Token(last);
    return last > 0 && (token.sign == '+' || token.sign == '-') && Token(last - 1).Is(token.sign);
  }
  // A head whose '{' stands on the next line.
  bool WantsBody(size_t begin, size_t last) const {
    return !Token(last).Is('}') && (Has(kWantMore, view_.Word(begin)) || Token(last).Is(')'));
  }
  // @One @Two(...) with nothing after them. Asked at each line of a run of them, it goes on from the latest decorator.
  bool OnlyDecorates(size_t begin, size_t last) const {
    size_t at = begin == decorated_ && decorator_ <= last ? decorator_ : begin;
    decorated_ = begin, decorator_ = at;
    while (at <= last && Token(at).Is('@')) {
      decorator_ = at;
      for (++at; at <= last && (IsWordAt(at) || Token(at).Is('.')); ++at) {
        if (IsWordAt(at) && at > begin + 1 && IsWordAt(at - 1)) return false;
      }
      if (at <= last && Token(at).Is('(') && Token(at).match > 0) at = static_cast<size_t>(Token(at).match) + 1;
    }
    return at > begin && at > last;
  }

  // What a body belongs to, if it defines something.
  void SetHead(CodeItem& item, size_t begin) {
    const size_t body = body_;
    body_ = 0;
    if (body <= begin || IsList(begin, body)) return;
    const std::string_view first = FirstWord(begin);
    if (first.empty() || Has(kControl, first)) return;
    item.defines = true;
    item.head = {Token(begin).span.begin, Token(body - 1).span.end};
  }

  const CodeView& view_;
  const CodeRange range_;
  size_t body_ = 0;  // the last '{' of the item that is being read
  // Where the item begins that OnlyDecorates was asked of last, and its latest decorator.
  mutable size_t decorated_ = std::string_view::npos, decorator_ = 0;
  std::vector<CodeItem> items_;
};

}  // namespace

std::vector<CodeItem> ItemsByStatement(const CodeView& view, CodeRange range) {
  return StatementReader(view, range).Run();
}

}  // namespace atelier
