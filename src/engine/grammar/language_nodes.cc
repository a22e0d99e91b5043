// Nodes are interned: the same content has the same id. What is known of a node without looking further is described
// when it is made.
#include <algorithm>
#include <cstring>

#include "engine/grammar/language_impl.h"

namespace atelier {

using language::AddCounts;
using language::Edge;
using language::kInfinite;
using language::LengthBounds;
using language::MultiplyCounts;
using language::NextUtf8State;
using language::Node;
using language::NodeKind;
using language::Utf8State;

namespace {

constexpr int64_t kMaxNodes = 1 << 20;    // about 150 bytes each
constexpr size_t kMaxParts = 16'000'000;  // of unions and intersections, together
constexpr uint16_t kMaxDepth = 500;       // of a step's recursion, some 500 bytes of stack each

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
  return hash ^ (hash >> 29);
}

bool HasContent(NodeKind kind) { return kind == NodeKind::kOr || kind == NodeKind::kAnd || kind == NodeKind::kBranch; }

uint64_t HashOf(const Node& node, std::span<const LanguageId> parts, std::span<const Edge> edges) {
  uint64_t hash = Mix(0, static_cast<uint64_t>(node.kind));
  if (!HasContent(node.kind)) {
    hash = Mix(hash, static_cast<uint64_t>(node.a) << 32 | static_cast<uint32_t>(node.b));
    return Mix(Mix(hash, static_cast<uint64_t>(node.lo)), static_cast<uint64_t>(node.hi));
  }
  for (const LanguageId part : parts) hash = Mix(hash, static_cast<uint64_t>(part));
  for (const Edge& edge : edges)
    hash = Mix(hash, static_cast<uint64_t>(edge.bytes) << 32 | static_cast<uint32_t>(edge.to));
  return hash;
}

// Bit s: bytes that finish Utf8State s and go on as text.
uint8_t TextOfChars(Utf8State state) {
  const uint8_t own = static_cast<uint8_t>(1U << state);
  if (state == language::kUtf8AfterE0 || state == language::kUtf8AfterED) return own | 1U << language::kUtf8Two;
  if (state == language::kUtf8AfterF0 || state == language::kUtf8AfterF4) return own | 1U << language::kUtf8Three;
  return own;
}

}  // namespace

namespace language {

Utf8State NextUtf8State(Utf8State state, uint8_t byte) {
  const auto within = [byte](uint8_t first, uint8_t last, Utf8State next) {
    return byte >= first && byte <= last ? next : kUtf8Broken;
  };
  switch (state) {
    case kUtf8Whole:
      if (byte < 0x80) return kUtf8Whole;
      if (byte >= 0xC2 && byte <= 0xDF) return kUtf8One;
      if (byte == 0xE0) return kUtf8AfterE0;
      if (byte == 0xED) return kUtf8AfterED;
      if (byte >= 0xE1 && byte <= 0xEF) return kUtf8Two;
      if (byte == 0xF0) return kUtf8AfterF0;
      if (byte == 0xF4) return kUtf8AfterF4;
      return within(0xF1, 0xF3, kUtf8Three);
    case kUtf8One: return within(0x80, 0xBF, kUtf8Whole);
    case kUtf8Two: return within(0x80, 0xBF, kUtf8One);
    case kUtf8Three: return within(0x80, 0xBF, kUtf8Two);
    case kUtf8AfterE0: return within(0xA0, 0xBF, kUtf8One);
    case kUtf8AfterED: return within(0x80, 0x9F, kUtf8One);
    case kUtf8AfterF0: return within(0x90, 0xBF, kUtf8Two);
    case kUtf8AfterF4: return within(0x80, 0x8F, kUtf8Two);
    default: return kUtf8Broken;
  }
}

int Utf8BytesMissing(Utf8State state) {
  constexpr int missing[kNumUtf8States] = {0, 1, 2, 3, 2, 2, 3, 3};
  return state == kUtf8Broken ? 0 : missing[state];
}

}  // namespace language

Languages::Impl::Impl() {
  table_.assign(1 << 10, -1);
  Intern({.kind = NodeKind::kNothing}, {}, {});
  Intern({.kind = NodeKind::kEmpty}, {}, {});
  CHECK(Chars(0, kInfinite) == kAnyText);
}

