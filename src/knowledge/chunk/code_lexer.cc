#include "knowledge/chunk/code_lexer.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace atelier {
namespace {

using Kind = CodeToken::Kind;

constexpr int kMaxTextDepth = 8;         // of strings within f-strings
constexpr size_t kMaxRawDelimiter = 16;  // C++'s own bound
constexpr size_t kMaxRegexBytes = 1000;  // what is longer divides
constexpr size_t kMaxUnclosed = 64;      // brackets that a closing one may leave open
constexpr size_t kMaxPrefix = 3;         // of strings: "u8R", "br"

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || static_cast<uint8_t>(c) >= 0x80;
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

class Lexer {
 public:
  Lexer(std::string_view text, const CodeLanguage& language) : text_(text), language_(language) {}

  std::vector<CodeToken> Run() {
    while (at_ < text_.size()) Next();
    Match();
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool Starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void Add(Kind kind, size_t end, char sign = 0) {
    CodeToken token;
    token.kind = kind, token.sign = sign, token.begins_line = fresh_;
    token.span = {static_cast<int64_t>(at_), static_cast<int64_t>(end)};
    tokens_.push_back(token);
    fresh_ = false;
    at_ = end;
  }

  void Next() {
    const char c = Peek();
    if (c == '\n') {
      fresh_ = true;
      ++at_;
    } else if (IsBlank(c) || (c == '\\' && Peek(1) == '\n')) {
      ++at_;
    } else if (language_.directives && c == '#' && fresh_) {
      Directive();
    } else if (language_.hash_comments ? c == '#' : Starts("//")) {
      Add(Kind::kComment, LineEnd(at_));
    } else if (!language_.hash_comments && Starts("/*")) {
      Add(Kind::kComment, BlockCommentEnd());
    } else if (const size_t end = TextEnd(); end > at_) {
      Add(Kind::kText, end);
    } else if (c == '`' && language_.backtick == 't') {
      Add(Kind::kText, TemplateEnd(at_ + 1));
    } else if (IsWord(c)) {
      Word();
    } else {
      Sign(c);
    }
  }

  size_t LineEnd(size_t from) const { return std::min(text_.find('\n', from), text_.size()); }

  size_t BlockCommentEnd() const {
    size_t end = at_ + 2;
    for (int depth = 1; end < text_.size();) {
      if (text_.substr(end).starts_with("*/")) {
        end += 2;
        if (--depth == 0) return end;
      } else if (language_.nested_comments && text_.substr(end).starts_with("/*")) {
        end += 2;
        ++depth;
      } else {
        ++end;
      }
    }
    return text_.size();
  }

  // A line of the preprocessor, with those that continue it.
  void Directive() {
    size_t end = LineEnd(at_);
    const auto goes_on = [this](size_t line_end) {
      const std::string_view line = text_.substr(at_, line_end - at_);
      return line_end < text_.size() && (line.ends_with('\\') || line.ends_with("\\\r"));
    };
    while (goes_on(end)) end = LineEnd(end + 1);
    std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    while (!name.empty() && IsBlank(name[0])) name.remove_prefix(1);
    if (name.starts_with("if")) {
      // Of "#if 0" the other branch counts.
      const bool is_off = name.starts_with("if 0") && (name.size() == 4 || !IsWord(name[4]));
      branches_.push_back({.counts = !is_off, .had = !is_off});
      num_off_ += is_off ? 1 : 0;
    } else if (name.starts_with("el") && !branches_.empty()) {
      Branch& branch = branches_.back();
      num_off_ += (branch.had ? 1 : 0) - (branch.counts ? 0 : 1);
      branch = {.counts = !branch.had, .had = true};
    } else if (name.starts_with("endif") && !branches_.empty()) {
      num_off_ -= branches_.back().counts ? 0 : 1;
      branches_.pop_back();
    }
    Add(Kind::kDirective, end);
  }

  // Where a string or character that begins here ends; at_ where none does.
  size_t TextEnd() const {
    size_t quote = at_;
    while (quote < text_.size() && quote - at_ < kMaxPrefix && std::isalnum(static_cast<unsigned char>(text_[quote]))) {
      ++quote;
    }
    const std::string_view prefix = text_.substr(at_, quote - at_);
    if (!prefix.empty() && (IsDigit(prefix[0]) || (quote < text_.size() && IsWord(text_[quote])))) return at_;
    const char c = quote < text_.size() ? text_[quote] : '\0';
    if (language_.lifetimes && prefix.ends_with('r') && prefix.size() <= 2 && (c == '"' || c == '#'))
      return RustRaw(quote);
    if (c == '`' && language_.backtick == 'r' && prefix.empty()) {
      return std::min(text_.find('`', quote + 1), text_.size() - 1) + 1;
    }
    if (c != '"' && c != '\'') return at_;
    if (language_.directives && prefix.ends_with('R') && c == '"') return CppRaw(quote);
    if (!prefix.empty() && !IsPrefix(prefix)) return at_;
    if (c == '\'' && language_.lifetimes) return Character(quote);
    return QuotedEnd(quote, prefix, 0);
  }

  bool IsPrefix(std::string_view prefix) const {
    if (language_.directives) return prefix == "L" || prefix == "u" || prefix == "U" || prefix == "u8";
    if (language_.lifetimes) return prefix == "b" || prefix == "c";
    if (language_.ends != CodeLanguage::Ends::kIndentation) return false;
    return prefix.size() <= 2 && prefix.find_first_not_of("rRbBfFuUtT") == std::string_view::npos;
  }

  // 'x' and '\u{1F600}' are characters, 'a before anything else is a lifetime.
  size_t Character(size_t quote) const {
    if (quote + 1 >= text_.size()) return at_;
    if (text_[quote + 1] == '\\') return QuotedEnd(quote, {}, 0);
    size_t end = quote + 2;
    while (end < text_.size() && (static_cast<uint8_t>(text_[end]) & 0xC0) == 0x80) ++end;
    return end < text_.size() && text_[end] == '\'' && text_[quote + 1] != '\'' ? end + 1 : at_;
  }

  size_t RustRaw(size_t at) const {
    size_t quote = at;
    while (quote < text_.size() && text_[quote] == '#') ++quote;
    if (quote >= text_.size() || text_[quote] != '"') return at_;
    const std::string close = "\"" + std::string(quote - at, '#');
    const size_t found = text_.find(close, quote + 1);
    return found == std::string_view::npos ? text_.size() : found + close.size();
  }

  size_t CppRaw(size_t quote) const {
    const size_t length = text_.substr(quote + 1, kMaxRawDelimiter + 1).find('(');
    if (length == std::string_view::npos) return QuotedEnd(quote, {}, 0);
    const size_t open = quote + 1 + length;
    const std::string close = ")" + std::string(text_.substr(quote + 1, open - quote - 1)) + "\"";
    const size_t found = text_.find(close, open);
    return found == std::string_view::npos ? text_.size() : found + close.size();
  }

  // From an opening quote to behind the closing one; a string that may not span lines ends with its line.
  size_t QuotedEnd(size_t quote, std::string_view prefix, int depth) const {
    const char c = text_[quote];
    const bool triple = language_.triple_quotes && text_.substr(quote, 3) == std::string(3, c);
    const bool has_code = prefix.find_first_of("fFtT") != std::string_view::npos && depth < kMaxTextDepth;
    const bool lines = triple || (language_.quoted_lines && c == '"');
    int braces = 0;
    for (size_t at = quote + (triple ? 3 : 1); at < text_.size();) {
      const char here = text_[at];
      if (here == '\n' && !lines) return at;
      if (here == '\\') {
        at += 2;
      } else if (has_code && here == '{') {
        const bool doubled = braces == 0 && at + 1 < text_.size() && text_[at + 1] == '{';
        braces += doubled ? 0 : 1;
        at += doubled ? 2 : 1;
      } else if (has_code && here == '}') {
        braces = std::max(0, braces - 1);
        ++at;
      } else if (braces > 0 && (here == '"' || here == '\'') && !(triple && text_.substr(at, 3) == std::string(3, c))) {
        at = std::max(at + 1, QuotedEnd(at, {}, depth + 1));
      } else if (here == c && (!triple || text_.substr(at, 3) == std::string(3, c))) {
        return at + (triple ? 3 : 1);
      } else {
        ++at;
      }
    }
    return text_.size();
  }

  // From within a template to its end, or to code in it: then the brace that ends the code goes on with the template.
  size_t TemplateEnd(size_t at) {
    for (; at < text_.size(); ++at) {
      if (text_[at] == '\\') {
        ++at;
      } else if (text_[at] == '`') {
        return at + 1;
      } else if (text_.substr(at).starts_with("${")) {
        templates_.push_back(num_braces_);
        return at + 2;
      }
    }
    return text_.size();
  }

  void Word() {
    const bool is_number = IsDigit(Peek());
    size_t end = at_;
    while (end < text_.size()) {
      const bool separates = is_number && language_.directives && text_[end] == '\'' && end + 1 < text_.size() &&
                             std::isalnum(static_cast<unsigned char>(text_[end + 1])) != 0;
      if (!IsWord(text_[end]) && !separates) break;
      ++end;
    }
    Add(Kind::kWord, end);
  }

  // Whether a '/' here begins a regular expression: nothing that could be divided stands before it.
  bool IsRegexPlace() const {
    if (tokens_.empty()) return true;
    const CodeToken& before = tokens_.back();
    if (before.kind == Kind::kWord) {
      static constexpr std::string_view kBefore[] = {"await", "case", "delete", "do",    "else",   "in",   "instanceof",
                                                     "new",   "of",   "return", "throw", "typeof", "void", "yield"};
      return std::ranges::binary_search(kBefore, TextOf(text_, before.span));
    }
    if (before.kind == Kind::kComment) return before.begins_line;
    return before.kind == Kind::kOpen || (before.kind == Kind::kSign && before.sign != '<');
  }

  size_t RegexEnd() const {
    bool in_class = false;
    const size_t most = std::min(text_.size(), at_ + kMaxRegexBytes);
    for (size_t at = at_ + 1; at < most && text_[at] != '\n'; ++at) {
      const char c = text_[at];
      if (c == '\\') ++at;
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      if (c == '/' && !in_class) return at + 1;
    }
    return at_;
  }

  void Sign(char c) {
    if (c == '/' && language_.backtick == 't' && IsRegexPlace()) {
      if (const size_t end = RegexEnd(); end > at_) return Add(Kind::kText, end);
    }
    if (c == '}' && !templates_.empty() && templates_.back() == num_braces_) {
      templates_.pop_back();
      return Add(Kind::kText, TemplateEnd(at_ + 1));
    }
    if (num_off_ > 0) return Add(Kind::kSign, at_ + 1);
    const bool opens = c == '{' || c == '(' || c == '[';
    const bool closes = c == '}' || c == ')' || c == ']';
    if (c == '{') ++num_braces_;
    if (c == '}') --num_braces_;
    Add(opens ? Kind::kOpen : closes ? Kind::kClose : Kind::kSign, at_ + 1, c);
  }

  // Pairs brackets. A brace closes what is open within it; other brackets close only what is not across a brace.
  void Match() {
    std::vector<int32_t> open;
    const auto sign = [this](int32_t index) { return tokens_[static_cast<size_t>(index)].sign; };
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == Kind::kOpen) open.push_back(static_cast<int32_t>(i));
      if (tokens_[i].kind != Kind::kClose) continue;
      const char wanted = tokens_[i].sign == '}' ? '{' : tokens_[i].sign == ')' ? '(' : '[';
      size_t at = open.size();
      const size_t least = open.size() - std::min(open.size(), kMaxUnclosed);
      while (at > least && sign(open[at - 1]) != wanted && (wanted == '{' || sign(open[at - 1]) != '{')) --at;
      if (at == least || sign(open[at - 1]) != wanted) continue;
      tokens_[static_cast<size_t>(open[at - 1])].match = static_cast<int32_t>(i);
      tokens_[i].match = open[at - 1];
      open.resize(at - 1);
    }
  }

  struct Branch {
    bool counts = true;
    bool had = true;  // a branch of it has counted
  };

  const std::string_view text_;
  const CodeLanguage& language_;
  size_t at_ = 0;
  bool fresh_ = true;  // nothing but white space since the line began
  int64_t num_braces_ = 0;
  std::vector<int64_t> templates_;  // braces that were open where each template's code began
  std::vector<Branch> branches_;
  int64_t num_off_ = 0;  // of them, those that do not count now
  std::vector<CodeToken> tokens_;
};

}  // namespace

std::vector<CodeToken> LexCode(std::string_view text, const CodeLanguage& language) {
  return Lexer(text, language).Run();
}

}  // namespace atelier
