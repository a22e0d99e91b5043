// Unions, kept small: what one part covers goes, counters of the same body join, equal heads are factored out.
#include <algorithm>

#include "engine/grammar/language_impl.h"

namespace atelier {

using language::Edge;
using language::kInfinite;
using language::Node;
using language::NodeKind;
using language::Utf8State;

namespace {

constexpr int kMaxFactorDepth = 60;        // of heads within tails; below it, unions are right but not factored
constexpr size_t kMaxUnionParts = 20'000;  // a union that grows over this is refused

// Joins [lo,hi] with the interval before it where no count lies between.
bool JoinCounts(int64_t& lo, int64_t& hi, int64_t next_lo, int64_t next_hi) {
  if (hi != kInfinite && next_lo > hi + 1) return false;
  lo = std::min(lo, next_lo);
  hi = std::max(hi, next_hi);
  return true;
}

}  // namespace

LanguageId Languages::Impl::Or(Ids parts) {
  while (true) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const Node& node = nodes_[parts[i]];
      if (node.kind != NodeKind::kOr) continue;
      const auto inner = Parts(node);
      const Ids copy(inner.begin(), inner.end());
      parts[i] = copy[0];
      parts.insert(parts.end(), copy.begin() + 1, copy.end());
    }
    std::ranges::sort(parts);
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    if (!parts.empty() && parts[0] == kNothing) parts.erase(parts.begin());
    if (parts.empty()) return kNothing;
    if (parts.size() == 1) return parts[0];
    if (parts.size() > kMaxUnionParts) {
      over_budget_ = true;
      return kNothing;
    }
    if (!Simplify(parts)) return Intern({.kind = NodeKind::kOr}, parts, {});
  }
}

// One round of laws; false: none applied.   REQUIRES: parts sorted, without kNothing, at least two.
bool Languages::Impl::Simplify(Ids& parts) {
  if (parts[0] == kEmpty) {
    const bool covered =
        std::any_of(parts.begin() + 1, parts.end(), [this](LanguageId id) { return nodes_[id].accepts; });
    if (covered) {
      parts.erase(parts.begin());
      return true;
    }
  }
  int num_branches = 0, num_chars = 0, num_complements = 0;
  for (const LanguageId id : parts) {
    num_branches += nodes_[id].kind == NodeKind::kBranch;
    num_chars += nodes_[id].kind == NodeKind::kChars;
    num_complements += nodes_[id].kind == NodeKind::kComplement;
  }
  if (num_chars > 0 && MergeChars(parts)) return true;
  if (num_branches > 1 && MergeBranches(parts)) return true;
  if (num_complements > 0) {
    for (const LanguageId id : parts) {
      const Node& node = nodes_[id];
      if (node.kind != NodeKind::kComplement) continue;
      if (node.a != kNothing && !std::ranges::binary_search(parts, node.a)) continue;
      parts.assign(1, Complement(kNothing));
      return true;
    }
  }
  return MergeTerms(parts);
}

// Counted characters join; text that they cover goes.
bool Languages::Impl::MergeChars(Ids& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Node chars = nodes_[parts[i]];
    if (chars.kind != NodeKind::kChars) continue;
    for (size_t j = 0; j < parts.size(); ++j) {
      if (i == j) continue;
      const Node& other = nodes_[parts[j]];
      const bool covered =
          (other.text >> chars.a & 1) != 0 && other.length.min_chars >= chars.lo && other.length.max_chars <= chars.hi;
      int64_t lo = chars.lo, hi = chars.hi;
      const bool joins = !covered && other.kind == NodeKind::kChars && other.a == chars.a && other.lo >= chars.lo &&
                         JoinCounts(lo, hi, other.lo, other.hi);
      const bool optional = parts[j] == kEmpty && chars.lo == 1 && chars.a == language::kUtf8Whole;
      if (!covered && !joins && !optional) continue;
      if (joins || optional) parts[i] = Chars(optional ? 0 : lo, hi, static_cast<Utf8State>(chars.a));
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(j));
      return true;
    }
  }
  return false;
}

