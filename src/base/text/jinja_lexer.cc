#include "base/text/jinja_lexer.h"

#include <algorithm>
#include <array>

#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

// "\r\n" and "\r" become "\n"; one newline at the very end is dropped.
std::string NormalizeNewlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      if (i + 1 < source.size() && source[i + 1] == '\n') continue;
      out += '\n';
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsNamePart(char32_t c) { return c == '_' || IsUnicodeAlpha(c) || IsUnicodeNumeric(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(NormalizeNewlines(source)), text_(source_) {}

  Result<std::vector<Token>> Run() {
    while (at_ < text_.size()) TRY_VOID(Data());
    Add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  Error Fail(std::string what) const { return Error::Invalid("line " + std::to_string(line_), std::move(what)); }

  void Add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void Advance(size_t to) {
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         text_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    at_ = to;
  }

  size_t SkipSpace(size_t at) const { return text_.size() - TrimLeft(text_.substr(at)).size(); }

  // Text up to the next tag, then the tag.
  Result<void> Data() {
    size_t begin = at_;
    while (true) {
      begin = text_.find('{', begin);
      if (begin == std::string_view::npos || begin + 1 >= text_.size()) {
        Add(TokenKind::kData, std::string(text_.substr(at_)));
        Advance(text_.size());
        return {};
      }
      const char next = text_[begin + 1];
      if (next == '{' || next == '%' || next == '#') break;
      ++begin;
    }
    const char type = text_[begin + 1];
    const char sign = begin + 2 < text_.size() ? text_[begin + 2] : '\0';
    Text(at_, begin, sign, type != '{');
    Advance(begin);
    Advance(begin + (sign == '-' || sign == '+' ? 3 : 2));
    if (type == '#') return Comment();
    if (type == '{') return Tag(TokenKind::kVariableBegin, TokenKind::kVariableEnd, "}}");
    if (const size_t body = RawBody(); body != 0) return Raw(body);
    return Tag(TokenKind::kBlockBegin, TokenKind::kBlockEnd, "%}");
  }

  // The text before a tag, cut as the tag's sign (or, for blocks, lstrip_blocks) says.
  void Text(size_t from, size_t to, char sign, bool lstrip) {
    std::string_view text = text_.substr(from, to - from);
    if (sign == '-') {
      text = TrimRight(text);
    } else if (sign != '+' && lstrip) {
      const size_t newline = text.rfind('\n');
      const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
      if ((line_start > 0 || line_starting_) && Trim(text.substr(line_start)).empty())
        text = text.substr(0, line_start);
    }
    if (!text.empty()) Add(TokenKind::kData, std::string(text));
  }

  // Where the tag that ends at `close` ("%}") leaves us: past a '-' tag's white space or a block's one newline.
  void Close(size_t close, bool strip, bool trim_newline) {
    size_t end = close + 2;
    if (strip) {
      end = SkipSpace(end);
    } else if (trim_newline && end < text_.size() && text_[end] == '\n') {
      ++end;
    }
    line_starting_ = text_[end - 1] == '\n';
    Advance(end);
  }

  Result<void> Comment() {
    const size_t close = text_.find("#}", at_);
    if (close == std::string_view::npos) return Fail("got a comment without end, want '#}'");
    const char sign = close > at_ ? text_[close - 1] : '\0';
    Close(close, sign == '-', sign != '+');
    return {};
  }

  // After "{%": where the text of a raw block starts; 0 if this is none.
  size_t RawBody() const {
    size_t at = SkipSpace(at_);
    if (!text_.substr(at).starts_with("raw")) return 0;
    at = SkipSpace(at + 3);
    if (text_.substr(at).starts_with("-%}")) return SkipSpace(at + 3);
    return text_.substr(at).starts_with("%}") ? at + 2 : 0;
  }

  Result<void> Raw(size_t body) {
    line_starting_ = text_[body - 1] == '\n';
    Advance(body);
    for (size_t begin = text_.find("{%", at_); begin != std::string_view::npos; begin = text_.find("{%", begin + 2)) {
      size_t at = begin + 2;
      const char sign = at < text_.size() ? text_[at] : '\0';
      at = SkipSpace(sign == '-' || sign == '+' ? at + 1 : at);
      if (!text_.substr(at).starts_with("endraw")) continue;
      at = SkipSpace(at + 6);
      const char close_sign = at < text_.size() ? text_[at] : '\0';
      if (close_sign == '-' || close_sign == '+') ++at;
      if (!text_.substr(at).starts_with("%}")) continue;
      Text(at_, begin, sign, true);
      Close(at, close_sign == '-', close_sign != '+');
      return {};
    }
    return Fail("got a raw block without end, want '{% endraw %}'");
  }

  Result<void> Tag(TokenKind begin, TokenKind end, std::string_view close) {
    Add(begin, "");
    std::string open;  // closing brackets still owed
    while (true) {
      Advance(SkipSpace(at_));
      if (at_ >= text_.size())
        return Fail("got the end of the template inside a tag, want '" + std::string(close) + "'");
      const std::string_view rest = text_.substr(at_);
      if (open.empty()) {
        const bool block = end == TokenKind::kBlockEnd;
        const bool signed_end = (rest[0] == '-' || (rest[0] == '+' && block)) && rest.substr(1).starts_with(close);
        if (signed_end || rest.starts_with(close)) {
          Add(end, "");
          Close(at_ + (signed_end ? 1 : 0), rest[0] == '-', block && !signed_end);
          return {};
        }
      }
      TRY_VOID(One(rest, open));
    }
  }

  Result<void> One(std::string_view rest, std::string& open) {
    if (IsDigit(rest[0])) return Number(rest);
    if (rest[0] == '"' || rest[0] == '\'') return String(rest);
    size_t length = 0;
    while (length < rest.size()) {
      const DecodedCodePoint point = DecodeUtf8(rest, length);
      if (point.num_bytes == 0 || !IsNamePart(point.value)) break;
      length += static_cast<size_t>(point.num_bytes);
    }
    if (length > 0) {
      Add(TokenKind::kName, std::string(rest.substr(0, length)));
      Advance(at_ + length);
      return {};
    }
    return Operator(rest, open);
  }

  Result<void> Operator(std::string_view rest, std::string& open) {
    static constexpr std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
    const bool two = std::find(std::begin(kTwo), std::end(kTwo), rest.substr(0, 2)) != std::end(kTwo);
    const std::string text(rest.substr(0, two ? 2 : 1));
    if (!two && std::string_view("+-/*%~[](){}><=.:|,;").find(text[0]) == std::string_view::npos) {
      return Fail("got '" + std::string(rest.substr(0, CodePointOffset(rest, 1))) + "', want an expression");
    }
    if (text == "(") open += ')';
    if (text == "[") open += ']';
    if (text == "{") open += '}';
    if (text == ")" || text == "]" || text == "}") {
      if (open.empty()) return Fail("got '" + text + "' that nothing opened, want an expression");
      if (open.back() != text[0]) return Fail("got '" + text + "', want '" + open.back() + "'");
      open.pop_back();
    }
    Add(TokenKind::kOperator, text);
    Advance(at_ + text.size());
    return {};
  }

  // Length of digits with single underscores between.
  static size_t Digits(std::string_view text, std::string_view allowed = "0123456789") {
    size_t length = 0;
    while (length < text.size() &&
           (allowed.find(text[length]) != std::string_view::npos ||
            (text[length] == '_' && length > 0 && length + 1 < text.size() && text[length - 1] != '_' &&
             allowed.find(text[length + 1]) != std::string_view::npos))) {
      ++length;
    }
    return length;
  }

  Result<void> Number(std::string_view rest) {
    TokenKind kind = TokenKind::kInteger;
    size_t length = 0;
    const char base = rest.size() > 2 && rest[0] == '0' ? static_cast<char>(rest[1] | 0x20) : '\0';
    if (base == 'x' || base == 'o' || base == 'b') {
      length = 2 + Digits(rest.substr(2), base == 'x' ? "0123456789abcdefABCDEF" : base == 'o' ? "01234567" : "01");
    } else {
      length = Digits(rest);
      const bool after_dot = at_ > 0 && text_[at_ - 1] == '.';
      if (!after_dot) {
        size_t end = length;
        if (end + 1 < rest.size() && rest[end] == '.' && IsDigit(rest[end + 1]))
          end += 1 + Digits(rest.substr(end + 1));
        if (end < rest.size() && (rest[end] | 0x20) == 'e') {
          size_t exponent = end + 1;
          if (exponent < rest.size() && (rest[exponent] == '+' || rest[exponent] == '-')) ++exponent;
          if (const size_t digits = Digits(rest.substr(exponent)); digits > 0) end = exponent + digits;
        }
        if (end > length) kind = TokenKind::kFloat, length = end;
      }
    }
    std::string text(rest.substr(0, length));
    std::erase(text, '_');
    Add(kind, std::move(text));
    Advance(at_ + length);
    return {};
  }

  Result<void> String(std::string_view rest) {
    std::string out;
    size_t i = 1;
    for (; i < rest.size() && rest[i] != rest[0];) {
      if (rest[i] != '\\') {
        out += rest[i++];
      } else {
        TRY(i, Escape(rest, i + 1, out));
      }
    }
    if (i >= rest.size()) return Fail("got a string without end, want a closing quote");
    Add(TokenKind::kString, std::move(out));
    Advance(at_ + i + 1);
    return {};
  }

  // rest[i] is what follows the backslash; returns where to go on. [Python reference, "String and Bytes literals"]
  Result<size_t> Escape(std::string_view rest, size_t i, std::string& out) const {
    if (i >= rest.size()) return Fail("got a string without end, want a closing quote");
    static constexpr std::string_view kNames = "\\'\"abfnrtv", kMeanings = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t which = kNames.find(rest[i]); which != std::string_view::npos) {
      out += kMeanings[which];
      return i + 1;
    }
    if (rest[i] == '\n') return i + 1;
    const bool octal = rest[i] >= '0' && rest[i] <= '7';
    const size_t width = octal ? 3 : rest[i] == 'x' ? 2 : rest[i] == 'u' ? 4 : rest[i] == 'U' ? 8 : 0;
    if (width == 0) {
      out += '\\';
      return i;
    }
    const std::string_view digits = octal ? "01234567" : "0123456789abcdefABCDEF";
    const std::string_view shown = rest.substr(octal ? i : i + 1);
    size_t length = 0;
    while (length < width && length < shown.size() && digits.find(shown[length]) != std::string_view::npos) ++length;
    if (!octal && length < width)
      return Fail("got a cut \\" + std::string(1, rest[i]) + " escape, want " + std::to_string(width) +
                  " hexadecimal digits");
    const unsigned long value = std::stoul(std::string(shown.substr(0, length)), nullptr, octal ? 8 : 16);
    if (value > 0x10FFFF) return Fail("got a character above U+10FFFF, want a Unicode character");
    AppendUtf8(out, static_cast<char32_t>(value));
    return (octal ? i : i + 1) + length;
  }

  const std::string source_;
  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view source) { return Lexer(source).Run(); }

}  // namespace atelier::jinja
