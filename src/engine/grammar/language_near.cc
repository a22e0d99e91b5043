// Counters that a few bytes cannot exhaust, made equal: what a token may do next is then known once for all of them.
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

constexpr int kMaxNearDepth = 200;
constexpr int kMaxOpenDepth = 8;

}  // namespace

LanguageId Languages::Impl::Near(LanguageId state, int64_t num_bytes, int depth) {
  const Node node = nodes_[state];
  const bool may_change = node.kind == NodeKind::kChars || node.kind == NodeKind::kConcat ||
                          node.kind == NodeKind::kRepeat || node.kind == NodeKind::kOr || node.kind == NodeKind::kAnd;
  if (!may_change || depth > kMaxNearDepth) return state;
  const uint64_t key = static_cast<uint64_t>(num_bytes) << 32 | static_cast<uint32_t>(state);
  if (const auto known = near_.find(key); known != near_.end()) return known->second;
  const LanguageId near = MakeNear(node, state, num_bytes, depth);
  near_.emplace(key, near);
  return near;
}

LanguageId Languages::Impl::MakeNear(const Node& node, LanguageId state, int64_t num_bytes, int depth) {
  const auto near = [&](LanguageId id) { return Near(id, num_bytes, depth + 1); };
  switch (node.kind) {
    case NodeKind::kChars:
      return Chars(std::min(node.lo, num_bytes + 1), node.hi >= num_bytes ? kInfinite : node.hi,
                   static_cast<Utf8State>(node.a));
    case NodeKind::kRepeat: {
      const int64_t least = nodes_[node.a].length.min_bytes;
      if (least == 0) return Repeat(near(node.a), node.lo, node.hi);
      const int64_t most = num_bytes / least + 1;  // turns that the bytes can begin
      return Repeat(near(node.a), std::min(node.lo, most), node.hi >= most ? kInfinite : node.hi);
    }
    case NodeKind::kConcat: return Concat(near(node.a), near(node.b));
    case NodeKind::kOr: {
      const auto span = Parts(node);
      Ids parts(span.begin(), span.end());
      for (LanguageId& id : parts) id = near(id);
      return Or(std::move(parts));
    }
    default: return NearOfAnd(node, state, num_bytes, depth);
  }
}

// A limit of characters that leaves room to finish the other part from wherever the bytes lead does not matter yet.
LanguageId Languages::Impl::NearOfAnd(const Node& node, LanguageId state, int64_t num_bytes, int depth) {
  if (node.b != 2) return state;
  for (const int32_t at : {0, 1}) {
    const Node chars = nodes_[parts_[node.a + at]];
    const LanguageId other = parts_[node.a + 1 - at];
    if (chars.kind != NodeKind::kChars || chars.lo > 0 || nodes_[other].searched) continue;
    const int64_t room = chars.hi == kInfinite ? kInfinite : chars.hi - num_bytes;
    if (room < CompletionOf(other, depth).longest) continue;
    return And({Chars(0, kInfinite, static_cast<Utf8State>(chars.a)), Near(other, num_bytes, depth + 1)});
  }
  return state;
}

// Whatever text came, the members go on; what follows, or how often, only has to have members itself.
bool Languages::Impl::TakesAnyText(LanguageId state, int depth) const {
  const Node& node = nodes_[state];
  const auto takes = [&](LanguageId id) { return TakesAnyText(id, depth + 1); };
  if (depth > kMaxOpenDepth) return false;
  switch (node.kind) {
    case NodeKind::kChars: return node.a == language::kUtf8Whole && node.hi == kInfinite;
    case NodeKind::kConcat: return takes(node.a) && QuickLife(node.b) == Life::kAlive;
    case NodeKind::kRepeat: return takes(node.a);
    case NodeKind::kOr: return std::ranges::any_of(Parts(node), takes);
    case NodeKind::kAnd: {
      // Of one of them every text goes on, without end; the others take all texts that are long enough.
      const auto parts = Parts(node);
      const auto some = [&](LanguageId id) { return !TakesLongTexts(nodes_[id]); };
      const auto one = std::ranges::find_if(parts, some);
      return one == parts.end() || (takes(*one) && std::none_of(one + 1, parts.end(), some));
    }
    default: return false;
  }
}

bool Languages::Impl::TakesLongTexts(const Node& node) const {
  if (node.kind == NodeKind::kComplement) return nodes_[node.a].length.max_chars != kInfinite;
  return node.kind == NodeKind::kChars && node.a == language::kUtf8Whole && node.hi == kInfinite;
}

// How many characters finish a member.   REQUIRES: not nodes_[id].searched.
Languages::Impl::Completion Languages::Impl::CompletionOf(LanguageId id, int depth) {
  const Node node = nodes_[id];
  if (depth > kMaxNearDepth) return {kInfinite, kInfinite};
  switch (node.kind) {
    case NodeKind::kEmpty: return {0, 0};
    case NodeKind::kChars: return {node.lo, node.lo};
    case NodeKind::kWords: return {node.length.max_chars, node.length.max_chars};
    case NodeKind::kBranch: {
      Completion all{kInfinite, 0};
      for (const language::Edge& edge : Edges(node)) {
        const Completion to = CompletionOf(edge.to, depth + 1);
        all.shortest = std::min(all.shortest, AddCounts(to.shortest, 1));
        all.longest = std::max(all.longest, to.longest);
      }
      return {all.shortest, std::max(all.longest, all.shortest)};
    }
    case NodeKind::kOr: {
      Completion all{kInfinite, 0};
      for (const LanguageId part : Parts(node)) {
        const Completion one = CompletionOf(part, depth + 1);
        all = {std::min(all.shortest, one.shortest), std::max(all.longest, one.longest)};
      }
      return all;
    }
    case NodeKind::kConcat: {
      const Completion a = CompletionOf(node.a, depth + 1), b = CompletionOf(node.b, depth + 1);
      return {AddCounts(a.shortest, b.shortest), std::max(AddCounts(a.longest, b.shortest), b.longest)};
    }
    case NodeKind::kRepeat: {
      const Completion a = CompletionOf(node.a, depth + 1);
      const int64_t whole = MultiplyCounts(a.shortest, node.lo);
      const int64_t within = AddCounts(a.longest, MultiplyCounts(a.shortest, language::LessOne(node.lo)));
      return {whole, std::max(whole, within)};
    }
    default: return {kInfinite, kInfinite};
  }
}

}  // namespace atelier
