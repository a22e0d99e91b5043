#include "model/tokenizer/word_rule.h"

#include <algorithm>
#include <array>

namespace atelier {
namespace {

constexpr std::array<CharClass, 128> MakeAsciiClasses() {
  std::array<CharClass, 128> of{};
  for (char32_t c = 0; c < 128; ++c) {
    CharClass& bits = of[c];
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower = c >= 'a' && c <= 'z';
    if (upper || lower) bits |= kClassLetter | kClassAsciiLetter | (upper ? kClassUpper : kClassLower);
    if (c >= '0' && c <= '9') bits |= kClassNumber | kClassDigit;
    if ((c >= 9 && c <= 13) || c == ' ') bits |= kClassSpace;
    if (c == '\r' || c == '\n') bits |= kClassNewline;
    const bool printable = c > ' ' && c < 127 && bits == 0;
    const bool symbol = c == '$' || c == '+' || (c >= '<' && c <= '>') || c == '^' || c == '`' || c == '|' || c == '~';
    if (printable) bits |= symbol ? kClassSymbol : kClassPunctuation;
    if (c == '_') bits |= kClassConnector;
  }
  return of;
}
constexpr std::array<CharClass, 128> kAsciiClasses = MakeAsciiClasses();

struct Char {
  char32_t code;
  CharClass bits;
  uint8_t size;  // 0 at the end of the text
};

Char PeekWide(const char* p, const char* end) {
  const Utf8Char c = DecodeChar(p, end);
  return {c.code, ClassOf(c.code), c.size};
}

inline Char Peek(const char* p, const char* end) {
  if (p == end) return {0, 0, 0};
  const auto byte = static_cast<unsigned char>(*p);
  if (byte < 0x80) return {byte, kAsciiClasses[byte], 1};
  return PeekWide(p, end);
}

// Past the run of characters that have a bit of `any`.
inline const char* SkipRun(const char* p, const char* end, CharClass any) {
  for (Char c = Peek(p, end); (c.bits & any) != 0; c = Peek(p, end)) p += c.size;
  return p;
}
inline const char* SkipRunWithout(const char* p, const char* end, CharClass none) {
  for (Char c = Peek(p, end); c.size != 0 && (c.bits & none) == 0; c = Peek(p, end)) p += c.size;
  return p;
}

bool IsHan(char32_t c) {
  static constexpr WordRuleRange kHan[] = {
      {0x2E80, 0x2E99},   {0x2E9B, 0x2EF3},   {0x2F00, 0x2FD5},   {0x3005, 0x3005},   {0x3007, 0x3007},
      {0x3021, 0x3029},   {0x3038, 0x303B},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFA6D},
      {0xFA70, 0xFAD9},   {0x16FE2, 0x16FE3}, {0x16FF0, 0x16FF1}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B739},
      {0x2B740, 0x2B81D}, {0x2B820, 0x2CEA1}, {0x2CEB0, 0x2EBE0}, {0x2EBF0, 0x2EE5D}, {0x2F800, 0x2FA1D},
      {0x30000, 0x3134A}, {0x31350, 0x323AF}};  // [Unicode 16, Scripts.txt]
  if (c < 0x2E80) return false;
  return std::any_of(std::begin(kHan), std::end(kHan), [c](WordRuleRange r) { return r.first <= c && c <= r.last; });
}

