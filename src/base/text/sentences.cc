#include "base/text/sentences.h"

#include <algorithm>
#include <string>

#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

// A name follows these, where they begin with a capital.
constexpr std::string_view kTitles[] = {
    "capt", "cmdr", "col", "dr", "frau", "gen",  "gov", "herr", "hon", "hr",  "lt", "maj", "mlle",
    "mme",  "mr",   "mrs", "ms", "mt",   "prof", "rep", "rev",  "sen", "sgt", "sr", "sra", "st",
};
static_assert(std::ranges::is_sorted(kTitles));
// Something must follow these.
constexpr std::string_view kWantMore[] = {
    "approx", "bzgl", "bzw",  "ca",  "cf",  "d.h", "e.g", "esp", "evtl", "ggf",
    "i.e",    "inkl", "resp", "sog", "u.a", "vgl", "viz", "vs",  "z.b",
};
static_assert(std::ranges::is_sorted(kWantMore));
// A number follows these; without one they are words.
constexpr std::string_view kWantNumber[] = {
    "abb", "abs", "app", "art", "ch",   "eq",  "eqs",  "fig", "figs", "no",   "nos",
    "nr",  "p",   "pp",  "ref", "refs", "sec", "sect", "tab", "vol",  "vols",
};
static_assert(std::ranges::is_sorted(kWantNumber));
// A sentence may end with these, or go on.
constexpr std::string_view kMayEnd[] = {
    "a.d", "a.m",  "al",   "apr",  "aug", "ave", "b.c", "blvd", "bros",  "co",   "corp", "d.c",
    "dec", "dept", "dist", "e.u",  "est", "etc", "feb", "ft",   "hrs",   "inc",  "jan",  "jr",
    "jul", "jun",  "kg",   "km",   "lb",  "ltd", "mar", "nov",  "oct",   "oz",   "p.m",  "ph.d",
    "phd", "rd",   "sep",  "sept", "sq",  "u.k", "u.n", "u.s",  "u.s.a", "univ", "usw",
};
static_assert(std::ranges::is_sorted(kMayEnd));
// Words that begin sentences far more often than they are names.
constexpr std::string_view kStarters[] = {
    "A",     "After", "All",   "Also",    "Although", "An",   "And",  "As",  "At",    "Because", "But",
    "By",    "Das",   "Der",   "Die",     "During",   "Each", "Er",   "Es",  "For",   "From",    "He",
    "Her",   "His",   "How",   "However", "I",        "If",   "Il",   "In",  "It",    "Its",     "La",
    "Le",    "Les",   "Many",  "Most",    "My",       "No",   "Not",  "On",  "One",   "Or",      "Our",
    "She",   "Sie",   "Since", "So",      "Some",     "Such", "That", "The", "Their", "Then",    "There",
    "These", "They",  "This",  "Those",   "Thus",     "To",   "Two",  "Une", "We",    "What",    "When",
    "Where", "While", "Who",   "Wir",     "With",     "You",  "Your",
};
static_assert(std::ranges::is_sorted(kStarters));

template <size_t kSize>
bool Has(const std::string_view (&sorted)[kSize], std::string_view word) {
  return std::ranges::binary_search(sorted, word);
}

constexpr std::u32string_view kClosers = U"\"')]}\u2019\u201D\u00BB\u203A\u300D\u300F\u3011\uFF09\u300B\u3009*_`";
constexpr std::u32string_view kWideStops = U"\u3002\uFF01\uFF1F\uFF61\u061F\u06D4\u0964\u0965\u203C\u2047\u2048\u2049";
// What goes on after a quotation: と and って and other particles.
constexpr std::u32string_view kAfterQuotation = U"\u3068\u3063\u3067\u306E\u306F\u304C\u3092\u306B\u3082\u3084\u7684";

