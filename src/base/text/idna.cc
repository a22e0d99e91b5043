#include "base/text/idna.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/text/utf8.h"

namespace atelier {
namespace {

const utf8proc_property_t& PropertiesOf(char32_t c) { return *utf8proc_get_property(static_cast<utf8proc_int32_t>(c)); }

bool IsBetween(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

bool IsIn(char32_t c, std::u32string_view set) { return set.find(c) != std::u32string_view::npos; }

std::optional<std::string> Mapped(std::string_view text, utf8proc_option_t options) {
  utf8proc_uint8_t* out = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &out, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(out, std::free);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out), static_cast<size_t>(size));
}

// Whether compatibility forms and case folding leave a character alone [RFC 5892, section 2.2].
bool IsStable(char32_t c) {
  constexpr auto kOptions =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
  const std::string text = EncodeUtf8(c);
  return Mapped(text, kOptions) == text;
}

bool IsOldHangulJamo(char32_t c) {
  return IsBetween(c, 0x1100, 0x11FF) || IsBetween(c, 0xA960, 0xA97C) || IsBetween(c, 0xD7B0, 0xD7FB);
}

bool IsLetterOrDigit(char32_t c) {
  switch (PropertiesOf(c).category) {
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: return true;
    default: return false;
  }
}

bool IsMark(char32_t c) {
  const auto category = PropertiesOf(c).category;
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

// Valid in any context [RFC 5892, section 3].
bool IsProtocolValid(char32_t c) {
  if (IsIn(c, U"\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007")) return true;
  if (IsIn(c, U"\u0640\u07FA\u302E\u302F\u3031\u3032\u3033\u3034\u3035\u303B")) return false;
  if (c < 0x80) return IsBetween(c, 'a', 'z') || IsBetween(c, '0', '9') || c == '-';
  if (IsOldHangulJamo(c) || PropertiesOf(c).ignorable || !IsLetterOrDigit(c)) return false;
  if (IsBetween(c, 0x20D0, 0x20FF) || IsBetween(c, 0x1D100, 0x1D24F)) return false;  // blocks of marks for symbols
  return IsStable(c);
}

bool IsGreek(char32_t c) { return IsBetween(c, 0x370, 0x3FF) || IsBetween(c, 0x1F00, 0x1FFF); }
bool IsHebrew(char32_t c) { return IsBetween(c, 0x591, 0x5F4) || IsBetween(c, 0xFB1D, 0xFB4F); }
bool IsKanaOrHan(char32_t c) {
  return IsBetween(c, 0x3041, 0x3096) || IsBetween(c, 0x309D, 0x309F) || IsBetween(c, 0x30A1, 0x30FA) ||
         IsBetween(c, 0x30FD, 0x30FF) || IsBetween(c, 0x31F0, 0x31FF) || IsIn(c, U"\u3005\u3007") ||
         IsBetween(c, 0x3021, 0x3029) || IsBetween(c, 0x3038, 0x303A) || IsBetween(c, 0x3400, 0x4DBF) ||
         IsBetween(c, 0x4E00, 0x9FFF) || IsBetween(c, 0xF900, 0xFAD9) || IsBetween(c, 0x1B000, 0x1B16F) ||
         IsBetween(c, 0x20000, 0x323AF);
}

// Letters of scripts that join [ArabicShaping.txt]: to the one before them, and to the one after.
bool JoinsBefore(char32_t c) {
  const bool is_joining_script =
      IsBetween(c, 0x620, 0x64A) || IsBetween(c, 0x66E, 0x6D3) || IsBetween(c, 0x6FA, 0x6FF) ||
      IsBetween(c, 0x710, 0x72F) || IsBetween(c, 0x74D, 0x77F) || IsBetween(c, 0x7CA, 0x7EA) ||
      IsBetween(c, 0x8A0, 0x8C7) || IsBetween(c, 0x1820, 0x18AA) || IsIn(c, U"\u06D5\u06EE\u06EF");
  return is_joining_script && !IsMark(c) && !IsIn(c, U"\u0621\u0674\u06D4\u06DD");
}
bool JoinsAfter(char32_t c) {
  const bool joins_right_only =
      IsBetween(c, 0x622, 0x625) || IsBetween(c, 0x62F, 0x632) || IsBetween(c, 0x671, 0x673) ||
      IsBetween(c, 0x675, 0x677) || IsBetween(c, 0x688, 0x699) || IsBetween(c, 0x6C3, 0x6CB) ||
      IsBetween(c, 0x715, 0x719) || IsBetween(c, 0x759, 0x75B) ||
      IsIn(c,
           U"\u0627\u0629\u0648\u06C0\u06CD\u06CF\u06D2\u06D3\u06D5\u06EE\u06EF\u0710\u071E\u0728"
           U"\u072A\u072C\u072F\u074D\u076B\u076C\u0771\u0773\u0774\u0778\u0779");
  return JoinsBefore(c) && !joins_right_only;
}

bool IsBetweenJoining(std::u32string_view label, size_t at) {
  size_t before = at, after = at + 1;
  while (before > 0 && IsMark(label[before - 1])) --before;
  while (after < label.size() && IsMark(label[after])) ++after;
  return before > 0 && JoinsAfter(label[before - 1]) && after < label.size() && JoinsBefore(label[after]);
}

// Characters that are valid where their neighbours are right [RFC 5892, appendix A].
bool IsValidHere(std::u32string_view label, size_t at) {
  constexpr int kVirama = 9;  // combining class
  const char32_t c = label[at];
  const char32_t before = at > 0 ? label[at - 1] : 0, after = at + 1 < label.size() ? label[at + 1] : 0;
  const auto has = [&](char32_t low, char32_t high) {
    return std::ranges::any_of(label, [&](char32_t other) { return IsBetween(other, low, high); });
  };
  switch (c) {
    case 0xB7: return before == 'l' && after == 'l';
    case 0x375: return IsGreek(after);
    case 0x5F3:
    case 0x5F4: return IsHebrew(before);
    case 0x30FB: return std::ranges::any_of(label, IsKanaOrHan);
    case 0x200C:
    case 0x200D:
      if (before != 0 && PropertiesOf(before).combining_class == kVirama) return true;
      return c == 0x200C && IsBetweenJoining(label, at);
    default: break;
  }
  if (IsBetween(c, 0x660, 0x669)) return !has(0x6F0, 0x6F9);
  if (IsBetween(c, 0x6F0, 0x6F9)) return !has(0x660, 0x669);
  return IsProtocolValid(c);
}

// The rule of labels with characters that run from right to left [RFC 5893, section 2].
bool RunsOneWay(std::u32string_view label) {
  const auto bit = [](char32_t c) { return 1u << PropertiesOf(c).bidi_class; };
  constexpr unsigned kL = 1u << UTF8PROC_BIDI_CLASS_L, kR = 1u << UTF8PROC_BIDI_CLASS_R,
                     kAL = 1u << UTF8PROC_BIDI_CLASS_AL, kAN = 1u << UTF8PROC_BIDI_CLASS_AN,
                     kEN = 1u << UTF8PROC_BIDI_CLASS_EN, kNSM = 1u << UTF8PROC_BIDI_CLASS_NSM;
  constexpr unsigned kNeutral = kEN | kNSM | 1u << UTF8PROC_BIDI_CLASS_ES | 1u << UTF8PROC_BIDI_CLASS_CS |
                                1u << UTF8PROC_BIDI_CLASS_ET | 1u << UTF8PROC_BIDI_CLASS_ON |
                                1u << UTF8PROC_BIDI_CLASS_BN;
  unsigned all = 0;
  for (const char32_t c : label) all |= bit(c);
  if ((all & (kR | kAL | kAN)) == 0) return true;
  size_t end = label.size();
  while (end > 1 && bit(label[end - 1]) == kNSM) --end;
  const unsigned first = bit(label[0]), last = bit(label[end - 1]);
  if (first == kL) return (all & ~(kL | kNeutral)) == 0 && (last & (kL | kEN)) != 0;
  if ((first & (kR | kAL)) == 0) return false;
  return (all & ~(kR | kAL | kAN | kNeutral)) == 0 && (last & (kR | kAL | kEN | kAN)) != 0 &&
         (all & (kEN | kAN)) != (kEN | kAN);
}

// Punycode's parameters and how its bias moves [RFC 3492, sections 5 and 6.1].
constexpr uint32_t kBase = 36, kMin = 1, kMax = 26, kSkew = 38, kDamp = 700, kFirstBias = 72, kFirstCode = 128;

uint32_t Adapt(uint32_t delta, uint32_t count, bool is_first) {
  delta = is_first ? delta / kDamp : delta / 2;
  delta += delta / count;
  uint32_t k = 0;
  for (; delta > (kBase - kMin) * kMax / 2; k += kBase) delta /= kBase - kMin;
  return k + (kBase - kMin + 1) * delta / (delta + kSkew);
}

uint32_t Threshold(uint32_t k, uint32_t bias) { return k <= bias ? kMin : std::min(k - bias, kMax); }

}  // namespace

bool IsULabel(std::u32string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-' || IsMark(label.front())) return false;
  if (label.size() >= 4 && label[2] == '-' && label[3] == '-') return false;
  std::string text;
  for (size_t i = 0; i < label.size(); ++i) {
    if (!IsValidHere(label, i)) return false;
    AppendUtf8(text, label[i]);
  }
  constexpr auto kComposed = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  return Mapped(text, kComposed) == text && RunsOneWay(label);
}

std::optional<std::u32string> DecodePunycode(std::string_view text) {
  std::u32string out;
  if (const size_t dash = text.rfind('-'); dash != std::string_view::npos) {
    for (const char c : text.substr(0, dash)) out += static_cast<char32_t>(static_cast<unsigned char>(c));
    text.remove_prefix(dash + 1);
  }
  uint32_t code = kFirstCode, place = 0, bias = kFirstBias;
  for (size_t at = 0; at < text.size();) {
    const uint32_t before = place;
    uint64_t weight = 1;
    for (uint32_t k = kBase;; k += kBase) {
      if (at >= text.size()) return std::nullopt;
      const char c = static_cast<char>(text[at++] | 0x20);
      const bool is_letter = c >= 'a' && c <= 'z', is_digit = text[at - 1] >= '0' && text[at - 1] <= '9';
      if (!is_letter && !is_digit) return std::nullopt;
      const uint32_t digit =
          is_letter ? static_cast<uint32_t>(c - 'a') : static_cast<uint32_t>(text[at - 1] - '0' + 26);
      if (place + digit * weight > UINT32_MAX) return std::nullopt;
      place += static_cast<uint32_t>(digit * weight);
      const uint32_t threshold = Threshold(k, bias);
      if (digit < threshold) break;
      weight *= kBase - threshold;
      if (weight > UINT32_MAX) return std::nullopt;
    }
    const auto count = static_cast<uint32_t>(out.size()) + 1;
    bias = Adapt(place - before, count, before == 0);
    if (place / count > 0x10FFFF - code) return std::nullopt;
    code += place / count;
    place %= count;
    out.insert(out.begin() + place, static_cast<char32_t>(code));
    ++place;
  }
  return out;
}

std::optional<std::string> EncodePunycode(std::u32string_view text) {
  constexpr size_t kMostCharacters = 255;  // longer ones are no labels
  if (text.size() > kMostCharacters) return std::nullopt;
  std::string out;
  for (const char32_t c : text) {
    if (c < kFirstCode) out += static_cast<char>(c);
  }
  const auto num_basic = static_cast<uint32_t>(out.size());
  if (num_basic > 0) out += '-';
  uint32_t code = kFirstCode, delta = 0, bias = kFirstBias;
  for (uint32_t done = num_basic; done < text.size(); ++code, ++delta) {
    char32_t next = 0x10FFFF;
    for (const char32_t c : text) next = c >= code ? std::min(next, c) : next;
    delta += (next - code) * (done + 1);
    code = next;
    for (const char32_t c : text) {
      if (c < code) ++delta;
      if (c != code) continue;
      uint32_t rest = delta;
      for (uint32_t k = kBase;; k += kBase) {
        const uint32_t threshold = Threshold(k, bias);
        const uint32_t digit = rest < threshold ? rest : threshold + (rest - threshold) % (kBase - threshold);
        out += static_cast<char>(digit < 26 ? 'a' + digit : '0' + digit - 26);
        if (rest < threshold) break;
        rest = (rest - threshold) / (kBase - threshold);
      }
      bias = Adapt(delta, done + 1, done == num_basic);
      delta = 0;
      ++done;
    }
  }
  return out;
}

}  // namespace atelier
