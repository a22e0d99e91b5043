// Strings within JSON: characters, escapes, and what they spell.
//
// A character may stand for itself, or be escaped as JSON encoders do: control characters and what is not ASCII as
// \uXXXX, and so `"`, `\`, `'`, `<`, `>`, `&`, which some escape for HTML. Letters and digits are never escaped: the
// text of a known name or value has one spelling, which can be written without asking the model.
#include <algorithm>

#include "base/text/utf8.h"
#include "engine/grammar/json_machine.h"

namespace atelier {
namespace {

// JsonThread::lex within a string.
enum Lex : uint8_t {
  kPlain = 0,
  kEscape = 1,      // after a backslash
  kUnit = 2,        // kUnit + n: after \u and n digits
  kPairEscape = 6,  // after the first half of a pair of surrogates: a backslash
  kPairU = 7,       // a u
  kPairUnit = 8,    // kPairUnit + n: n digits of the second half
};

bool MayBeEscaped(uint32_t code) {
  if (code < 0x20 || code >= 0x7F) return true;
  return code == '"' || code == '\\' || code == '\'' || code == '<' || code == '>' || code == '&';
}

bool IsFirstHalf(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsSecondHalf(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// What a pair of surrogates spells; the second half may be one past the last.
uint32_t PairCode(uint32_t first, uint32_t second) {
  const uint32_t low = std::clamp(second, 0xDC00U, 0xE000U) - 0xDC00;
  return 0x10000 + ((first - 0xD800) << 10) + low;
}

int HexDigit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const uint8_t lower = byte | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What a backslash and this byte spell; 0: nothing.
char ShortEscape(uint8_t byte) {
  switch (byte) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

}  // namespace

void JsonMachine::StepInString(JsonThread thread, StepContext& c) {
  if (thread.lex != kPlain) {
    if (StepEscape(thread, c.byte)) c.out.push_back(thread);
    return;
  }
  if (c.byte == '"') {
    if (thread.phase == JsonPhase::kName) return CloseName(thread, c);
    if (languages_->Accepts(thread.state)) EndValue(thread.frame, true, c);
    return;
  }
  if (c.byte == '\\') {
    thread.lex = kEscape;
    thread.acc = 0;
    const auto spells = [&](uint8_t byte) {
      const char spelled = ShortEscape(byte);
      JsonThread copy = thread;
      return StepChar(copy, {&spelled, 1});
    };
    constexpr std::string_view kShort = "\"\\/bfnrt";
    if (std::ranges::any_of(kShort, spells) || (thread.lex = kUnit, UnitPossible(thread))) {
      thread.lex = kEscape;
      c.out.push_back(thread);
    }
    return;
  }
  if (c.byte < 0x20) return;
  const char byte = static_cast<char>(c.byte);
  if (StepChar(thread, {&byte, 1})) c.out.push_back(thread);
}

// Reads bytes of the string's value. False: none can follow.
bool JsonMachine::StepChar(JsonThread& thread, std::string_view utf8) {
  for (const char byte : utf8) {
    if (thread.state != Languages::kNothing) thread.state = languages_->Next(thread.state, static_cast<uint8_t>(byte));
    if (thread.phase != JsonPhase::kName) continue;
    const ObjectPlan& plan = *thread.frame->object;
    const auto at = static_cast<size_t>(thread.goal);
    const auto before = [&](int32_t name, char wanted) {
      const std::string& text = plan.names[static_cast<size_t>(name)].text;
      return text.size() <= at || static_cast<uint8_t>(text[at]) < static_cast<uint8_t>(wanted);
    };
    const auto begin = plan.sorted.begin();
    const auto low = std::lower_bound(begin + thread.low, begin + thread.high, byte, before);
    const auto high = std::upper_bound(low, begin + thread.high, byte, [&](char wanted, int32_t name) {
      return static_cast<uint8_t>(plan.names[static_cast<size_t>(name)].text[at]) > static_cast<uint8_t>(wanted);
    });
    thread.low = static_cast<int32_t>(low - begin);
    thread.high = static_cast<int32_t>(high - begin);
    ++thread.goal;
  }
  if (thread.phase == JsonPhase::kName) return NamePossible(thread);
  return !languages_->IsNothing(thread.state);
}

bool JsonMachine::StepEscape(JsonThread& thread, uint8_t byte) {
  if (thread.lex == kEscape) {
    if (byte == 'u') {
      thread.lex = kUnit;
      return UnitPossible(thread);
    }
    const char spelled = ShortEscape(byte);
    thread.lex = kPlain;
    return spelled != 0 && StepChar(thread, {&spelled, 1});
  }
  if (thread.lex == kPairEscape || thread.lex == kPairU) {
    const bool right = byte == (thread.lex == kPairEscape ? '\\' : 'u');
    ++thread.lex;
    return right;
  }
  const int digit = HexDigit(byte);
  if (digit < 0) return false;
  thread.acc = thread.acc << 4 | static_cast<uint32_t>(digit);
  ++thread.lex;
  if (thread.lex == kUnit + 4) {
    const uint32_t unit = thread.acc;
    if (IsFirstHalf(unit)) {
      thread.lex = kPairEscape;
      JsonThread next = thread;
      next.lex = kPairUnit;
      return UnitPossible(next);
    }
    thread.lex = kPlain;
    thread.acc = 0;
    return MayBeEscaped(unit) && !IsSecondHalf(unit) && StepChar(thread, EncodeUtf8(unit));
  }
  if (thread.lex == kPairUnit + 4) {
    const uint32_t first = thread.acc >> 16;
    const uint32_t second = thread.acc & 0xFFFF;
    thread.lex = kPlain;
    thread.acc = 0;
    if (!IsSecondHalf(second)) return false;
    return StepChar(thread, EncodeUtf8(PairCode(first, second)));
  }
  return UnitPossible(thread);
}

// Whether the digits so far can become a character that may stand here.
bool JsonMachine::UnitPossible(const JsonThread& thread) {
  const bool pair = thread.lex >= kPairUnit;
  const uint32_t left = 4U - static_cast<uint32_t>(thread.lex - (pair ? kPairUnit : kUnit));
  const uint32_t low = (thread.acc & 0xFFFF) << (4 * left) & 0xFFFF;
  const uint32_t num = 1U << (4 * left);
  const uint32_t first = pair ? thread.acc >> (4 * (4 - left)) : 0;
  // Names of the table are few; what else may follow is a language, whose answer is kept.
  if (thread.phase == JsonPhase::kName) {
    const ObjectPlan& plan = *thread.frame->object;
    for (int32_t i = thread.low; i < thread.high; ++i) {
      const int32_t name = plan.sorted[static_cast<size_t>(i)];
      const std::string_view text = plan.names[static_cast<size_t>(name)].text;
      const auto at = static_cast<size_t>(thread.goal);
      const DecodedCodePoint next = at < text.size() ? DecodeUtf8(text, at) : DecodedCodePoint{};
      if (next.num_bytes == 0 || !NameAllowed(*thread.frame, name)) continue;
      const uint32_t code = next.value;
      const uint32_t unit = code < 0x10000 ? code
                            : pair         ? 0xDC00 + ((code - 0x10000) & 0x3FF)
                                           : 0xD800 + ((code - 0x10000) >> 10);
      const bool same_first = !pair || (code >= 0x10000 && 0xD800 + ((code - 0x10000) >> 10) == first);
      if (same_first && MayBeEscaped(code) && unit >= low && unit < low + num) return true;
    }
  }
  if (thread.state == Languages::kNothing) return false;
  const uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(thread.state)) << 32 |
                       static_cast<uint64_t>(thread.lex) << 26 | (pair ? (first - 0xD800) << 16 : 0) |
                       (thread.acc & 0xFFFF);
  const auto [at, added] = units_.try_emplace(key, false);
  if (added) {
    const bool possible = pair ? AnyCharPossible(thread.state, PairCode(first, low), PairCode(first, low + num))
                               : AnyUnitPossible(thread.state, low, low + num);
    at->second = possible;
  }
  return at->second;
}

// Whether one of the code units [low, high) spells a character that the language may go on with, or begins a pair.
bool JsonMachine::AnyUnitPossible(LanguageId state, uint32_t low, uint32_t high) {
  if (AnyCharPossible(state, low, std::min(high, 0xD800U))) return true;
  const uint32_t first = std::max(low, 0xD800U), last = std::min(high, 0xDC00U);
  if (first < last && AnyCharPossible(state, PairCode(first, 0xDC00), PairCode(last - 1, 0xE000))) return true;
  return AnyCharPossible(state, std::max(low, 0xE000U), high);
}

// The same of code points; those that share a first byte which cannot come are passed over together.
bool JsonMachine::AnyCharPossible(LanguageId state, uint32_t low, uint32_t high) {
  for (uint32_t code = low; code < high;) {
    if (!MayBeEscaped(code)) {
      ++code;
      continue;
    }
    const uint32_t block = code < 0x80 ? 1 : code < 0x800 ? 0x40 : code < 0x10000 ? 0x1000 : 0x40000;
    const std::string utf8 = EncodeUtf8(code);
    const LanguageId lead = languages_->Next(state, static_cast<uint8_t>(utf8[0]));
    if (lead == Languages::kNothing || languages_->IsNothing(lead)) {
      code = (code / block + 1) * block;
      continue;
    }
    LanguageId next = lead;
    for (size_t i = 1; i < utf8.size(); ++i) next = languages_->Next(next, static_cast<uint8_t>(utf8[i]));
    if (!languages_->IsNothing(next)) return true;
    ++code;
  }
  return false;
}

}  // namespace atelier
