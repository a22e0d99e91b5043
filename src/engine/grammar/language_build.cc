// Concatenation, repetition, intersection, complement, and languages defined by themselves.
#include <algorithm>

#include "engine/grammar/language_impl.h"

namespace atelier {

using language::AddCounts;
using language::kInfinite;
using language::MultiplyCounts;
using language::Node;
using language::NodeKind;
using language::Utf8State;

namespace {

constexpr int64_t kMaxWordsLeft = 4096;  // larger tables are intersected as they are read
constexpr int kMaxDistributed = 256;     // parts of a union that an intersection is carried into

// Counted characters stand as heads too: their state, below zero.
LanguageId HeadOfChars(int32_t state) { return -1 - state; }

}  // namespace

Languages::Impl::Term Languages::Impl::TermOf(LanguageId id) const {
  const Node& node = nodes_[id];
  if (node.kind == NodeKind::kRepeat) return {node.a, node.lo, node.hi, kEmpty};
  if (node.kind == NodeKind::kChars) return {HeadOfChars(node.a), node.lo, node.hi, kEmpty};
  return {id, 1, 1, kEmpty};
}

LanguageId Languages::Impl::Counted(LanguageId head, int64_t lo, int64_t hi) {
  if (head < 0) return Chars(lo, hi, static_cast<Utf8State>(-1 - head));
  return Repeat(head, lo, hi);
}

LanguageId Languages::Impl::Concat(LanguageId first, LanguageId second) {
  Ids heads;
  while (nodes_[first].kind == NodeKind::kConcat) {
    heads.push_back(nodes_[first].a);
    first = nodes_[first].b;
  }
  LanguageId whole = PrependTerm(first, second);
  while (!heads.empty()) {
    whole = PrependTerm(heads.back(), whole);
    heads.pop_back();
  }
  return whole;
}

// REQUIRES: first is no concatenation.
LanguageId Languages::Impl::PrependTerm(LanguageId first, LanguageId second) {
  if (first == kNothing || second == kNothing) return kNothing;
  if (first == kEmpty) return second;
  if (second == kEmpty) return first;
  const bool longer = nodes_[second].kind == NodeKind::kConcat;
  const LanguageId rest = longer ? nodes_[second].b : kEmpty;
  const Term x = TermOf(first), y = TermOf(longer ? nodes_[second].a : second);
  // Of characters, only the first may begin in the middle of one.
  if (x.head == y.head ? (x.head >= 0 || x.head == HeadOfChars(language::kUtf8Whole))
                       : (x.head < 0 && y.head == HeadOfChars(language::kUtf8Whole))) {
    const LanguageId both = Counted(x.head, AddCounts(x.lo, y.lo), AddCounts(x.hi, y.hi));
    if (rest == kEmpty) return both;
    return Intern({.kind = NodeKind::kConcat, .a = both, .b = rest}, {}, {});
  }
  return Intern({.kind = NodeKind::kConcat, .a = first, .b = second}, {}, {});
}

// x{inner.lo,inner.hi}{lo,hi} is x{inner.lo*lo,inner.hi*hi}: where the counts of k and of k+1 times leave no gap.
bool Languages::Impl::CanFlatten(const Node& inner, int64_t lo, int64_t hi) const {
  return lo == hi || MultiplyCounts(lo, inner.hi - inner.lo) >= inner.lo - 1;
}

// Within part{0,hi}: without the empty string; for a star also without inner repetitions that it does itself.
LanguageId Languages::Impl::StripForStar(LanguageId part, bool star) {
  if (nodes_[part].kind != NodeKind::kOr) return part;
  Ids parts;
  bool changed = false;
  const auto old_parts = Parts(nodes_[part]);
  for (const LanguageId id : Ids(old_parts.begin(), old_parts.end())) {
    const Node node = nodes_[id];
    const bool repeats = node.kind == NodeKind::kRepeat && (node.lo == 0 || (star && node.lo == 1));
    if (repeats) parts.push_back(star ? node.a : Repeat(node.a, 1, node.hi));
    if (!repeats && id != kEmpty) parts.push_back(id);
    changed = changed || repeats || id == kEmpty;
  }
  return changed ? Or(std::move(parts)) : part;
}

LanguageId Languages::Impl::Repeat(LanguageId part, int64_t min, int64_t max) {
  if (min > max) return kNothing;
  if (max == 0 || part == kEmpty) return kEmpty;
  if (part == kNothing) return min == 0 ? kEmpty : kNothing;
  if (min == 1 && max == 1) return part;
  if (nodes_[part].accepts) min = 0;
  if (min == 0) part = StripForStar(part, max == kInfinite);
  const Node& inner = nodes_[part];
  const bool whole_chars = inner.kind == NodeKind::kChars && inner.a == language::kUtf8Whole;
  if ((whole_chars || inner.kind == NodeKind::kRepeat) && CanFlatten(inner, min, max)) {
    const LanguageId head = whole_chars ? HeadOfChars(language::kUtf8Whole) : inner.a;
    const int64_t lo = MultiplyCounts(inner.lo, min), hi = MultiplyCounts(inner.hi, max);
    return Counted(head, lo, hi);
  }
  if (inner.accepts && max == 1) return part;
  return Intern({.kind = NodeKind::kRepeat, .a = part, .lo = min, .hi = max}, {}, {});
}

LanguageId Languages::Impl::Complement(LanguageId part) {
  const Node& node = nodes_[part];
  if (node.kind == NodeKind::kComplement) return node.a;
  if (node.kind == NodeKind::kOr) {
    const auto parts = Parts(node);
    Ids complements(parts.begin(), parts.end());
    for (LanguageId& id : complements) id = Complement(id);
    return And(std::move(complements));
  }
  return Intern({.kind = NodeKind::kComplement, .a = part}, {}, {});
}

LanguageId Languages::Impl::Not(LanguageId part) {
  const Node& node = nodes_[part];
  const auto parts = node.kind == NodeKind::kAnd ? Parts(node) : std::span<const LanguageId>();
  const auto is_complement = [this](LanguageId id) { return nodes_[id].kind == NodeKind::kComplement; };
  // Text that is in none of some languages: what is not that is in one of them.
  if (node.kind == NodeKind::kAnd && parts[0] == kAnyText &&
      std::all_of(parts.begin() + 1, parts.end(), is_complement)) {
    Ids outside(parts.begin() + 1, parts.end());
    for (LanguageId& id : outside) id = nodes_[id].a;
    return And({kAnyText, Or(std::move(outside))});
  }
  return And({kAnyText, Complement(part)});
}

LanguageId Languages::Impl::And(Ids parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Node& node = nodes_[parts[i]];
    if (node.kind != NodeKind::kAnd) continue;
    const auto inner = Parts(node);
    const Ids copy(inner.begin(), inner.end());
    parts[i] = copy[0];
    parts.insert(parts.end(), copy.begin() + 1, copy.end());
  }
  std::ranges::sort(parts);
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  while (parts.size() > 1) {
    if (parts[0] == kNothing) return kNothing;
    if (parts[0] == kEmpty) {
      return std::ranges::all_of(parts, [this](LanguageId id) { return nodes_[id].accepts; }) ? kEmpty : kNothing;
    }
    if (!SimplifyAnd(parts)) break;
  }
  if (parts.empty()) return Complement(kNothing);
  if (parts.size() == 1) return parts[0];
  if (const auto words = WordsLeft(parts)) return *words;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Node& node = nodes_[parts[i]];
    if (node.kind == NodeKind::kOr && node.recursive && node.b <= kMaxDistributed) return Distribute(parts, i);
  }
  return Intern({.kind = NodeKind::kAnd}, parts, {});
}

