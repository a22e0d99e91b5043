// Names of hosts in any script: what a label in its own script may hold, by the properties of its characters [RFC
// 5892], and which of them are read from right to left [RFC 5893]. See formats.h for what is left out.
#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/text/idna.h"
#include "base/text/utf8.h"
#include "engine/grammar/code_points.h"
#include "engine/grammar/formats.h"

namespace atelier {
namespace {

using std::string;

constexpr Languages::Anchoring kWhole = Languages::Anchoring::kWhole;
constexpr char32_t kLastLetter = 0x323AF;  // no letters beyond
constexpr int kVirama = 9;                 // combining class

using Ranges = std::vector<CodePointRange>;

string Group(const string& inside) { return "(?:" + inside + ")"; }

void Add(Ranges& ranges, char32_t c) {
  if (!ranges.empty() && ranges.back().last + 1 == c) {
    ranges.back().last = c;
  } else {
    ranges.push_back({c, c});
  }
}

std::optional<std::u32string> Mapped(char32_t c, int options) {
  utf8proc_uint8_t* out = nullptr;
  const string text = EncodeUtf8(c);
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(out, std::free);
  if (size < 0) return std::nullopt;
  const std::string_view mapped(reinterpret_cast<const char*>(out), static_cast<size_t>(size));
  std::u32string points;
  for (size_t i = 0; i < mapped.size();) {
    const DecodedCodePoint point = DecodeUtf8(mapped, i);
    points += point.value;
    i += static_cast<size_t>(point.num_bytes);
  }
  return points;
}

// What is read of Unicode.
struct Characters {
  CodePointSet first, later;  // valid characters that are not read from right to left; marks of combining class 0 later
  CodePointSet viramas;       // of class 9: two of them in a row are in order
  CodePointSet r_al;          // valid ones from right to left
};

bool IsLetterDigit(int category) {
  for (const int one : {UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO, UTF8PROC_CATEGORY_LM,
                        UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC}) {
    if (category == one) return true;
  }
  return false;
}

bool IsIn(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }
bool IsWithin(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool IsValid(char32_t c, const utf8proc_property_t& of) {
  if (IsIn(c, U"\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007")) return true;
  if (IsIn(c, U"\u0640\u07FA\u302E\u302F\u3031\u3032\u3033\u3034\u3035\u303B")) return false;
  if (c < 0x80) return IsWithin(c, 'a', 'z') || IsWithin(c, '0', '9') || c == '-';
  const bool old_hangul = IsWithin(c, 0x1100, 0x11FF) || IsWithin(c, 0xA960, 0xA97F) || IsWithin(c, 0xD7B0, 0xD7FF);
  const bool symbols = IsWithin(c, 0x20D0, 0x20FF) || IsWithin(c, 0x1D100, 0x1D24F);
  if (!IsLetterDigit(of.category) || of.ignorable || old_hangul || symbols) return false;
  const bool changes = of.decomp_seqindex != UINT16_MAX || of.casefold_seqindex != UINT16_MAX;
  if (!changes) return true;
  return Mapped(c, UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD) == std::u32string(1, c);
}

// Characters that can be the second of a pair that composes: a text with one may not be composed yet.
std::u32string MayCompose() {
  std::u32string all;
  for (char32_t c = 0x80; c <= kLastLetter; ++c) {
    const auto& of = *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    if (of.decomp_seqindex == UINT16_MAX || of.decomp_type != 0 || IsWithin(c, 0xD800, 0xDFFF)) continue;
    const auto parts = Mapped(c, UTF8PROC_DECOMPOSE);
    if (parts && parts->size() > 1 && !IsIn(parts->back(), all)) all += parts->back();
  }
  return all;
}

Characters MakeCharacters() {
  const std::u32string may_compose = MayCompose();
  Ranges first, later, viramas, r_al;
  for (char32_t c = 0x80; c <= kLastLetter; ++c) {
    if (IsWithin(c, 0xD800, 0xDFFF)) continue;
    const auto& of = *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    if (!IsValid(c, of) || IsIn(c, may_compose)) continue;
    const bool is_mark = of.category == UTF8PROC_CATEGORY_MN || of.category == UTF8PROC_CATEGORY_MC;
    const auto bidi = of.bidi_class;
    const bool is_right = bidi == UTF8PROC_BIDI_CLASS_R || bidi == UTF8PROC_BIDI_CLASS_AL;
    if (is_right && !is_mark) Add(r_al, c);
    if (is_right || bidi == UTF8PROC_BIDI_CLASS_AN) continue;
    if (of.combining_class == kVirama) Add(viramas, c);
    if (of.combining_class != 0) continue;
    Add(later, c);
    if (!is_mark) Add(first, c);
  }
  return {CodePointSet(first), CodePointSet(later), CodePointSet(viramas), CodePointSet(r_al)};
}

const Characters& Known() {
  static const auto* const known = new Characters(MakeCharacters());
  return *known;
}

// A class of a pattern.
string Class(const CodePointSet& set) {
  string text = "[";
  char range[40];
  for (const CodePointRange& r : set.ranges()) {
    std::snprintf(range, sizeof range, "\\u{%X}-\\u{%X}", static_cast<unsigned>(r.first),
                  static_cast<unsigned>(r.last));
    text += range;
  }
  return text + "]";
}

// Labels of which no choice of characters takes over 59 bytes of Punycode. A number of Punycode takes at most 8 digits,
// 7 where it is below 2.8e7, 6 below 2.8e6, 5 below 2.8e5, 4 below 28,886 and 3 below 2,886; each is an increment of
// the code point, times the length so far plus one, plus a place; and the increments of a label add up to its greatest
// code point. So 7 characters fit, 11 of the basic plane, 17 of one block, and 2 among 42 of ASCII.
//
// There is no intersection here, so that no state has to be searched for what it leads to.
Result<LanguageId> OwnScript(Languages& all) {
  const Characters& known = Known();
  const auto within = [](const CodePointSet& set, char32_t first, char32_t last) {
    return set.And(CodePointSet::Of(first, last));
  };
  const string ascii = "[a-z0-9]", later = Group("-?" + ascii), joiner = "[\\u{200C}\\u{200D}]?";
  const auto label = [&](const CodePointSet& first, const CodePointSet& more, int most) {
    return Class(first) + Class(more) + "{0," + std::to_string(most - 1) + "}";
  };
  const CodePointSet basic = known.first.And(CodePointSet::Of(0, 0xFFFF)), later_basic = within(known.later, 0, 0xFFFF);
  const CodePointSet with_viramas = known.later.Or(known.viramas);
  std::vector<string> patterns = {
      // A few characters of any plane among ASCII, hyphens between them.
      Group(Class(known.first) + "|" + ascii) + "(?:-?" + Group(Class(known.later) + "|" + ascii) + "){0,3}",
      Group(Class(known.first) + "|" + ascii) + Group(Class(known.later) + "|" + ascii) + "{0,6}",
      ascii + later + "{0,6}(?:-?" + Class(known.later) + later + "{0,6}){1,2}",
      Class(known.first) + later + "{0,6}(?:-?" + Class(known.later) + later + "{0,6})?",
      // The basic plane.
      label(basic, within(with_viramas, 0, 0xFFFF), 11),
      Class(basic) + Group(Class(later_basic) + "|" + Class(within(known.viramas, 0, 0xFFFF)) + joiner) + "{0,5}",
      // From right to left, with one kind of digits.
      Class(known.r_al) + Group(Class(known.r_al) + "|[0-9\\u{6F0}-\\u{6F9}]") + "{0,6}",
      Class(known.r_al) + Group(Class(known.r_al) + "|[\\u{660}-\\u{669}]") + "{0,6}",
      Class(within(known.r_al, 0, 0xFFFF)) + "{1,11}",
      // What is valid beside certain others only.
      "[a-z]{0,20}l(?:\\u{B7}l){1,2}[a-z]{0,20}", "[\\u{3B1}-\\u{3C9}]{0,4}\\u{375}[\\u{3B1}-\\u{3C9}]{1,4}",
      "[\\u{5D0}-\\u{5EA}]{1,4}[\\u{5F3}\\u{5F4}][\\u{5D0}-\\u{5EA}]{1,4}",
      "[\\u{3041}-\\u{3096}\\u{30A1}-\\u{30FB}\\u{4E00}-\\u{9FFF}]{0,5}"
      "[\\u{3041}-\\u{3096}\\u{30A1}-\\u{30FA}\\u{4E00}-\\u{9FFF}]"
      "[\\u{3041}-\\u{3096}\\u{30A1}-\\u{30FB}\\u{4E00}-\\u{9FFF}]{0,5}"};
  // Letters of Arabic that join both neighbours, and those that join the one before.
  const string dual = "[\\u{628}\\u{62A}-\\u{62E}\\u{633}-\\u{63A}\\u{641}-\\u{647}\\u{64A}]";
  const string joins = "[\\u{622}-\\u{63A}\\u{641}-\\u{64A}]";
  patterns.push_back(joins + "{0,3}" + dual + "\\u{200C}" + joins + "{1,4}");
  for (const auto& [from, to] : {std::pair{0xC0, 0x17F},
                                 {0x370, 0x3FF},
                                 {0x400, 0x4FF},
                                 {0x531, 0x586},
                                 {0x900, 0x97F},
                                 {0x980, 0x9FF},
                                 {0xE01, 0xE4E},
                                 {0x10D0, 0x10FF},
                                 {0x3041, 0x30FF}}) {
    const auto first = static_cast<char32_t>(from), last = static_cast<char32_t>(to);
    patterns.push_back(label(within(known.first, first, last), within(with_viramas, first, last), 17));
  }
  for (const auto& [from, to] : {std::pair{0x5D0, 0x5EA}, {0x620, 0x6FF}}) {
    const CodePointSet block = within(known.r_al, static_cast<char32_t>(from), static_cast<char32_t>(to));
    patterns.push_back(label(block, block, 17));
  }
  std::vector<LanguageId> parts;
  for (const string& pattern : patterns) {
    TRY(const LanguageId part, all.Pattern(pattern, kWhole));
    parts.push_back(part);
  }
  return all.Or(parts);
}

// What may follow "xn--", found by reading it. A beginning is gone on with where at most three more characters complete
// it, of which a few are tried.
class Punycode final : public ListedLanguage {
 public:
  Punycode() { Add("", Completion("")); }

  int32_t Next(int32_t state, uint8_t byte) override {
    const char c = static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    if (kDigits.find(c) == kDigits.npos && c != '-') return -1;
    const string text = texts_[static_cast<size_t>(state)] + c;
    if (const auto found = states_.find(text); found != states_.end()) return found->second;
    const std::optional<int64_t> completion = Completion(text);
    if (!completion) return states_[text] = -1;
    return Add(text, completion);
  }
  bool Accepts(int32_t state) const override { return accepts_[static_cast<size_t>(state)]; }
  int64_t MaxBytes(int32_t state) const override {
    return kMaxBytes - static_cast<int64_t>(texts_[static_cast<size_t>(state)].size());
  }

 private:
  static constexpr int64_t kMaxBytes = 59;  // with the prefix a label of 63
  static constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz0123456789";

  static bool IsLabel(const string& text) {
    if (text.empty() || text.back() == '-' || static_cast<int64_t>(text.size()) > kMaxBytes) return false;
    const auto decoded = DecodePunycode(text);
    return decoded && IsULabel(*decoded) && EncodePunycode(*decoded) == text;
  }

  // How many more characters make a label of it.
  static std::optional<int64_t> Completion(const string& text) {
    if (IsLabel(text)) return 0;
    for (const char a : kDigits) {
      if (IsLabel(text + a)) return 1;
    }
    for (const char a : kDigits) {
      for (const char b : kDigits) {
        if (IsLabel(text + a + b)) return 2;
      }
    }
    for (const std::string_view before : {"", "-"}) {
      for (const char a : kDigits) {
        for (const std::string_view end : {"ca", "va", "fa"}) {
          const string more = string(before) + a + string(end);
          if (IsLabel(text + more)) return static_cast<int64_t>(more.size());
        }
      }
    }
    return std::nullopt;
  }

  int32_t Add(const string& text, std::optional<int64_t> completion) {
    const auto state = static_cast<int32_t>(texts_.size());
    texts_.push_back(text);
    accepts_.push_back(completion == 0);
    states_.emplace(text, state);
    return state;
  }

  std::vector<string> texts_;
  std::vector<bool> accepts_;
  std::unordered_map<string, int32_t> states_;
};

}  // namespace

LanguageId PunycodeLabels(Languages& all) {
  const LanguageId prefix = *all.Pattern("[Xx][Nn]--", kWhole);
  return all.Concat(prefix, all.Listed(std::make_unique<Punycode>()));
}

Result<FormatBounds> IdnHostnames(Languages& all, bool all_spellings) {
  // Labels of ASCII without two hyphens in the third and fourth place.
  const string in = "[A-Za-z0-9-]", end = "[A-Za-z0-9]";
  const string third = in + end + "(?:" + in + "{0,59}" + end + ")?",
               fourth = in + "-" + end + "(?:" + in + "{0,58}" + end + ")?";
  TRY(const LanguageId ascii, all.Pattern(end + "(?:" + end + "|" + third + "|" + fourth + ")?", kWhole));
  TRY(const LanguageId own, OwnScript(all));
  TRY(const LanguageId dot, all.Pattern("[.\\u{3002}\\u{FF0E}\\u{FF61}]", kWhole));
  std::vector<LanguageId> labels = {ascii};
  if (all_spellings) labels.push_back(PunycodeLabels(all));
  const LanguageId of_ascii = all.Or(labels);
  labels.push_back(own);
  const LanguageId any = all.Or(labels);
  const auto host = [&](LanguageId label, std::optional<int64_t> most) {
    return all.Concat(label, all.Repeat(all.Concat(dot, label), 0, most));
  };
  const LanguageId within =
      all.Or(std::array{all.And(std::array{host(of_ascii, std::nullopt), all.Chars(1, 253)}), host(any, 2)});
  return FormatBounds{within, Languages::kAnyText};
}

}  // namespace atelier
