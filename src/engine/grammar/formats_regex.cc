// Patterns of ECMA-262 that are so with the u flag as in annex B (what escapes punctuation aside), as far as a regular
// language has them; see formats.h for what is left out.
#include <array>
#include <string>

#include "engine/grammar/formats.h"

namespace atelier {
namespace {

using std::string;

constexpr Languages::Anchoring kWhole = Languages::Anchoring::kWhole;
constexpr int kMaxGroups = 8;  // within each other
constexpr const char* kHex = "[0-9A-Fa-f]";

string Group(const string& inside) { return "(?:" + inside + ")"; }
void AddAlternative(string& all, const string& one) { all += (all.empty() ? "" : "|") + one; }

// A hexadecimal digit, and those above it.
string HexDigit(int value) {
  const char digit = "0123456789abcdef"[value];
  return value < 10 ? string(1, digit) : string{'[', digit, static_cast<char>(digit - 'a' + 'A'), ']'};
}
string HexDigitsAbove(int value) {
  string digits = "[";
  for (int i = value + 1; i < 16; ++i) {
    const string one = HexDigit(i);
    digits += i < 10 ? one : one.substr(1, 2);
  }
  return digits + "]";
}

string Properties() {
  return "(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfon]?|Letter|Uppercase_Letter|Lowercase_Letter|"
         "Number|Decimal_Number|Punctuation|Symbol|(?:Script|sc)=(?:Latin|Greek|Cyrillic|Han|Hiragana|Katakana|Hangul|"
         "Arabic|Hebrew|Thai|Devanagari))";
}
string ClassEscape() { return "\\\\(?:[dDwWsS]|[pP]\\{" + Properties() + "\\})"; }

// An escape that stands for one character, of any context. No surrogates.
string CharacterEscape() {
  const string hex = kHex;
  return "\\\\(?:[tnvfr]|c[A-Za-z]|x" + hex + "{2}|u(?:[0-9A-CE-Fa-ce-f]" + hex + "{3}|[Dd][0-7]" + hex +
         "{2})|[!-/:-@\\[-`{-~])";
}

// a-z: ends of ASCII, or a last one beyond it.
string PlainRanges() {
  string all;
  for (char low = ' '; low <= '~'; ++low) {
    if (string("-[\\]^").find(low) != string::npos) continue;
    string lows(1, low);
    if (string("$.*+?(){}|/").find(low) != string::npos) lows.insert(0, "\\");
    string highs = "[\\u{80}-\\u{10FFFF}";
    for (char high = low; high <= '~'; ++high) {
      if (string("-[\\]^").find(high) == string::npos) highs += high;
    }
    AddAlternative(all, lows + "-" + highs + "]");
  }
  return all;
}

// \x00-\x1f and \u0400-\u04ff, whose first digits tell which is less.
string EscapedRanges() {
  const string hex = kHex;
  string all;
  for (int first = 0; first < 16; ++first) {
    const string digit = HexDigit(first);
    if (first < 15) AddAlternative(all, "\\\\x" + digit + hex + "-\\\\x" + HexDigitsAbove(first) + hex);
    if (first == 13) continue;  // most are surrogates
    if (first < 15) {
      string above = "(?:[Dd][0-7]|[";
      if (first > 13) above = "(?:[";
      for (int i = first + 1; i < 16; ++i) {
        if (i != 13) above += i < 10 ? HexDigit(i) : HexDigit(i).substr(1, 2);
      }
      AddAlternative(all, "\\\\u" + digit + hex + "{3}-\\\\u" + above + "]" + hex + ")" + hex + "{2}");
    }
    for (int second = 0; second < 16; ++second) {
      const string both = digit + HexDigit(second);
      if (second < 15) {
        AddAlternative(all, "\\\\u" + both + hex + "{2}-\\\\u" + digit + HexDigitsAbove(second) + hex + "{2}");
      }
      AddAlternative(all, "\\\\u" + both + "0" + hex + "-\\\\u" + both + "[1-9A-Fa-f]" + hex);
    }
  }
  return all;
}

string Class() {
  const string single = Group("[^\\]\\\\\\-\\[^]|" + CharacterEscape() + "|\\\\b");
  const string lenient = ClassEscape() + "-[^\\]\\\\\\-\\[^]";
  const string item = Group(PlainRanges() + "|" + EscapedRanges() + "|" + single + "|" + ClassEscape() + "|" + lenient);
  return "\\[\\^?" + Group("-?" + item + "+-?|-") + "\\]";
}

// {n}, {n,} and {n,m}, with n at most m.
string Counts() {
  const string number = "(?:0|[1-9][0-9]{0,3})";
  string ordered = "[0-9],[1-9][0-9]{1,3}|[1-9][0-9],[1-9][0-9]{2,3}|[1-9][0-9]{2},[1-9][0-9]{3}";
  const auto digit = [](int value) { return string(1, static_cast<char>('0' + value)); };
  const auto up_to_9 = [&](int value) { return value == 9 ? "9" : "[" + digit(value) + "-9]"; };
  for (int first = 0; first < 10; ++first) {
    AddAlternative(ordered, digit(first) + "," + up_to_9(first));
    if (first == 0) continue;
    for (int second = 0; second < 10; ++second) {
      AddAlternative(ordered, digit(first) + digit(second) + "," + digit(first) + up_to_9(second));
    }
    if (first == 9) continue;
    for (const string more : {"[0-9]", "[0-9]{2}", "[0-9]{3}"}) {
      AddAlternative(ordered, digit(first) + more + "," + up_to_9(first + 1) + more);
    }
  }
  return "\\{(?:" + number + ",?|" + ordered + ")\\}";
}

}  // namespace

Result<FormatBounds> EcmaPatterns(Languages& all) {
  const string atoms = "[^\\^$\\\\.*+?()\\[\\]{}|]|\\.|" + CharacterEscape() + "|" + ClassEscape() + "|" + Class();
  TRY(const LanguageId atom, all.Pattern(atoms, kWhole));
  TRY(const LanguageId assertion, all.Pattern("[\\^$|]|\\\\[bB]", kWhole));
  TRY(const LanguageId quantifier, all.Pattern("(?:(?:[*+?]|" + Counts() + ")[?]?)?", kWhole));
  TRY(const LanguageId open_group, all.Pattern("\\((?:\\?:)?", kWhole));
  TRY(const LanguageId open_look, all.Pattern("\\(\\?<?[=!]", kWhole));
  const auto pattern_of = [&](LanguageId atoms_here, LanguageId assertions_here) {
    const LanguageId term = all.Or(std::array{all.Concat(atoms_here, quantifier), assertions_here});
    return all.Repeat(term, 0, std::nullopt);
  };
  LanguageId pattern = pattern_of(atom, assertion);
  for (int depth = 0; depth < kMaxGroups; ++depth) {
    const LanguageId rest = all.Concat(pattern, all.Literal(")"));
    pattern = pattern_of(all.Or(std::array{atom, all.Concat(open_group, rest)}),
                         all.Or(std::array{assertion, all.Concat(open_look, rest)}));
  }
  return FormatBounds{pattern, Languages::kAnyText};
}

}  // namespace atelier