bool Languages::Impl::Has(LanguageId id, const std::string& word) {
  if (const Node& node = nodes_[id]; node.kind == NodeKind::kWords && node.b == 0) {
    const auto words = words_[node.a].words.begin();
    return std::binary_search(words + node.lo, words + node.hi + 1, word);
  }
  for (size_t at = 0; at < word.size() && id != kNothing; ++at) id = Next(id, static_cast<uint8_t>(word[at]));
  return nodes_[id].accepts;
}

// Words without some others are words: those of a table that were not there yet, say.
std::optional<LanguageId> Languages::Impl::WordsLeft(const Ids& parts) {
  const auto is_words = [this](LanguageId id) { return nodes_[id].kind == NodeKind::kWords; };
  const auto table = std::ranges::find_if(parts, is_words);
  if (table == parts.end() || nodes_[*table].hi - nodes_[*table].lo >= kMaxWordsLeft) return std::nullopt;
  Ids outside;
  for (const LanguageId id : parts) {
    if (id == *table) continue;
    const LanguageId out = nodes_[id].kind == NodeKind::kComplement ? nodes_[id].a : kNothing;
    if (out == kNothing || nodes_[out].length.max_bytes == kInfinite || nodes_[out].searched) return std::nullopt;
    outside.push_back(out);
  }
  const Node node = nodes_[*table];
  std::vector<std::string> left;
  for (int64_t i = node.lo; i <= node.hi; ++i) {
    const std::string word = words_[node.a].words[i].substr(static_cast<size_t>(node.b));
    if (std::ranges::none_of(outside, [&](LanguageId id) { return Has(id, word); })) left.push_back(word);
  }
  return Words(std::move(left));
}