// Bytes of the contraction at p, 0 if there is none.
size_t MatchContraction(Contraction kind, const char* p, const char* end) {
  if (kind == Contraction::kNone || p == end || *p != '\'' || end - p < 2) return 0;
  const auto lower = [kind](char c) {
    return kind != Contraction::kLower && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const char a = lower(p[1]);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (end - p < 3) return 0;
  const char b = lower(p[2]);
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return 3;
  if (kind == Contraction::kFolded && p[1] == '\xC5' && p[2] == '\xBF') return 3;  // U+017F, long s
  return 0;
}

bool IsUpperLike(const WordRule& rule, Char c) {
  if ((c.bits & kClassLower) != 0 || (c.bits & (kClassLetter | kClassMark)) == 0) return false;
  return !rule.han_apart || !IsHan(c.code);
}
bool IsLowerLike(const WordRule& rule, Char c) {
  if ((c.bits & kClassUpper) != 0 || (c.bits & (kClassLetter | kClassMark)) == 0) return false;
  return !rule.han_apart || !IsHan(c.code);
}

// U*l+ from p, or null. Where no l follows the run of U, the run gives back up to its last letter that is both.
const char* MatchUpperLower(const WordRule& rule, const char* p, const char* end) {
  const char* after_last_both = nullptr;
  Char c = Peek(p, end);
  for (; IsUpperLike(rule, c); c = Peek(p, end)) {
    p += c.size;
    if (IsLowerLike(rule, c)) after_last_both = p;
  }
  if (!IsLowerLike(rule, c)) return after_last_both;
  for (; IsLowerLike(rule, c); c = Peek(p, end)) p += c.size;
  return p;
}

const char* MatchCased(const WordRule& rule, const char* p, Char first, const char* end) {
  const bool prefix = (first.bits & (kClassNewline | kClassLetter | kClassNumber)) == 0;
  const char* after = nullptr;
  if (prefix) after = MatchUpperLower(rule, p + first.size, end);
  if (after == nullptr) after = MatchUpperLower(rule, p, end);
  if (after == nullptr) {
    const char* start = prefix ? p + first.size : p;
    after = start;
    for (Char c = Peek(after, end); IsUpperLike(rule, c); c = Peek(after, end)) after += c.size;
    if (after == start) return nullptr;
  }
  return after + MatchContraction(rule.trailing, after, end);
}

const char* MatchPhrase(const char* p, Char first, const char* end) {
  if ((first.bits & kClassLetter) == 0) {
    if ((first.bits & (kClassNewline | kClassNumber)) != 0) return nullptr;
    p += first.size;
    if ((Peek(p, end).bits & kClassLetter) == 0) return nullptr;
  }
  for (;;) {
    p += Peek(p, end).size;
    p = SkipRun(p, end, kClassMark);
    if ((Peek(p, end).bits & kClassLetter) != 0) continue;
    if (p == end || *p != ' ' || (Peek(p + 1, end).bits & kClassLetter) == 0) return p;
    ++p;
  }
}

// Letters after at most one character that has none of `not_prefix`.
inline const char* MatchPrefixed(const char* p, Char first, const char* end, CharClass body, CharClass not_prefix) {
  if ((first.bits & body) != 0) return SkipRun(p + first.size, end, body);
  if ((first.bits & not_prefix) != 0) return nullptr;
  const char* next = p + first.size;
  const char* after = SkipRun(next, end, body);
  return after == next ? nullptr : after;
}

const char* MatchLetters(const WordRule& rule, const char* p, Char first, const char* end) {
  constexpr CharClass kNoPrefix = kClassNewline | kClassLetter | kClassNumber;
  switch (rule.letters) {
    case Letters::kAfterSpace:
      if (first.code != ' ' && (first.bits & kClassLetter) == 0) return nullptr;
      return MatchPrefixed(p, first, end, kClassLetter, 0);
    case Letters::kAfterAny: return MatchPrefixed(p, first, end, kClassLetter, kNoPrefix);
    case Letters::kMarkedAfterAny: return MatchPrefixed(p, first, end, kClassLetter | kClassMark, kNoPrefix);
    case Letters::kCased: return MatchCased(rule, p, first, end);
    case Letters::kAfterPunctuation: {
      if (first.code < 0x80 && (first.bits & (kClassPunctuation | kClassSymbol)) != 0) {
        const char* after = SkipRun(p + 1, end, kClassAsciiLetter);
        if (after != p + 1) return after;
      }
      return MatchPrefixed(p, first, end, kClassLetter | kClassMark,
                           kClassNewline | kClassLetter | kClassPunctuation | kClassSymbol);
    }
    case Letters::kPhrases: return MatchPhrase(p, first, end);
  }
  return nullptr;
}

const char* MatchNumber(const WordRule& rule, const char* p, Char first, const char* end) {
  if (rule.number_after_space && first.code == ' ' && first.size == 1) {
    const char* after = SkipRun(p + 1, end, kClassNumber);
    return after == p + 1 ? nullptr : after;
  }
  if ((first.bits & kClassNumber) == 0) return nullptr;
  if (rule.max_digits == 0) return SkipRun(p, end, kClassNumber);
  Char c = first;
  for (int n = 0; n < rule.max_digits && (c.bits & kClassNumber) != 0; ++n) {
    p += c.size;
    c = Peek(p, end);
  }
  return p;
}

const char* SkipSymbols(Symbols kind, const char* p, const char* end) {
  switch (kind) {
    case Symbols::kNotWord: return SkipRunWithout(p, end, kClassSpace | kClassLetter | kClassNumber);
    case Symbols::kNotMarkedWord: return SkipRunWithout(p, end, kClassSpace | kClassLetter | kClassMark | kClassNumber);
    case Symbols::kPunctuation: return SkipRun(p, end, kClassPunctuation | kClassSymbol);
  }
  return p;
}

const char* MatchSymbols(const WordRule& rule, const char* p, Char first, const char* end) {
  const char* start = first.code == ' ' ? p + 1 : p;
  const char* after = SkipSymbols(rule.symbols, start, end);
  if (after == start) return nullptr;
  const bool slash = rule.tail == SymbolTail::kNewlinesAndSlashes || rule.tail == SymbolTail::kOneNewlineOrSlash;
  const char* limit = rule.tail == SymbolTail::kNone                                ? after
                      : rule.tail == SymbolTail::kOneNewlineOrSlash && after != end ? after + 1
                                                                                    : end;
  while (after < limit && (*after == '\r' || *after == '\n' || (slash && *after == '/'))) ++after;
  return after;
}

// \s{512}(?!\S) … \s{4}(?!\S)|\s{1,2}(?!\S)|\s{1} on a run of n spaces with or without text behind it.
size_t CascadeLength(size_t n, bool at_end) {
  const size_t free = at_end ? n : n - 1;  // a piece that takes all n must have nothing behind it
  for (size_t length = 512; length >= 4; length /= 2) {
    if (length == n ? at_end : length <= free) return length;
  }
  return std::max<size_t>(1, std::min<size_t>(2, free));
}

// Takes the next piece of a run of spaces that is cut by the cascade.
const char* TakeCascade(const char* p, const char* end, SplitState& state) {
  const size_t take = CascadeLength(state.run_left, state.run_end == end);
  for (size_t i = 0; i < take; ++i) p += Peek(p, end).size;
  state.run_left -= take;
  return p;
}

const char* MatchSpaces(const WordRule& rule, const char* p, const char* end, SplitState& state) {
  if (rule.space_cascade && p < state.run_end) return TakeCascade(p, end, state);
  const char* last = p;  // where the last space begins
  const char* after = p;
  const char* after_newline = nullptr;
  size_t n = 0;
  for (Char c = Peek(after, end); (c.bits & kClassSpace) != 0; c = Peek(after, end)) {
    last = after;
    after += c.size;
    ++n;
    if ((c.bits & kClassNewline) != 0) after_newline = after;
  }
  if (rule.line_ends == LineEnds::kAlone && (*p == '\r' || *p == '\n')) return p + 1;
  if (after_newline != nullptr && rule.line_ends == LineEnds::kRun) return after_newline;
  if (rule.space_cascade) {
    state = {after, n};
    return TakeCascade(p, end, state);
  }
  return after == end || n == 1 ? after : last;
}

// The end of what some alternative matches at p, or null.
inline const char* MatchWord(const WordRule& rule, const char* p, Char first, const char* end, SplitState& state) {
  if (rule.han_apart && IsHan(first.code)) {
    for (Char c = first; c.size != 0 && IsHan(c.code); c = Peek(p, end)) p += c.size;
    return p;
  }
  if (first.code == '\'') {
    if (const size_t n = MatchContraction(rule.leading, p, end)) return p + n;
  }
  if (const char* after = MatchLetters(rule, p, first, end)) return after;
  if (rule.numbers) {
    if (const char* after = MatchNumber(rule, p, first, end)) return after;
  }
  if (const char* after = MatchSymbols(rule, p, first, end)) return after;
  return (first.bits & kClassSpace) != 0 ? MatchSpaces(rule, p, end, state) : nullptr;
}

bool InSet(const RunRule& rule, Char c) {
  bool in = (c.bits & rule.classes) != 0;
  if (!in && !rule.ranges.empty()) {
    const auto after = std::upper_bound(rule.ranges.begin(), rule.ranges.end(), c.code,
                                        [](char32_t code, WordRuleRange r) { return code < r.first; });
    in = after != rule.ranges.begin() && c.code <= std::prev(after)->last;
  }
  return in != rule.inverted;
}

const char* MatchRunBody(const RunRule& rule, const char* p, const char* end) {
  uint32_t n = 0;
  for (Char c = Peek(p, end); c.size != 0 && n < rule.most && InSet(rule, c); c = Peek(p, end)) {
    p += c.size;
    ++n;
  }
  return n < rule.least || (rule.only_at_end && p != end) ? nullptr : p;
}

const char* MatchRun(const RunRule& rule, const char* p, const char* end) {
  if (rule.prefix != RunRule::Prefix::kNone) {
    const Char first = Peek(p, end);
    const bool is_prefix = rule.prefix == RunRule::Prefix::kSpace ? first.code == ' ' : (first.bits & kClassSpace) != 0;
    if (is_prefix) {
      if (const char* after = MatchRunBody(rule, p + first.size, end)) return after;
    }
  }
  return MatchRunBody(rule, p, end);
}

}  // namespace

