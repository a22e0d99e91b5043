// One byte further: derivatives, kept in rows over classes of bytes that a state treats alike.
#include <algorithm>

#include "engine/grammar/language_impl.h"

namespace atelier {

using language::ByteClasses;
using language::LessOne;
using language::Node;
using language::NodeKind;
using language::Utf8State;

namespace {

constexpr size_t kRowChunk = 1 << 16;
constexpr int64_t kMaxRowInts = 100'000'000;
constexpr size_t kMaxByteClasses = 1 << 17;  // partitions, 256 bytes and more each

// How well a byte reads in an example.
int Readability(uint8_t byte) {
  if (byte >= 'a' && byte <= 'z') return 5;
  if (byte >= '0' && byte <= '9') return 4;
  if (byte >= 'A' && byte <= 'Z') return 3;
  if (byte > ' ' && byte < 0x7F) return 2;
  return byte == ' ' ? 1 : 0;
}

}  // namespace

LanguageId* Languages::Impl::NewRow(size_t size) {
  if (row_chunks_.empty() || row_chunks_.back().capacity() - row_chunks_.back().size() < size) {
    row_chunks_.emplace_back();
    row_chunks_.back().reserve(kRowChunk);
    row_ints_ += kRowChunk;
    if (row_ints_ > kMaxRowInts) over_budget_ = true;
  }
  auto& chunk = row_chunks_.back();
  chunk.resize(chunk.size() + size, -1);
  return chunk.data() + (chunk.size() - size);
}

LanguageId Languages::Impl::MakeNext(LanguageId state, uint8_t byte) {
  if (rows_[state].next == nullptr) {
    const ByteClasses& classes = ClassesOf(state);
    rows_[state] = {classes.of.data(), NewRow(classes.sample.size())};
  }
  const LanguageId next = Derive(state, byte);
  const language::Row& row = rows_[state];
  row.next[row.classes[byte]] = next;
  return next;
}

LanguageId Languages::Impl::Derive(LanguageId state, uint8_t byte) {
  const Node& node = nodes_[state];
  switch (node.kind) {
    case NodeKind::kNothing:
    case NodeKind::kEmpty: return kNothing;
    case NodeKind::kBranch:
      for (const language::Edge& edge : Edges(node)) {
        if (byte_sets_[edge.bytes][byte]) return edge.to;
      }
      return kNothing;
    case NodeKind::kChars: {
      const auto from = static_cast<Utf8State>(node.a);
      if (from != language::kUtf8Whole) return Chars(node.lo, node.hi, language::NextUtf8State(from, byte));
      if (node.hi == 0) return kNothing;
      return Chars(LessOne(node.lo), LessOne(node.hi), language::NextUtf8State(from, byte));
    }
    case NodeKind::kWords: return DeriveWords(node, byte);
    case NodeKind::kConcat: {
      const LanguageId first = Concat(Next(node.a, byte), node.b);
      return nodes_[node.a].accepts ? Or({first, Next(node.b, byte)}) : first;
    }
    case NodeKind::kOr:
    case NodeKind::kAnd: {
      Ids parts;
      work_ += node.b;
      parts.reserve(static_cast<size_t>(node.b));
      for (int32_t i = 0; i < node.b; ++i) {
        const LanguageId next = Next(parts_[node.a + i], byte);
        if (next != kNothing) {
          parts.push_back(next);
        } else if (node.kind == NodeKind::kAnd) {
          return kNothing;
        }
      }
      return node.kind == NodeKind::kOr ? Or(std::move(parts)) : And(std::move(parts));
    }
    case NodeKind::kComplement: return Complement(Next(node.a, byte));
    case NodeKind::kRepeat: return Concat(Next(node.a, byte), Repeat(node.a, LessOne(node.lo), LessOne(node.hi)));
    case NodeKind::kRecursive: return Next(node.a, byte);
    case NodeKind::kListed: {
      const int32_t next = listed_[node.a]->Next(node.b, byte);
      return next < 0 ? kNothing : Intern({.kind = NodeKind::kListed, .a = node.a, .b = next}, {}, {});
    }
  }
  return kNothing;
}

LanguageId Languages::Impl::DeriveWords(const Node& node, uint8_t byte) {
  const auto& words = words_[node.a].words;
  const auto depth = static_cast<size_t>(node.b);
  // Words of the range agree in their first `depth` bytes and are sorted by the next; one that ends stands first.
  const auto key = [depth](const std::string& word) {
    return word.size() > depth ? static_cast<int>(static_cast<uint8_t>(word[depth])) : -1;
  };
  const auto range = std::ranges::equal_range(words.begin() + node.lo, words.begin() + node.hi + 1, int{byte}, {}, key);
  if (range.empty()) return kNothing;
  return WordRange(node.a, range.begin() - words.begin(), range.end() - words.begin() - 1, node.b + 1);
}

int32_t Languages::Impl::ClassesIndex(LanguageId state) {
  if (class_index_[state] < 0) {
    const int32_t made = MakeClasses(state);
    class_index_[state] = made;
  }
  return class_index_[state];
}

int32_t Languages::Impl::MakeClasses(LanguageId state) {
  const Node& node = nodes_[state];
  switch (node.kind) {
    case NodeKind::kNothing:
    case NodeKind::kEmpty: return InternClasses({});
    case NodeKind::kBranch: {
      std::vector<ByteSet> sets;
      for (const language::Edge& edge : Edges(node)) sets.push_back(byte_sets_[edge.bytes]);
      return ClassesOfSets(sets);
    }
    case NodeKind::kChars: {
      std::array<uint8_t, 256> of{};
      for (int byte = 0; byte < 256; ++byte) {
        const auto next = language::NextUtf8State(static_cast<Utf8State>(node.a), static_cast<uint8_t>(byte));
        of[byte] = static_cast<uint8_t>(next + 1);
      }
      return InternClasses(of);
    }
    case NodeKind::kWords: {
      const auto& words = words_[node.a].words;
      std::array<uint8_t, 256> of{};
      uint8_t next_class = 0;
      for (int64_t i = node.lo; i <= node.hi;) {
        if (words[i].size() == static_cast<size_t>(node.b)) {
          ++i;
          continue;
        }
        const auto byte = static_cast<uint8_t>(words[i][node.b]);
        of[byte] = ++next_class;
        i = std::partition_point(words.begin() + i, words.begin() + node.hi + 1,
                                 [&](const std::string& word) { return static_cast<uint8_t>(word[node.b]) <= byte; }) -
            words.begin();
      }
      return InternClasses(of);
    }
    case NodeKind::kConcat: {
      const int32_t first = ClassesIndex(node.a);
      return nodes_[node.a].accepts ? MeetClasses(first, ClassesIndex(node.b)) : first;
    }
    case NodeKind::kOr:
    case NodeKind::kAnd: {
      int32_t met = ClassesIndex(parts_[node.a]);
      for (int32_t i = 1; i < node.b; ++i) met = MeetClasses(met, ClassesIndex(parts_[node.a + i]));
      return met;
    }
    case NodeKind::kComplement:
    case NodeKind::kRepeat:
    case NodeKind::kRecursive: return ClassesIndex(node.a);
    case NodeKind::kListed: {
      std::array<uint8_t, 256> of{};
      for (uint8_t byte = 1; byte < 0x80; ++byte) of[byte] = byte;
      return InternClasses(of);
    }
  }
  return 0;
}

int32_t Languages::Impl::ClassesOfSets(std::span<const ByteSet> sets) {
  std::array<uint8_t, 256> of{};
  for (size_t i = 0; i < sets.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      if (sets[i][byte]) of[byte] = static_cast<uint8_t>(i + 1);
    }
  }
  return InternClasses(of);
}