LanguageId Languages::Impl::Distribute(const Ids& parts, size_t index) {
  const auto choices = Parts(nodes_[parts[index]]);
  Ids united;
  for (const LanguageId choice : Ids(choices.begin(), choices.end())) {
    Ids all = parts;
    all[index] = choice;
    united.push_back(And(std::move(all)));
  }
  return Or(std::move(united));
}

// One round of laws; false: none applied. Parts stay sorted.
bool Languages::Impl::SimplifyAnd(Ids& parts) {
  if (IntersectChars(parts)) return true;
  language::LengthBounds all;
  uint8_t text = 0;
  for (const LanguageId id : parts) {
    const Node& node = nodes_[id];
    text |= node.text;
    all.min_chars = std::max(all.min_chars, node.length.min_chars);
    all.max_chars = std::min(all.max_chars, node.length.max_chars);
    all.min_bytes = std::max(all.min_bytes, node.length.min_bytes);
    all.max_bytes = std::min(all.max_bytes, node.length.max_bytes);
  }
  const auto nothing = [&parts] {
    parts.assign(1, kNothing);
    return true;
  };
  if (all.min_chars > all.max_chars || all.min_bytes > all.max_bytes) return nothing();
  for (size_t i = 0; i < parts.size(); ++i) {
    const Node& node = nodes_[parts[i]];
    bool drop = false;
    if (node.kind == NodeKind::kChars) {
      // Another part is of such text anyway.
      drop = std::ranges::any_of(parts, [&](LanguageId id) {
        const Node& other = nodes_[id];
        return id != parts[i] && (other.text >> node.a & 1) != 0 && other.length.min_chars >= node.lo &&
               other.length.max_chars <= node.hi;
      });
    } else if (node.kind == NodeKind::kComplement) {
      if (std::ranges::binary_search(parts, node.a)) return nothing();
      const Node& outside = nodes_[node.a];
      drop = node.a == kNothing || outside.length.min_bytes > all.max_bytes ||
             outside.length.max_bytes < all.min_bytes || outside.length.min_chars > all.max_chars ||
             outside.length.max_chars < all.min_chars;
      const bool covers = outside.kind == NodeKind::kChars && (text >> outside.a & 1) != 0 &&
                          outside.lo <= all.min_chars && outside.hi >= all.max_chars;
      if (covers) return nothing();
    }
    if (drop) {
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
  }
  return false;
}

bool Languages::Impl::IntersectChars(Ids& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Node a = nodes_[parts[i]];
    if (a.kind != NodeKind::kChars) continue;
    for (size_t j = i + 1; j < parts.size(); ++j) {
      const Node b = nodes_[parts[j]];
      if (b.kind != NodeKind::kChars || b.a != a.a) continue;
      parts[i] = Chars(std::max(a.lo, b.lo), std::min(a.hi, b.hi), static_cast<Utf8State>(a.a));
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(j));
      std::ranges::sort(parts);
      parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
      return true;
    }
  }
  return false;
}

LanguageId Languages::Impl::WithoutEmpty(LanguageId part) {
  const Node node = nodes_[part];
  if (!node.accepts) return part;
  switch (node.kind) {
    case NodeKind::kEmpty: return kNothing;
    case NodeKind::kChars: return Chars(1, node.hi);
    case NodeKind::kConcat: return Or({Concat(WithoutEmpty(node.a), node.b), WithoutEmpty(node.b)});
    case NodeKind::kOr: {
      const auto span = Parts(node);
      Ids parts(span.begin(), span.end());
      for (LanguageId& id : parts) id = WithoutEmpty(id);
      return Or(std::move(parts));
    }
    case NodeKind::kRepeat: {
      const int64_t rest = node.hi == kInfinite ? kInfinite : node.hi - 1;
      return Concat(WithoutEmpty(node.a), Repeat(node.a, 0, rest));
    }
    default: return And({part, Complement(kEmpty)});
  }
}

LanguageId Languages::Impl::MakeRecursive(bool accepts) {
  Node node{.kind = NodeKind::kRecursive, .accepts = accepts, .searched = true, .recursive = true, .text = 1};
  node.a = -1;
  node.b = static_cast<int32_t>(nodes_.size());  // its own, so that no two are the same
  node.hint = accepts ? 0 : 1;
  return Intern(node, {}, {});
}

void Languages::Impl::Define(LanguageId recursive, LanguageId definition) {
  if (over_budget_) return;
  Node& node = nodes_[recursive];
  CHECK(node.kind == NodeKind::kRecursive && node.a < 0 && nodes_[definition].accepts == node.accepts);
  node.a = definition;
  node.depth = static_cast<uint16_t>(nodes_[definition].depth + 1);
}

}  // namespace atelier
