// ECMA-262's grammar of patterns (section 22.2.1), read once and written in PCRE2's words. Every literal character is
// written so that PCRE2 cannot take it for anything else.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/text/ecma_regex.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

// White space and line ends [WhiteSpace, LineTerminator], and all else.
constexpr std::string_view kSpaces =
    R"(\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNoSpaces =
    R"(\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

// Names of general categories [PropertyValueAliases], which PCRE2 knows by their short forms alone.
constexpr std::pair<std::string_view, std::string_view> kCategories[] = {
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Close_Punctuation", "Pe"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercase_Letter", "Lu"},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSurrogate(char32_t c) { return c >= 0xD800 && c < 0xE000; }

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> Translate() {
    if (const size_t valid = ValidUtf8Prefix(pattern_); valid != pattern_.size()) return Wrong("want UTF-8", valid);
    TRY_VOID(CollectGroups());
    while (at_ < pattern_.size()) TRY_VOID(Term());
    if (!open_.empty()) return Wrong("want ')'", at_);
    return std::move(out_);
  }

 private:
  Error Wrong(std::string_view want, size_t at) const {
    return Error::Invalid("", "got the pattern \"" + ReplaceInvalidUtf8(pattern_.substr(0, 200)) + "\", at byte " +
                                  std::to_string(at) + " " + std::string(want));
  }

  bool Take(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  char Peek() const { return at_ < pattern_.size() ? pattern_[at_] : '\0'; }

  char32_t TakeCharacter() {
    const DecodedCodePoint point = DecodeUtf8(pattern_, at_);
    at_ += static_cast<size_t>(point.num_bytes);
    return point.value;
  }

  // Capturing groups, counted before: a back reference may stand before its group.
  Result<void> CollectGroups() {
    bool in_class = false;
    for (size_t i = 0; i < pattern_.size(); ++i) {
      const char c = pattern_[i];
      if (c == '\\')
        ++i;
      else if (c == '[')
        in_class = true;
      else if (c == ']')
        in_class = false;
      if (c != '(' || in_class) continue;
      const std::string_view rest = pattern_.substr(i + 1);
      const bool is_named = rest.starts_with("?<") && !rest.starts_with("?<=") && !rest.starts_with("?<!");
      if (rest.starts_with('?') && !is_named) continue;
      groups_.push_back(is_named ? rest.substr(2, rest.find('>') - 2) : std::string_view());
      if (is_named && std::ranges::count(groups_, groups_.back()) > 1) return Wrong("got a name of two groups", i);
    }
    return {};
  }

  // One alternative bar, assertion, group bracket, or atom with its quantifier.
  Result<void> Term() {
    const size_t start = at_;
    const char c = pattern_[at_];
    bool can_repeat = true;
    if (c == '|' || c == '^' || c == '$') {
      ++at_;
      out_ += c;
      can_repeat = false;
    } else if (c == '(') {
      return OpenGroup();
    } else if (c == ')') {
      if (open_.empty()) return Wrong("got ')' without '('", at_);
      ++at_;
      out_ += ')';
      can_repeat = open_.back();
      open_.pop_back();
    } else if (c == '*' || c == '+' || c == '?' || (c == '{' && Quantifier(at_))) {
      return Wrong("got a quantifier of nothing", at_);
    } else if (Take(".")) {
      out_ += R"([^\n\r\x{2028}\x{2029}])";
    } else if (c == '[') {
      TRY_VOID(Class());
    } else if (c == '\\') {
      can_repeat = pattern_.substr(at_, 2) != "\\b" && pattern_.substr(at_, 2) != "\\B";
      TRY_VOID(Escape());
    } else {
      if (c == '{' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] == ',') return Wrong("want a count", at_ + 1);
      Literal(TakeCharacter());
    }
    const auto length = Quantifier(at_);
    if (!length) return {};
    if (!can_repeat) return Wrong("got a quantifier of nothing", at_);
    if (*length == 0) return Wrong("want a first count that is not above the second", start);
    out_ += pattern_.substr(at_, *length);
    at_ += *length;
    if (Take("?")) out_ += '?';
    return {};
  }

  // Length of the quantifier at this place, without a '?' after it; 0 where its counts are the wrong way round.
  std::optional<size_t> Quantifier(size_t at) const {
    if (at >= pattern_.size()) return std::nullopt;
    if (pattern_[at] == '*' || pattern_[at] == '+' || pattern_[at] == '?') return 1;
    if (pattern_[at] != '{') return std::nullopt;
    size_t end = at + 1;
    const auto number = [&] {
      const size_t begin = end;
      while (end < pattern_.size() && IsDigit(pattern_[end])) ++end;
      std::string_view digits = pattern_.substr(begin, end - begin);
      digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
      return std::pair(end > begin, digits);
    };
    const auto [has_low, low] = number();
    if (!has_low) return std::nullopt;
    bool is_ordered = true;
    if (end < pattern_.size() && pattern_[end] == ',') {
      ++end;
      const auto [has_high, high] = number();
      is_ordered = !has_high || low.size() < high.size() || (low.size() == high.size() && low <= high);
    }
    if (end >= pattern_.size() || pattern_[end] != '}') return std::nullopt;
    return is_ordered ? end + 1 - at : 0;
  }

  Result<void> OpenGroup() {
    const size_t start = at_++;
    for (const std::string_view kind : {"?:", "?=", "?!", "?<=", "?<!"}) {
      if (!Take(kind)) continue;
      out_.append("(").append(kind);
      open_.push_back(!kind.starts_with("?<"));
      return {};
    }
    if (Take("?<")) {
      const size_t close = pattern_.find('>', at_);
      if (close == std::string_view::npos || close == at_ || IsDigit(Peek())) return Wrong("want a name and '>'", at_);
      at_ = close + 1;
    } else if (Peek() == '?') {
      return Wrong("want (?:, (?=, (?!, (?<=, (?<! or (?<name>", start);
    }
    out_ += '(';
    open_.push_back(true);
    return {};
  }

  void Literal(char32_t c) {
    if (IsSurrogate(c))
      out_ += "(?!)";  // no text has one
    else
      Character(c);
  }

  void Character(char32_t c) {
    char buffer[16];
    if (c < 0x80 && (IsLetter(static_cast<char>(c)) || IsDigit(static_cast<char>(c)))) {
      out_ += static_cast<char>(c);
    } else {
      std::snprintf(buffer, sizeof buffer, "\\x{%x}", static_cast<unsigned>(c));
      out_ += buffer;
    }
  }

  // \d, \w, \s, \p{…} and their opposites, as parts of a class in brackets. False where none of them stands here.
  Result<bool> ClassEscape() {
    if (Take("\\d"))
      out_ += "0-9";
    else if (Take("\\D"))
      out_ += "\\D";
    else if (Take("\\w"))
      out_ += "A-Za-z0-9_";
    else if (Take("\\W"))
      out_ += "\\W";
    else if (Take("\\s"))
      out_ += kSpaces;
    else if (Take("\\S"))
      out_ += kNoSpaces;
    else if (pattern_.substr(at_).starts_with("\\p") || pattern_.substr(at_).starts_with("\\P"))
      TRY_VOID(Property());
    else
      return false;
    return true;
  }

  Result<void> Property() {
    const size_t start = at_;
    const char kind = pattern_[at_ + 1];
    at_ += 2;
    const size_t close = pattern_.find('}', at_);
    if (!Take("{") || close == std::string_view::npos) return Wrong("want {name} after \\p", start);
    std::string_view name = pattern_.substr(at_, close - at_);
    at_ = close + 1;
    for (const std::string_view prefix : {"General_Category=", "gc="}) {
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    std::string known(name);
    for (const auto& [length, abbreviation] : kCategories) {
      if (name == length) known = abbreviation;
    }
    if (known.starts_with("Script=")) known.replace(0, 6, "sc");
    if (known.starts_with("Script_Extensions=")) known.replace(0, 17, "scx");
    if (name.empty() || !std::ranges::all_of(known, [](char c) {
          return IsLetter(c) || IsDigit(c) || c == '_' || c == '=' || c == '&';
        })) {
      return Wrong("want the name of a Unicode property", start);
    }
    out_.append("\\").append(1, kind).append("{").append(known).append("}");
    return {};
  }

  // An escape that stands for one character; nothing where it is none.
  Result<std::optional<char32_t>> CharacterEscape() {
    static constexpr std::pair<char, char32_t> kControls[] = {
        {'t', '\t'}, {'n', '\n'}, {'v', '\v'}, {'f', '\f'}, {'r', '\r'}};
    const size_t start = at_++;
    if (at_ >= pattern_.size()) return Wrong("want a character after '\\'", start);
    const char c = Peek();
    for (const auto& [letter, value] : kControls) {
      if (c == letter) return ++at_, std::optional(value);
    }
    if (c == '0' && !(at_ + 1 < pattern_.size() && IsDigit(pattern_[at_ + 1]))) return ++at_, std::optional(U'\0');
    if (c == 'c' && at_ + 1 < pattern_.size() && IsLetter(pattern_[at_ + 1])) {
      at_ += 2;
      return std::optional<char32_t>(pattern_[at_ - 1] & 31);
    }
    if (c == 'x' || c == 'u') {
      TRY(const char32_t value, HexEscape());
      return std::optional(value);
    }
    if (IsLetter(c) || IsDigit(c)) {
      at_ = start;
      return std::optional<char32_t>();
    }
    return std::optional(TakeCharacter());
  }

  std::optional<char32_t> Hex(size_t digits) {
    char32_t value = 0;
    if (at_ + digits > pattern_.size()) return std::nullopt;
    for (size_t i = 0; i < digits; ++i) {
      const char c = pattern_[at_ + i];
      const char lower = static_cast<char>(c | 0x20);
      if (!IsDigit(c) && !(lower >= 'a' && lower <= 'f')) return std::nullopt;
      value = value * 16 + static_cast<char32_t>(IsDigit(c) ? c - '0' : lower - 'a' + 10);
    }
    at_ += digits;
    return value;
  }

  // x41, u0041, u{41}, or two of uD83D that make one character.
  Result<char32_t> HexEscape() {
    const size_t start = at_;
    if (Take("u{")) {
      const size_t close = pattern_.find('}', at_);
      constexpr size_t kMostDigits = 8;
      const auto value = close == std::string_view::npos || close == at_ || close - at_ > kMostDigits
                             ? std::nullopt
                             : Hex(close - at_);
      if (!value || *value > 0x10FFFF) return Wrong("want a code point in hexadecimal digits", start);
      ++at_;
      return *value;
    }
    const bool is_short = Take("x");
    if (!is_short) Take("u");
    const auto value = Hex(is_short ? 2 : 4);
    if (!value) return Wrong(is_short ? "want two hexadecimal digits" : "want four hexadecimal digits", start);
    if (*value < 0xD800 || *value >= 0xDC00) return *value;
    const size_t before_low = at_;
    if (Take("\\u")) {
      const auto low = Hex(4);
      if (low && *low >= 0xDC00 && *low < 0xE000) return 0x10000 + ((*value - 0xD800) << 10) + (*low - 0xDC00);
    }
    at_ = before_low;
    return *value;
  }

  Result<void> Escape() {
    const size_t start = at_;
    if (Take("\\b")) return out_ += "\\b", Result<void>();
    if (Take("\\B")) return out_ += "\\B", Result<void>();
    out_ += '[';
    TRY(const bool is_class, ClassEscape());
    if (is_class) return out_ += ']', Result<void>();
    out_.pop_back();
    TRY(const auto character, CharacterEscape());
    if (character) return Literal(*character), Result<void>();
    ++at_;
    size_t group = 0;
    if (Take("k<")) {
      const size_t close = pattern_.find('>', at_);
      const auto found = std::ranges::find(groups_, pattern_.substr(at_, close - at_));
      if (close == std::string_view::npos || found == groups_.end()) return Wrong("want the name of a group", start);
      group = static_cast<size_t>(found - groups_.begin()) + 1;
      at_ = close + 1;
    } else {
      while (IsDigit(Peek()) && group <= groups_.size())
        group = group * 10 + static_cast<size_t>(pattern_[at_++] - '0');
      if (group == 0 || group > groups_.size()) return Wrong("want an escape that ECMA-262 knows", start);
    }
    out_ += "\\g{" + std::to_string(group) + "}";
    return {};
  }

  Result<void> Class() {
    const size_t start = at_++;
    const bool is_negated = Take("^");
    if (Take("]")) return out_ += is_negated ? "[\\s\\S]" : "(?!)", Result<void>();
    out_ += is_negated ? "[^" : "[";
    const size_t before = out_.size();
    while (!Take("]")) {
      if (at_ >= pattern_.size()) return Wrong("want ']'", start);
      TRY_VOID(ClassRange());
    }
    if (out_.size() == before) {  // surrogates alone
      out_.resize(before - (is_negated ? 2 : 1));
      out_ += is_negated ? "[\\s\\S]" : "(?!)";
      return {};
    }
    out_ += ']';
    return {};
  }

  // A character, a range of them or a class. A hyphen is a range's only between two characters.
  Result<void> ClassRange() {
    const size_t start = at_;
    TRY(const auto low, ClassAtom());
    if (!low) return {};
    const bool is_range =
        Peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']' && !ClassFollows(at_ + 1);
    if (!is_range) {
      if (!IsSurrogate(*low)) Character(*low);
      return {};
    }
    ++at_;
    TRY(const auto high, ClassAtom());
    if (!high || *high < *low) return Wrong("want a range whose first character is not above the second", start);
    Range(*low, *high);
    return {};
  }

  bool ClassFollows(size_t at) const {
    return pattern_[at] == '\\' && at + 1 < pattern_.size() &&
           std::string_view("dDwWsSpP").find(pattern_[at + 1]) != std::string_view::npos;
  }

  // Without the surrogates, which PCRE2 does not take.
  void Range(char32_t low, char32_t high) {
    if (low < 0xD800 && high >= 0xD800) {
      Range(low, 0xD7FF);
      if (high >= 0xE000) Range(0xE000, high);
      return;
    }
    if (IsSurrogate(low)) low = 0xE000;
    if (low > high) return;
    Character(low);
    out_ += '-';
    Character(high);
  }

  // Nothing for a class, which is written already.
  Result<std::optional<char32_t>> ClassAtom() {
    if (at_ >= pattern_.size()) return Wrong("want ']'", at_);
    TRY(const bool is_class, ClassEscape());
    if (is_class) return std::optional<char32_t>();
    if (Take("\\b")) return std::optional(U'\b');
    if (Peek() != '\\') return std::optional(TakeCharacter());
    const size_t start = at_;
    TRY(const auto character, CharacterEscape());
    if (!character) return Wrong("want an escape that ECMA-262 knows", start);
    return character;
  }

  std::string_view pattern_;
  size_t at_ = 0;
  std::string out_;
  std::vector<bool> open_;                // groups: whether a quantifier may follow
  std::vector<std::string_view> groups_;  // names of capturing groups, empty where there is none
};

}  // namespace

Result<std::string> EcmaRegexToPcre2(std::string_view pattern) { return Translator(pattern).Translate(); }

}  // namespace atelier