int32_t Languages::Impl::MeetClasses(int32_t a, int32_t b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  const uint64_t key = static_cast<uint64_t>(a) << 32 | static_cast<uint32_t>(b);
  if (const auto known = meets_.find(key); known != meets_.end()) return known->second;
  std::array<uint8_t, 256> of{};
  std::unordered_map<int, uint8_t> pairs;
  for (int byte = 0; byte < 256; ++byte) {
    const int pair = classes_[a].of[byte] << 8 | classes_[b].of[byte];
    of[byte] = pairs.try_emplace(pair, static_cast<uint8_t>(pairs.size())).first->second;
  }
  const int32_t met = InternClasses(of);
  meets_.emplace(key, met);
  return met;
}

// Classes in any numbering, of which few occur; kept in the order of their first byte.
int32_t Languages::Impl::InternClasses(const std::array<uint8_t, 256>& of) {
  const auto [numbered, is_new_numbering] = classes_by_numbering_.try_emplace(std::string(of.begin(), of.end()), -1);
  if (is_new_numbering) numbered->second = InternInOrder(of);
  return numbered->second;
}

int32_t Languages::Impl::InternInOrder(const std::array<uint8_t, 256>& of) {
  ByteClasses classes;
  std::array<int, 256> renamed;
  renamed.fill(-1);
  for (int byte = 0; byte < 256; ++byte) {
    int& name = renamed[of[byte]];
    const auto value = static_cast<uint8_t>(byte);
    if (name < 0) {
      name = static_cast<int>(classes.sample.size());
      classes.sample.push_back(value);
      classes.counts.push_back(0);
    }
    classes.of[byte] = static_cast<uint8_t>(name);
    ++classes.counts[name];
    if (Readability(value) > Readability(classes.sample[name])) classes.sample[name] = value;
  }
  const std::string key(classes.of.begin(), classes.of.end());
  const auto [at, is_new] = classes_by_bytes_.emplace(key, static_cast<int32_t>(classes_.size()));
  if (is_new) classes_.push_back(std::move(classes));
  if (classes_.size() > kMaxByteClasses) over_budget_ = true;
  return at->second;
}

}  // namespace atelier