bool Languages::Impl::Same(const Node& node, std::span<const LanguageId> parts, std::span<const Edge> edges,
                           LanguageId other_id) const {
  const Node& other = nodes_[other_id];
  if (node.kind != other.kind) return false;
  if (node.kind == NodeKind::kBranch) return std::ranges::equal(edges, Edges(other));
  if (HasContent(node.kind)) return std::ranges::equal(parts, Parts(other));
  return node.a == other.a && node.b == other.b && node.lo == other.lo && node.hi == other.hi;
}

LanguageId Languages::Impl::Intern(Node node, std::span<const LanguageId> parts, std::span<const Edge> edges) {
  const uint64_t hash = HashOf(node, parts, edges);
  size_t slot = hash & (table_.size() - 1);
  while (table_[slot] >= 0) {
    if (hashes_[table_[slot]] == hash && Same(node, parts, edges, table_[slot])) return table_[slot];
    slot = (slot + 1) & (table_.size() - 1);
  }
  Describe(node, parts, edges);
  if (num_nodes() >= kMaxNodes || parts_.size() + parts.size() > kMaxParts || node.depth > kMaxDepth) {
    over_budget_ = true;
    return kNothing;
  }
  if (node.kind == NodeKind::kBranch) {
    node.a = static_cast<int32_t>(edges_.size());
    node.b = static_cast<int32_t>(edges.size());
    edges_.insert(edges_.end(), edges.begin(), edges.end());
  } else if (HasContent(node.kind)) {
    node.a = static_cast<int32_t>(parts_.size());
    node.b = static_cast<int32_t>(parts.size());
    parts_.insert(parts_.end(), parts.begin(), parts.end());
  }
  const auto id = static_cast<LanguageId>(nodes_.size());
  nodes_.push_back(node);
  rows_.emplace_back();
  class_index_.push_back(-1);
  life_.push_back(Life::kUnknown);
  hashes_.push_back(hash);
  table_[slot] = id;
  if (nodes_.size() * 2 > table_.size()) GrowTable();
  return id;
}