// All branches become one: a byte of several leads to the union of where they lead.
bool Languages::Impl::MergeBranches(Ids& parts) {
  std::vector<std::pair<ByteSet, Ids>> cells;  // disjoint
  Ids kept;
  for (const LanguageId id : parts) {
    if (nodes_[id].kind != NodeKind::kBranch) {
      kept.push_back(id);
      continue;
    }
    for (const Edge& edge : Edges(nodes_[id])) {
      ByteSet rest = byte_sets_[edge.bytes];
      for (size_t i = 0, end = cells.size(); i < end && rest.any(); ++i) {
        const ByteSet both = cells[i].first & rest;
        if (both.none()) continue;
        rest &= ~both;
        if (both != cells[i].first) {
          cells.emplace_back(cells[i].first & ~both, cells[i].second);
          cells[i].first = both;
        }
        cells[i].second.push_back(edge.to);
      }
      if (rest.any()) cells.emplace_back(rest, Ids{edge.to});
    }
  }
  std::vector<std::pair<ByteSet, LanguageId>> merged;
  for (auto& [bytes, targets] : cells) {
    const LanguageId to = Or(std::move(targets));
    const auto known = std::ranges::find(merged, to, [](const auto& edge) { return edge.second; });
    if (known != merged.end()) {
      known->first |= bytes;
    } else {
      merged.emplace_back(bytes, to);
    }
  }
  std::vector<Edge> edges;
  for (const auto& [bytes, to] : merged) edges.push_back({InternBytes(bytes), to});
  kept.push_back(Branch(std::move(edges)));
  parts = std::move(kept);
  return true;
}

// x{i,j}t | x{k,l}t is x{i,l}t where the counts touch; x t | x u is x(t|u).
bool Languages::Impl::MergeTerms(Ids& parts) {
  std::vector<Term> terms;
  terms.reserve(parts.size());
  bool has_empty = false;
  for (const LanguageId id : parts) {
    const Node& node = nodes_[id];
    if (id == kEmpty) {
      has_empty = true;
      continue;
    }
    Term term = TermOf(node.kind == NodeKind::kConcat ? node.a : id);
    if (node.kind == NodeKind::kConcat) term.tail = node.b;
    term.whole = id;
    terms.push_back(term);
  }
  bool changed = false;
  std::ranges::sort(terms, {}, [](const Term& t) { return std::tuple(t.head, t.tail, t.lo, t.hi); });
  size_t kept = 0;
  for (size_t i = 1; i < terms.size(); ++i) {
    Term& last = terms[kept];
    const bool same = last.head == terms[i].head && last.tail == terms[i].tail;
    if (same && JoinCounts(last.lo, last.hi, terms[i].lo, terms[i].hi)) {
      last.whole = -1;
      changed = true;
    } else {
      terms[++kept] = terms[i];
    }
  }
  terms.resize(terms.empty() ? 0 : kept + 1);
  for (Term& term : terms) {
    const bool repeated = term.tail == kEmpty && term.lo == 1 && term.head >= 0 && term.hi > 1;
    if (!has_empty || !repeated) continue;
    term.lo = 0;
    term.whole = -1;
    has_empty = false;
    changed = true;
  }
  std::ranges::sort(terms, {}, [](const Term& t) { return std::tuple(t.head, t.lo, t.hi, t.tail); });
  Ids merged;
  if (has_empty) merged.push_back(kEmpty);
  for (size_t i = 0; i < terms.size();) {
    size_t end = i + 1;
    const auto alike = [&](const Term& t) {
      return t.head == terms[i].head && t.lo == terms[i].lo && t.hi == terms[i].hi;
    };
    while (end < terms.size() && alike(terms[end]) && union_depth_ < kMaxFactorDepth) ++end;
    changed = changed || end - i > 1;
    merged.push_back(FactorTerms(std::span(terms).subspan(i, end - i)));
    i = end;
  }
  if (changed) parts = std::move(merged);
  return changed;
}

LanguageId Languages::Impl::FactorTerms(std::span<const Term> terms) {
  if (terms.size() == 1 && terms[0].whole >= 0) return terms[0].whole;
  ++union_depth_;
  Ids tails;
  for (const Term& term : terms) tails.push_back(term.tail);
  const LanguageId tail = Or(std::move(tails));
  --union_depth_;
  return Concat(Counted(terms[0].head, terms[0].lo, terms[0].hi), tail);
}

}  // namespace atelier
