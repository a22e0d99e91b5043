#include "engine/grammar/lark_regex.h"

#include <utf8proc.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/text/utf8.h"
#include "engine/grammar/grammar_text.h"

namespace atelier {
namespace {

constexpr char32_t kLastCased = 0x1FFFF;  // no letter with case lies beyond
constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

char32_t Folded(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
}

// Characters that differ in case alone, by their folded one.
const std::map<char32_t, std::vector<char32_t>>& Cases() {
  static const auto& cases = *[] {
    auto* all = new std::map<char32_t, std::vector<char32_t>>;
    for (char32_t c = 0; c <= kLastCased; ++c) {
      if (c == 0xD800) c = 0xE000;
      if (const char32_t folded = Folded(c); folded != c) (*all)[folded].push_back(c);
    }
    for (auto& [folded, others] : *all) others.push_back(folded);
    return all;
  }();
  return cases;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Translator {
 public:
  Translator(std::string_view regex, LarkFlags flags) : regex_(regex), flags_({flags}) {}

  Result<std::string> Run() {
    while (at_ < regex_.size()) TRY_VOID(Next());
    return std::move(out_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < regex_.size() ? regex_[at_ + ahead] : '\0'; }
  std::string Where() const { return "character " + std::to_string(at_ + 1); }
  Error Bad(std::string what) const { return Error::Invalid(Where(), std::move(what)); }
  Error Cannot(std::string what) const { return Error::Unsupported(Where(), std::move(what)); }
  LarkFlags& flags() { return flags_.back(); }

  char32_t TakeChar() {
    const DecodedCodePoint c = DecodeUtf8(regex_, at_);
    at_ += static_cast<size_t>(c.num_bytes);
    return c.value;
  }

  void Emit(char32_t c) {
    if (flags().ignore_case) {
      if (const auto at = Cases().find(Folded(c)); at != Cases().end()) {
        out_ += '[';
        for (const char32_t other : at->second) out_ += PatternCodePoint(other);
        out_ += ']';
        return;
      }
    }
    out_ += PatternCodePoint(c);
  }

  Result<void> Next() {
    switch (const char c = Peek(); c) {
      case '\\': return Escape();
      case '[': return Class();
      case '(': return Group();
      case ')':
        if (flags_.size() > 1) flags_.pop_back();
        out_ += c;
        ++at_;
        return {};
      case '|':
        out_ += c;
        ++at_;
        return {};
      case '*':
      case '+':
      case '?': return Repeat(1);
      case '{': return Counted();
      case '.':
        out_ += flags().dot_all ? "[^]" : "[^\\n]";
        ++at_;
        return {};
      case '^':
      case '$':
        return Cannot("got the anchor " + std::string(1, c) +
                      ", want none: a terminal does not see what stands beside it");
      case ' ':
      case '\t':
      case '\n':
      case '\r':
        if (flags().verbose) {
          ++at_;
          return {};
        }
        break;
      case '#':
        if (flags().verbose) {
          while (at_ < regex_.size() && Peek() != '\n') ++at_;
          return {};
        }
        break;
      default: break;
    }
    Emit(TakeChar());
    return {};
  }

  // A repetition of `size` bytes, and what says how hard it tries.
  Result<void> Repeat(size_t size) {
    out_ += regex_.substr(at_, size);
    at_ += size;
    if (Peek() == '?') ++at_;  // the language is the same
    if (Peek() == '+') return Cannot("got possessive repetition, want *, + or ?");
    return {};
  }

  Result<void> Counted() {
    size_t size = 1;
    bool has_digit = false, has_comma = false;
    for (; IsDigit(Peek(size)) || (Peek(size) == ',' && !has_comma); ++size) {
      has_digit |= IsDigit(Peek(size));
      has_comma |= Peek(size) == ',';
    }
    if (!has_digit || Peek(size) != '}') {
      Emit(TakeChar());  // a brace that counts nothing stands for itself
      return {};
    }
    if (Peek(1) == ',') {
      out_ += "{0";
      ++at_;
      return Repeat(size);
    }
    return Repeat(size + 1);
  }

  Result<void> Group() {
    ++at_;
    if (Peek() != '?') {
      out_ += "(?:";
      flags_.push_back(flags());
      return {};
    }
    ++at_;
    const bool named = Peek() == 'P' ? Peek(1) == '<' : Peek() == '<' && Peek(1) != '=' && Peek(1) != '!';
    if (named) {
      const size_t end = regex_.find('>', at_);
      if (end == regex_.npos) return Bad("got a group's name without '>'");
      at_ = end + 1;
      out_ += "(?:";
      flags_.push_back(flags());
      return {};
    }
    if (Peek() == '=' || Peek() == '!' || Peek() == '<') {
      return Cannot("got looking ahead or behind, want none: a terminal does not see what stands beside it");
    }
    if (Peek() == 'P' || Peek() == '>' || Peek() == '(' || Peek() == '#') {
      return Cannot("got (?" + std::string(1, Peek()) + ", want (…), (?:…), (?P<name>…) or (?flags:…)");
    }
    LarkFlags inner = flags();
    bool on = true;
    for (; Peek() != ':' && Peek() != ')'; ++at_) {
      const char c = Peek();
      if (c == '-')
        on = false;
      else if (c == 'i')
        inner.ignore_case = on;
      else if (c == 's')
        inner.dot_all = on;
      else if (c == 'x')
        inner.verbose = on;
      else if (c != 'u' && c != 'm')
        return Bad("got an unknown flag, want i, m, s, u or x");
    }
    if (regex_[at_++] == ')') {  // for the rest of this group
      flags() = inner;
      return {};
    }
    out_ += "(?:";
    flags_.push_back(inner);
    return {};
  }

  // The character that an escape at the cursor stands for; nothing: it stands for a class, or for something else.
  Result<std::optional<char32_t>> EscapedChar() {
    const char c = Peek(1);
    if (at_ + 1 >= regex_.size()) return Bad("got a backslash at the end, want a character after it");
    const auto is = [&](char32_t value) {
      at_ += 2;
      return std::optional<char32_t>(value);
    };
    switch (c) {
      case 'n': return is('\n');
      case 'r': return is('\r');
      case 't': return is('\t');
      case 'f': return is('\f');
      case 'v': return is('\v');
      case 'a': return is('\a');
      case '0': return is(0);
      case 'x': return Hex(2);
      case 'u': return Hex(4);
      case 'U': return Hex(8);
      default: break;
    }
    if (IsLetter(c) || IsDigit(c)) return std::optional<char32_t>();
    ++at_;
    return std::optional<char32_t>(TakeChar());
  }

  Result<std::optional<char32_t>> Hex(size_t digits) {
    size_t begin = at_ + 2;
    size_t end = begin + digits;
    if (Peek(2) == '{') {
      ++begin;
      end = std::min(regex_.find('}', begin), regex_.size());
    }
    uint64_t value = 0;
    for (size_t i = begin; i < end; ++i) {
      const char c = i < regex_.size() ? regex_[i] : ' ';
      const int digit = IsDigit(c)             ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0 || value > 0x10FFFF) return Bad("got a wrong code point, want hexadecimal digits");
      value = value * 16 + static_cast<uint64_t>(digit);
    }
    if (begin == end || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
      return Bad("got a wrong code point, want one of Unicode");
    }
    at_ = end + (regex_.substr(end, 1) == "}" && begin != at_ + 2 ? 1 : 0);
    return std::optional<char32_t>(static_cast<char32_t>(value));
  }

  // A class such as \d, as it stands within [ ]; the cursor is at its backslash.
  Result<std::string> NamedClass(bool in_brackets) {
    const char c = Peek(1);
    switch (c) {
      case 'd': at_ += 2; return std::string("\\p{Nd}");
      case 'D': at_ += 2; return std::string("\\P{Nd}");
      case 's': at_ += 2; return std::string("\\p{White_Space}");
      case 'S': at_ += 2; return std::string("\\P{White_Space}");
      case 'w': at_ += 2; return std::string(kWord);
      case 'W':
        at_ += 2;
        if (!in_brackets) return "^" + std::string(kWord);
        has_non_word_ = true;
        return std::string();
      case 'p':
      case 'P': {
        const size_t end = Peek(2) == '{' ? regex_.find('}', at_) : at_ + 2;
        if (end == regex_.npos || end >= regex_.size()) return Bad("got a property without '}'");
        std::string name(Peek(2) == '{' ? regex_.substr(at_ + 3, end - at_ - 3) : regex_.substr(end, 1));
        at_ = end + 1;
        return "\\" + std::string(1, c) + "{" + name + "}";
      }
      case 'A':
      case 'Z':
      case 'z':
      case 'b':
      case 'B':
      case 'G':
        return Cannot("got the anchor \\" + std::string(1, c) +
                      ", want none: a terminal does not see what stands beside it");
      default: break;
    }
    if (IsDigit(c)) return Cannot("got a back reference, want none");
    return Bad("got the unknown escape \\" + std::string(1, c));
  }

  Result<void> Escape() {
    TRY(const std::optional<char32_t> c, EscapedChar());
    if (c) {
      Emit(*c);
      return {};
    }
    TRY(const std::string named, NamedClass(false));
    out_ += "[" + named + "]";
    return {};
  }

  Result<void> Class() {
    const size_t begin = out_.size();
    ++at_;
    const bool negative = Peek() == '^';
    if (negative) ++at_;
    has_non_word_ = false;
    for (bool first = true; first || Peek() != ']'; first = false) {
      if (at_ >= regex_.size()) return Bad("got the end of the expression, want ']'");
      if (Peek() == '[' && Peek(1) == ':') return Cannot("got [: within [ ], want \\p{…}");
      TRY_VOID(ClassItem());
    }
    ++at_;
    const std::string items = out_.substr(begin);
    out_.resize(begin);
    if (!has_non_word_) {
      out_ += (negative ? "[^" : "[") + items + "]";
    } else if (negative) {  // a class cannot hold what \w leaves out
      out_ += "(?:(?![" + items + "])[" + std::string(kWord) + "])";
    } else {
      out_ += "(?:[" + items + "]|[^" + std::string(kWord) + "])";
    }
    return {};
  }

  // A character, a range or a named class; appended as it stands within [ ].
  Result<void> ClassItem() {
    TRY(const std::optional<char32_t> low, ClassChar());
    if (!low) return {};
    char32_t high = *low;
    if (Peek() == '-' && Peek(1) != ']' && at_ + 1 < regex_.size()) {
      ++at_;
      TRY(const std::optional<char32_t> end, ClassChar());
      if (!end || *end < *low) return Bad("got a range that does not end behind its beginning");
      high = *end;
    }
    out_ += PatternCodePoint(*low);
    if (high != *low) out_ += "-" + PatternCodePoint(high);
    if (flags().ignore_case) AddCases(*low, high);
    return {};
  }

  Result<std::optional<char32_t>> ClassChar() {
    if (Peek() != '\\') return std::optional<char32_t>(TakeChar());
    if (Peek(1) == 'b') {
      at_ += 2;
      return std::optional<char32_t>('\b');
    }
    TRY(const std::optional<char32_t> c, EscapedChar());
    if (c) return c;
    TRY(const std::string named, NamedClass(true));
    out_ += named;
    return std::optional<char32_t>();
  }

  void AddCases(char32_t low, char32_t high) {
    for (const auto& [folded, others] : Cases()) {
      bool in = false;
      for (const char32_t other : others) in |= other >= low && other <= high;
      if (!in) continue;
      for (const char32_t other : others) {
        if (other < low || other > high) out_ += PatternCodePoint(other);
      }
    }
  }

  std::string_view regex_;
  std::vector<LarkFlags> flags_;  // of the groups that are open
  size_t at_ = 0;
  std::string out_;
  bool has_non_word_ = false;  // \W is in the class that is being read
};

}  // namespace

Result<std::string> TranslateLarkRegex(std::string_view regex, LarkFlags flags) {
  return Translator(regex, flags).Run();
}

std::string AnyCasePattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (static_cast<uint8_t>(c) < 0x80 && !IsLetter(c) && !IsDigit(c)) escaped += '\\';
    escaped += c;
  }
  Result<std::string> pattern = TranslateLarkRegex(escaped, {.ignore_case = true});
  return pattern.ok() ? std::move(*pattern) : std::string();
}

}  // namespace atelier