void Languages::Impl::GrowTable() {
  table_.assign(table_.size() * 2, -1);
  for (size_t id = 0; id < nodes_.size(); ++id) {
    size_t slot = hashes_[id] & (table_.size() - 1);
    while (table_[slot] >= 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = static_cast<LanguageId>(id);
  }
}

int32_t Languages::Impl::InternBytes(const ByteSet& bytes) {
  const auto [at, is_new] = byte_set_index_.emplace(bytes, static_cast<int32_t>(byte_sets_.size()));
  if (is_new) byte_sets_.push_back(bytes);
  return at->second;
}

void Languages::Impl::Describe(Node& node, std::span<const LanguageId> parts, std::span<const Edge> edges) const {
  LengthBounds& length = node.length;
  switch (node.kind) {
    case NodeKind::kNothing:
      node.text = 0xFF;
      length = {kInfinite, 0, kInfinite, 0};
      break;
    case NodeKind::kEmpty:
      node.accepts = true;
      node.text = 1;
      length = {0, 0, 0, 0};
      break;
    case NodeKind::kBranch: DescribeBranch(node, edges); break;
    case NodeKind::kChars: {
      const auto state = static_cast<Utf8State>(node.a);
      const int missing = language::Utf8BytesMissing(state);
      node.accepts = state == language::kUtf8Whole && node.lo == 0;
      node.text = TextOfChars(state);
      length = {node.lo, node.hi, AddCounts(node.lo, missing), AddCounts(MultiplyCounts(node.hi, 4), missing)};
      break;
    }
    case NodeKind::kWords: return;  // described by WordRange
    case NodeKind::kConcat: DescribeConcat(node); break;
    case NodeKind::kOr:
    case NodeKind::kAnd: DescribeSet(node, parts); break;
    case NodeKind::kComplement:
      node.accepts = !nodes_[node.a].accepts;
      node.searched = true;
      node.depth = static_cast<uint16_t>(nodes_[node.a].depth + 1);
      node.hint = node.accepts ? 0 : 1;
      return;
    case NodeKind::kRepeat: DescribeRepeat(node); break;
    case NodeKind::kRecursive: return;  // described by MakeRecursive and Define
    case NodeKind::kListed: {
      const ListedLanguage& language = *listed_[node.a];
      const int64_t longest = language.MaxBytes(node.b);
      node.accepts = language.Accepts(node.b);
      node.text = 1;
      const int64_t shortest = node.accepts ? 0 : 1;
      length = {shortest, longest, shortest, longest};
      break;
    }
  }
  if (node.kind != NodeKind::kOr && node.kind != NodeKind::kAnd && node.kind != NodeKind::kConcat) {
    node.hint = length.min_bytes;
  }
}

void Languages::Impl::DescribeBranch(Node& node, std::span<const Edge> edges) const {
  node.text = 0xFF;
  node.length = {kInfinite, 0, kInfinite, 0};
  for (const Edge& edge : edges) {
    const ByteSet& bytes = byte_sets_[edge.bytes];
    const Node& to = nodes_[edge.to];
    bool some_continue = false, some_begin = false;
    for (int byte = 0; byte < 256; ++byte) {
      if (!bytes[byte]) continue;
      ((byte & 0xC0) == 0x80 ? some_continue : some_begin) = true;
      for (int state = 0; state < language::kNumUtf8States; ++state) {
        const Utf8State next = NextUtf8State(static_cast<Utf8State>(state), static_cast<uint8_t>(byte));
        if (next == language::kUtf8Broken || (to.text >> next & 1) == 0) node.text &= ~(1U << state);
      }
    }
    LengthBounds& length = node.length;
    length.min_chars = std::min(length.min_chars, AddCounts(to.length.min_chars, some_continue ? 0 : 1));
    length.max_chars = std::max(length.max_chars, AddCounts(to.length.max_chars, some_begin ? 1 : 0));
    length.min_bytes = std::min(length.min_bytes, AddCounts(to.length.min_bytes, 1));
    length.max_bytes = std::max(length.max_bytes, AddCounts(to.length.max_bytes, 1));
    node.searched = node.searched || to.searched;
  }
}

void Languages::Impl::DescribeConcat(Node& node) const {
  const Node &a = nodes_[node.a], &b = nodes_[node.b];
  node.accepts = a.accepts && b.accepts;
  node.searched = a.searched || b.searched;
  node.recursive = b.recursive || a.recursive;
  node.text = (b.text & 1) != 0 ? a.text : 0;
  node.depth = static_cast<uint16_t>(1 + std::max(a.depth, a.accepts ? b.depth : uint16_t{0}));
  node.length = {AddCounts(a.length.min_chars, b.length.min_chars), AddCounts(a.length.max_chars, b.length.max_chars),
                 AddCounts(a.length.min_bytes, b.length.min_bytes), AddCounts(a.length.max_bytes, b.length.max_bytes)};
  node.hint = AddCounts(a.hint, b.hint);
}

void Languages::Impl::DescribeSet(Node& node, std::span<const LanguageId> parts) const {
  const bool is_or = node.kind == NodeKind::kOr;
  LengthBounds& length = node.length;
  node.accepts = !is_or;
  node.searched = !is_or;
  node.text = is_or ? 0xFF : 0;
  node.hint = is_or ? kInfinite : 0;
  node.depth = 0;
  if (is_or) length = {kInfinite, 0, kInfinite, 0};
  for (const LanguageId id : parts) {
    const Node& part = nodes_[id];
    node.accepts = is_or ? node.accepts || part.accepts : node.accepts && part.accepts;
    node.searched = node.searched || part.searched;
    node.recursive = node.recursive || part.recursive;
    node.text = is_or ? node.text & part.text : node.text | part.text;
    node.hint = is_or ? std::min(node.hint, part.hint) : AddCounts(node.hint, part.hint);
    node.depth = std::max(node.depth, part.depth);
    const auto lower = [is_or](int64_t a, int64_t b) { return is_or ? std::min(a, b) : std::max(a, b); };
    const auto upper = [is_or](int64_t a, int64_t b) { return is_or ? std::max(a, b) : std::min(a, b); };
    length = {lower(length.min_chars, part.length.min_chars), upper(length.max_chars, part.length.max_chars),
              lower(length.min_bytes, part.length.min_bytes), upper(length.max_bytes, part.length.max_bytes)};
  }
  ++node.depth;
}

void Languages::Impl::DescribeRepeat(Node& node) const {
  const Node& a = nodes_[node.a];
  node.accepts = node.lo == 0;
  node.searched = a.searched;
  node.recursive = a.recursive;
  node.text = a.text & 1;
  node.depth = static_cast<uint16_t>(a.depth + 2);
  node.length = {MultiplyCounts(a.length.min_chars, node.lo), MultiplyCounts(a.length.max_chars, node.hi),
                 MultiplyCounts(a.length.min_bytes, node.lo), MultiplyCounts(a.length.max_bytes, node.hi)};
}

}  // namespace atelier