const char* NextWord(const WordRule& rule, const char* p, const char* end, SplitState& state) {
  Char first = Peek(p, end);
  if (const char* after = MatchWord(rule, p, first, end, state)) return after;
  for (p += first.size; p < end; p += first.size) {
    first = Peek(p, end);
    SplitState trial;
    if (MatchWord(rule, p, first, end, trial) != nullptr) break;
  }
  return p;
}

const char* NextRun(const RunRule& rule, const char* p, const char* end) {
  if (const char* after = MatchRun(rule, p, end)) return after;
  do {
    if (rule.only_at_end) {  // a run that does not end the text is passed at once
      while (p < end && InSet(rule, Peek(p, end))) p += Peek(p, end).size;
      while (p < end && !InSet(rule, Peek(p, end))) p += Peek(p, end).size;
    } else {
      p += Peek(p, end).size;
    }
  } while (p < end && MatchRun(rule, p, end) == nullptr);
  return p;
}

namespace {

const char* Skip(const char* p, const char* end, size_t characters) {
  for (; characters > 0; --characters) p += Peek(p, end).size;
  return p;
}

// Where p lies in a run, threes are left of it; what follows the last three belongs to it.
const char* NextDigitCut(const DigitGroups& rule, const char* p, const char* end, SplitState& state) {
  const char* start = p;
  for (;;) {
    if (p < state.run_end) {
      p = Skip(p, end, 3);
      state.run_left -= 3;
      if (state.run_left > 0) return p;
    }
    p = SkipRunWithout(p, end, rule.classes);
    if (p == end) return end;
    size_t n = 0;
    const char* after = p;
    for (Char c = Peek(after, end); (c.bits & rule.classes) != 0; c = Peek(after, end), ++n) after += c.size;
    p = n < 3 ? after : Skip(p, end, n % 3);
    if (n < 3) continue;
    state = {after, n - n % 3};
    if (p != start) return p;
  }
}

}  // namespace

const char* NextDigitGroup(const DigitGroups& rule, const char* p, const char* end, SplitState& state) {
  if (rule.cuts_only) return NextDigitCut(rule, p, end, state);
  if (p < state.run_end) {
    const size_t take = state.run_left % 3 == 0 ? 3 : state.run_left % 3;
    for (size_t i = 0; i < take; ++i) p += Peek(p, end).size;
    state.run_left -= take;
    return p;
  }
  const char* start = p;
  for (;;) {
    p = SkipRunWithout(p, end, rule.classes);
    const char* after = p;
    size_t n = 0;
    for (Char c = Peek(after, end); (c.bits & rule.classes) != 0; c = Peek(after, end), ++n) after += c.size;
    const Char next = Peek(after, end);
    if (n > 0 && rule.at_word_end && next.size != 0 && IsRegexWord(next.code)) {
      p = after;
      continue;
    }
    if (n > 0) state = {after, n};
    break;
  }
  return p == start ? NextDigitGroup(rule, p, end, state) : p;
}

}  // namespace atelier