bool IsIn(std::u32string_view set, char32_t c) { return set.find(c) != std::u32string_view::npos; }
bool IsStop(char32_t c) { return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x203D; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<std::string_view> Run() {
    while (at_ < text_.size()) {
      const DecodedCodePoint point = Point(at_);
      const size_t next = at_ + static_cast<size_t>(std::max(1, point.num_bytes));
      if (point.value == '\n') {
        if (EndsAtLine(next)) Cut(next);
        at_ = next;
      } else if (IsStop(point.value) || IsIn(kWideStops, point.value)) {
        at_ = Stop();
      } else {
        at_ = next;
      }
    }
    Cut(text_.size());
    return std::move(sentences_);
  }

 private:
  DecodedCodePoint Point(size_t at) const { return at < text_.size() ? DecodeUtf8(text_, at) : DecodedCodePoint{}; }
  bool IsSpaceAt(size_t at) const { return IsUnicodeSpace(Point(at).value); }

  void Cut(size_t end) {
    const std::string_view sentence = Trim(text_.substr(begin_, end - begin_));
    if (!sentence.empty()) sentences_.push_back(sentence);
    begin_ = end;
  }

  // Whether a line that begins here cannot go on with the sentence: it is blank, or an item of a list.
  bool EndsAtLine(size_t at) const {
    while (at < text_.size() && IsBlank(text_[at])) ++at;
    if (at >= text_.size() || text_[at] == '\n' || text_[at] == '\r') return true;
    size_t digits = at;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') ++digits;
    if (digits > at && digits - at <= 3 && digits + 1 < text_.size()) {
      return (text_[digits] == '.' || text_[digits] == ')') && IsBlank(text_[digits + 1]);
    }
    const DecodedCodePoint point = Point(at);
    if (point.value != '-' && point.value != '*' && point.value != '+' && point.value != 0x2022) return false;
    const size_t after = at + static_cast<size_t>(point.num_bytes);
    return after < text_.size() && IsBlank(text_[after]);
  }

  // At a stop: cuts behind it and what closes after it, if a sentence ends there. Returns where to go on.
  size_t Stop() {
    size_t end = at_;
    char32_t last = 0;
    int num_stops = 0;
    for (; end < text_.size(); end += static_cast<size_t>(Point(end).num_bytes)) {
      const char32_t c = Point(end).value;
      if (!IsStop(c) && !IsIn(kWideStops, c)) break;
      last = c, ++num_stops;
    }
    const size_t stops_end = end;
    while (end < text_.size() && IsIn(kClosers, Point(end).value)) end += static_cast<size_t>(Point(end).num_bytes);
    const bool is_wide = IsIn(kWideStops, last);
    const bool is_closed = end > stops_end;
    if (end >= text_.size()) return end;
    if (!IsSpaceAt(end)) {
      if (is_wide && !(is_closed && IsIn(kAfterQuotation, Point(end).value))) Cut(end);
      return end;
    }
    if (is_wide || Ends(at_, end, num_stops == 1 && last == '.' && !is_closed)) Cut(end);
    return end;
  }

  // Whether what stands after the stop at `stop`, from the white space at `end` on, begins a sentence.
  bool Ends(size_t stop, size_t end, bool is_full_stop) const {
    size_t next = end;
    while (next < text_.size() && IsSpaceAt(next)) next += static_cast<size_t>(Point(next).num_bytes);
    if (next >= text_.size()) return true;
    const char32_t c = Point(next).value;
    if (IsUnicodeLower(c) || c == ',' || c == ';' || c == ':' || c == ')') return false;
    return !is_full_stop || !GoesOnAfter(WordBefore(stop), next);
  }

  // What stands before a full stop, back to white space or what opens, at most as long as an abbreviation may be.
  std::string_view WordBefore(size_t stop) const {
    constexpr size_t kMaxBytes = 24;
    size_t begin = stop;
    while (begin > begin_ && stop - begin < kMaxBytes) {
      const char c = text_[begin - 1];
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '(' || c == '[' || c == '"' || c == '\'') break;
      --begin;
    }
    return text_.substr(begin, stop - begin);
  }

  bool GoesOnAfter(std::string_view word, size_t next) const {
    if (word.empty()) return false;
    const size_t word_begin = static_cast<size_t>(word.data() - text_.data());
    const bool is_number = std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
    if (is_number) return word.size() <= 3 && Trim(text_.substr(begin_, word_begin - begin_)).empty();
    const std::string lower = LowerCase(word);
    const bool is_capital = IsUnicodeUpper(Point(word_begin).value);
    if (Has(kWantMore, lower) || (is_capital && Has(kTitles, lower))) return true;
    if (Has(kWantNumber, lower)) return IsUnicodeDecimal(Point(next).value);
    const bool is_letter = CountCodePoints(word) == 1 && IsUnicodeAlpha(Point(word_begin).value);
    const bool has_stops = word.size() >= 3 && word.size() <= 8 && word.contains('.');
    if (!is_letter && !has_stops && !Has(kMayEnd, lower)) return false;
    return !Has(kStarters, NextWord(next));
  }

  std::string_view NextWord(size_t at) const {
    const size_t begin = at;
    while (at < text_.size() && IsUnicodeAlpha(Point(at).value)) at += static_cast<size_t>(Point(at).num_bytes);
    return text_.substr(begin, at - begin);
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  std::vector<std::string_view> sentences_;
};

}  // namespace

std::vector<std::string_view> SplitSentences(std::string_view text) { return Splitter(text).Run(); }

}  // namespace atelier
