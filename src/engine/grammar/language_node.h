// What Languages is made of: nodes of expressions, sets of bytes that a node treats alike, and rows of transitions.
// Internal to language_*.cc.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/grammar/language.h"

namespace atelier::language {

constexpr int64_t kInfinite = std::numeric_limits<int64_t>::max();

// Sums and products of lengths and counts, where kInfinite swallows.   REQUIRES: both at least 0.
inline int64_t AddCounts(int64_t a, int64_t b) { return a > kInfinite - b ? kInfinite : a + b; }
inline int64_t MultiplyCounts(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kInfinite / b ? kInfinite : a * b;
}
// A count of one thing less.
inline int64_t LessOne(int64_t count) { return count == kInfinite ? count : count == 0 ? 0 : count - 1; }

// What must come before a text of whole characters can begin: the states of reading UTF-8 [RFC 3629, section 4].
enum Utf8State : int8_t {
  kUtf8Broken = -1,
  kUtf8Whole = 0,
  kUtf8One,      // one continuation byte
  kUtf8Two,      // two
  kUtf8Three,    // three
  kUtf8AfterE0,  // A0..BF, then one
  kUtf8AfterED,  // 80..9F, then one
  kUtf8AfterF0,  // 90..BF, then two
  kUtf8AfterF4,  // 80..8F, then two
  kNumUtf8States,
};
Utf8State NextUtf8State(Utf8State state, uint8_t byte);
// Continuation bytes that `state` waits for.
int Utf8BytesMissing(Utf8State state);

enum class NodeKind : uint8_t {
  kNothing,
  kEmpty,
  kBranch,      // one byte, then a language that the byte chooses: edges[a .. a+b)
  kChars,       // what finishes Utf8State a, then lo to hi characters
  kWords,       // words lo..hi of table a, without their first b bytes
  kConcat,      // a, then b; a is no kConcat
  kOr,          // parts[a .. a+b), sorted, none of them a kOr
  kAnd,         // the same
  kComplement,  // every string of bytes that is not in a
  kRepeat,      // a, lo to hi times
  kRecursive,   // what a is; made before a is known
  kListed,      // what ListedLanguage a has from its state b on
};

// How long members are, in characters (bytes that do not continue one) and bytes. Bounds, not always reached.
struct LengthBounds {
  int64_t min_chars = 0, max_chars = kInfinite;
  int64_t min_bytes = 0, max_bytes = kInfinite;
};

struct Node {
  NodeKind kind = NodeKind::kNothing;
  bool accepts = false;
  bool searched = false;   // whether it is nothing takes a search: kAnd, kComplement or kRecursive is in it
  bool recursive = false;  // kRecursive is in it, outside kComplement
  uint8_t text = 0;        // bit s: every member finishes Utf8State s and goes on in whole characters
  uint16_t depth = 1;      // how deep a step recurses
  int32_t a = 0, b = 0;
  int64_t lo = 0, hi = 0;
  LengthBounds length = {};
  int64_t hint = 0;  // about how many bytes are left to a member: what a search follows
};

struct Edge {
  int32_t bytes;  // index of a ByteSet
  LanguageId to;
  bool operator==(const Edge&) const = default;
};

// A partition of all bytes.
struct ByteClasses {
  std::array<uint8_t, 256> of;   // byte -> class
  std::vector<uint8_t> sample;   // class -> the byte of it that reads best
  std::vector<uint16_t> counts;  // class -> number of bytes
};

// A state's transitions; `next` has one place for each class, -1 where it is not known yet.
struct Row {
  const uint8_t* classes = nullptr;
  LanguageId* next = nullptr;
};

}  // namespace atelier::language
