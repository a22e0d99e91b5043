#include "engine/grammar/ecma_pattern_reader.h"

#include <algorithm>

#include "base/text/utf8.h"

namespace atelier {

CodePointSet EcmaDigits() { return CodePointSet::Of('0', '9'); }
CodePointSet EcmaWordCharacters() { return CodePointSet({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}); }
CodePointSet EcmaSpaces() {
  return CodePointSet({{'\t', '\r'},
                       {' ', ' '},
                       {0xA0, 0xA0},
                       {0x1680, 0x1680},
                       {0x2000, 0x200A},
                       {0x2028, 0x2029},
                       {0x202F, 0x202F},
                       {0x205F, 0x205F},
                       {0x3000, 0x3000},
                       {0xFEFF, 0xFEFF}});
}

namespace ecma {
namespace {

CodePointSet One(char32_t c) { return CodePointSet::Of(c, c); }

bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }
bool IsLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int HexValue(char32_t c) {
  if (IsDigit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A' + 10);
  return -1;
}

bool IsAny(char32_t c, std::string_view of) {
  return c < 0x80 && of.find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

Reader::Reader(std::string_view text, bool annex_b) : annex_b_(annex_b) {
  for (size_t i = 0; i < text.size();) {
    const DecodedCodePoint c = DecodeUtf8(text, i);
    chars_.push_back(c.value);
    i += static_cast<size_t>(c.num_bytes);
  }
  CountGroups();
}

// Groups of the whole pattern: whether \1 is a back reference depends on groups that stand later.
void Reader::CountGroups() {
  bool in_class = false;
  for (size_t i = 0; i < chars_.size(); ++i) {
    const char32_t c = chars_[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      const auto next = [&](size_t n) { return i + n < chars_.size() ? chars_[i + n] : U'\0'; };
      const bool named = next(1) == '?' && next(2) == '<' && next(3) != '=' && next(3) != '!';
      has_names_ = has_names_ || named;
      if (next(1) != '?' || named) ++num_groups_;
    }
  }
}

bool Reader::Take(char32_t c) {
  if (AtEnd() || Peek() != c) return false;
  ++at_;
  return true;
}

bool Reader::Take(std::string_view ascii) {
  if (chars_.size() - at_ < ascii.size()) return false;
  for (size_t i = 0; i < ascii.size(); ++i) {
    if (chars_[at_ + i] != static_cast<char32_t>(ascii[i])) return false;
  }
  at_ += ascii.size();
  return true;
}

std::optional<int64_t> Reader::Decimal() {
  if (AtEnd() || !IsDigit(Peek())) return std::nullopt;
  int64_t value = 0;
  while (!AtEnd() && IsDigit(Peek())) {
    const int64_t digit = static_cast<int64_t>(Read() - '0');
    value = value > (INT64_MAX - 10) / 10 ? INT64_MAX - 1 : value * 10 + digit;
  }
  return value;
}

std::optional<char32_t> Reader::Hex(int num_digits) {
  char32_t value = 0;
  for (int i = 0; i < num_digits; ++i) {
    const int digit = at_ + i < chars_.size() ? HexValue(chars_[at_ + i]) : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  at_ += num_digits;
  return value;
}

// After \u: {H…}, or four digits, or two times four that make a pair of surrogates.
std::optional<char32_t> Reader::UnicodeEscape() {
  const size_t start = at_;
  if (Take('{')) {
    char32_t value = 0;
    bool any = false;
    while (!AtEnd() && HexValue(Peek()) >= 0 && value <= 0x10FFFF) {
      value = value * 16 + static_cast<char32_t>(HexValue(Read()));
      any = true;
    }
    if (any && value <= 0x10FFFF && Take('}')) return value;
    at_ = start;
    return std::nullopt;
  }
  const auto high = Hex(4);
  if (!high || *high < 0xD800 || *high > 0xDBFF) return high;
  const size_t after = at_;
  if (Take("\\u")) {
    const auto low = Hex(4);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
  }
  at_ = after;
  return high;
}

Result<CodePointSet> Reader::Escape(bool in_class) {
  Read();
  if (AtEnd()) return Bad("got a backslash at the end");
  const char32_t c = Peek();
  switch (c) {
    case 'd': Read(); return EcmaDigits();
    case 'D': Read(); return EcmaDigits().Not();
    case 'w': Read(); return EcmaWordCharacters();
    case 'W': Read(); return EcmaWordCharacters().Not();
    case 's': Read(); return EcmaSpaces();
    case 'S': Read(); return EcmaSpaces().Not();
    case 'p':
    case 'P': return PropertyEscape(c == 'P');
    default: return CharacterEscape(c, in_class);
  }
}

Result<CodePointSet> Reader::PropertyEscape(bool negative) {
  const size_t start = at_;
  Read();
  std::string name;
  bool closed = false;
  if (Take('{')) {
    while (!AtEnd() && !closed) {
      closed = Peek() == '}';
      if (!closed) AppendUtf8(name, Peek());
      Read();
    }
  }
  if (!closed) {
    at_ = start;
    if (!annex_b_) return Bad("got \\p without {property}");
    Read();
    return One(Before());
  }
  auto set = UnicodeProperty(name);
  if (!set) {
    at_ = start;
    return Error::Unsupported(Where(), "got the property \\p{" + name + "}, which is not known here");
  }
  return negative ? set->Not() : *std::move(set);
}

Result<CodePointSet> Reader::CharacterEscape(char32_t c, bool in_class) {
  if (IsDigit(c)) return DigitEscape(in_class);
  if (IsLetter(c)) return LetterEscape(c, in_class);
  if (!annex_b_ && !IsAny(c, "^$\\.*+?()[]{}|/") && !(in_class && c == '-')) {
    return Bad("got a backslash before a character that needs none");
  }
  Read();
  return One(c);
}

Result<CodePointSet> Reader::LetterEscape(char32_t c, bool in_class) {
  const size_t start = at_;
  Read();
  switch (c) {
    case 't': return One('\t');
    case 'n': return One('\n');
    case 'v': return One('\v');
    case 'f': return One('\f');
    case 'r': return One('\r');
    case 'b':
      if (in_class) return One('\b');
      break;
    case 'c': return ControlEscape(in_class);
    case 'x':
      if (const auto value = Hex(2)) return One(*value);
      break;
    case 'u':
      if (const auto value = UnicodeEscape()) return One(*value);
      break;
    case 'k':
      if (!in_class && has_names_) {
        at_ = start;
        return Error::Unsupported(Where(), "got a back reference \\k, which no regular language has");
      }
      break;
    default: break;
  }
  if (annex_b_) return One(c);
  at_ = start;
  return Bad("got the unknown escape \\" + EncodeUtf8(c));
}

Result<CodePointSet> Reader::ControlEscape(bool in_class) {
  if (!AtEnd() && (IsLetter(Peek()) || (annex_b_ && in_class && (IsDigit(Peek()) || Peek() == '_')))) {
    return One(Read() % 32);
  }
  if (!annex_b_) return Bad("got \\c without a letter");
  --at_;  // the backslash stands for itself, and c is read again
  return One('\\');
}

Result<CodePointSet> Reader::DigitEscape(bool in_class) {
  const size_t start = at_;
  const int64_t number = *Decimal();
  const bool is_null = chars_[start] == '0' && at_ == start + 1;
  if (is_null) return One(0);
  if (!in_class && chars_[start] != '0' && number <= num_groups_) {
    at_ = start;
    return Error::Unsupported(Where(),
                              "got the back reference \\" + std::to_string(number) + ", which no regular language has");
  }
  at_ = start;
  if (!annex_b_) return Bad("got a decimal escape without such a group");
  if (Peek() >= '8') return One(Read());
  char32_t value = 0;
  for (int i = 0; i < 3 && !AtEnd() && Peek() >= '0' && Peek() <= '7' && value * 8 + (Peek() - '0') <= 0xFF; ++i) {
    value = value * 8 + (Read() - '0');
  }
  return One(value);
}

Result<Reader::ClassAtom> Reader::ReadClassAtom() {
  if (Peek() != '\\') return ClassAtom{One(Read()), true};
  const char32_t kind = at_ + 1 < chars_.size() ? chars_[at_ + 1] : U'\0';
  const size_t start = at_;
  TRY(CodePointSet set, Escape(/*in_class=*/true));
  // \p that annex B reads as a plain p is two characters long.
  const bool single = !IsAny(kind, "dDwWsSpP") || (IsAny(kind, "pP") && at_ == start + 2);
  return ClassAtom{std::move(set), single};
}

Result<CodePointSet> Reader::Class() {
  const size_t start = at_;
  Read();
  const bool negative = Take('^');
  std::vector<CodePointRange> ranges;
  const auto add = [&ranges](const CodePointSet& set) {
    ranges.insert(ranges.end(), set.ranges().begin(), set.ranges().end());
  };
  while (!AtEnd() && Peek() != ']') {
    const size_t first_at = at_;
    TRY(const ClassAtom first, ReadClassAtom());
    const bool range = at_ + 1 < chars_.size() && Peek() == '-' && chars_[at_ + 1] != ']';
    if (!range) {
      add(first.set);
      continue;
    }
    Read();
    TRY(const ClassAtom last, ReadClassAtom());
    if (!first.single || !last.single) {
      if (!annex_b_) return Bad("got a class as an end of a range");
      add(first.set);
      add(last.set);
      ranges.push_back({'-', '-'});
      continue;
    }
    // A lone surrogate is an empty set: no text has it, and a range up to it ends before it.
    const char32_t from = first.set.empty() ? 0xD800 : first.set.ranges()[0].first;
    const char32_t to = last.set.empty() ? 0xDFFF : last.set.ranges()[0].first;
    if (from > to) {
      at_ = first_at;
      return Bad("got a range with its ends out of order");
    }
    ranges.push_back({from, to});
  }
  if (!Take(']')) {
    at_ = start;
    return Bad("got '[' without ']'");
  }
  CodePointSet set(std::move(ranges));
  return negative ? set.Not() : set;
}

Result<void> Reader::GroupName() {
  const size_t start = at_;
  std::u32string name;
  while (!AtEnd() && Peek() != '>') {
    char32_t c = Read();
    if (c == '\\') {
      const auto escaped = Take('u') ? UnicodeEscape() : std::nullopt;
      if (!escaped) return Bad("got a bad escape in the name of a group");
      c = *escaped;
    }
    const bool starts = IsLetter(c) || c == '$' || c == '_' || c >= 0x80;
    if (!starts && !(IsDigit(c) && !name.empty())) return Bad("got a bad name of a group");
    name.push_back(c);
  }
  if (name.empty() || !Take('>')) {
    at_ = start;
    return Bad("got '(?<' without name>");
  }
  if (std::ranges::find(names_, name) != names_.end()) return Bad("got two groups of the same name");
  names_.push_back(name);
  return {};
}

}  // namespace ecma
}  // namespace atelier
