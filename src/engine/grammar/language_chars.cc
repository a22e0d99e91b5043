// Characters and words: classes of code points as branches over the bytes of UTF-8, counted characters, tables of
// words.
#include <algorithm>

#include "base/text/utf8.h"
#include "engine/grammar/language_impl.h"

namespace atelier {

using language::Edge;
using language::kInfinite;
using language::Node;
using language::NodeKind;
using language::Utf8State;

namespace {

constexpr size_t kMaxLiteralNodes = 64;  // longer ones are a table of one word

// The ranges' parts between first and last.
std::vector<CodePointRange> Within(std::span<const CodePointRange> ranges, char32_t first, char32_t last) {
  const auto begin = std::lower_bound(ranges.begin(), ranges.end(), first,
                                      [](const CodePointRange& range, char32_t value) { return range.last < value; });
  std::vector<CodePointRange> within;
  for (auto range = begin; range != ranges.end() && range->first <= last; ++range) {
    within.push_back({std::max(range->first, first), std::min(range->last, last)});
  }
  return within;
}

// Puts byte -> to into edges that have at most one edge to each language.
void AddEdge(std::vector<std::pair<ByteSet, LanguageId>>& edges, uint8_t byte, LanguageId to) {
  if (to == Languages::kNothing) return;
  for (auto& [bytes, known] : edges) {
    if (known == to) {
      bytes.set(byte);
      return;
    }
  }
  edges.emplace_back(ByteSet().set(byte), to);
}

}  // namespace

LanguageId Languages::Impl::Branch(std::vector<Edge> edges) {
  if (edges.empty()) return kNothing;
  std::ranges::sort(edges, {}, [](const Edge& edge) { return std::pair(edge.to, edge.bytes); });
  return Intern({.kind = NodeKind::kBranch}, {}, edges);
}

LanguageId Languages::Impl::Bytes(const ByteSet& bytes) {
  if (bytes.none()) return kNothing;
  return Branch({{InternBytes(bytes), kEmpty}});
}

// Characters whose last num_bytes bytes count up from `base`: what follows the bytes that they have in common.
LanguageId Languages::Impl::CharTail(int num_bytes, char32_t base, std::span<const CodePointRange> ranges) {
  if (ranges.empty()) return kNothing;
  if (num_bytes == 0) return kEmpty;
  const char32_t size = 1U << (6 * num_bytes);
  if (ranges.size() == 1 && ranges[0].first == base && ranges[0].last == base + size - 1) {
    return Chars(0, 0, static_cast<Utf8State>(num_bytes));
  }
  std::vector<std::pair<ByteSet, LanguageId>> sets;
  for (uint8_t index = 0; index < 64; ++index) {
    const char32_t first = base + index * (size / 64);
    AddEdge(sets, 0x80 | index, CharTail(num_bytes - 1, first, Within(ranges, first, first + size / 64 - 1)));
  }
  std::vector<Edge> edges;
  for (const auto& [bytes, to] : sets) edges.push_back({InternBytes(bytes), to});
  return Branch(std::move(edges));
}

LanguageId Languages::Impl::OneOf(const CodePointSet& set) {
  if (set == CodePointSet::All()) return Chars(1, 1);
  if (const auto known = one_of_.find(set.ranges()); known != one_of_.end()) return known->second;
  std::vector<std::pair<ByteSet, LanguageId>> sets;
  for (const CodePointRange& range : Within(set.ranges(), 0, 0x7F)) {
    for (char32_t c = range.first; c <= range.last; ++c) AddEdge(sets, static_cast<uint8_t>(c), kEmpty);
  }
  const auto add = [&](int lead, int num_bytes, char32_t base, char32_t first, char32_t last) {
    const auto within =
        Within(set.ranges(), std::max(base, first), std::min<char32_t>(base + (1U << (6 * num_bytes)) - 1, last));
    AddEdge(sets, static_cast<uint8_t>(lead), CharTail(num_bytes, base, within));
  };
  for (int lead = 0xC2; lead <= 0xDF; ++lead) add(lead, 1, (lead & 0x1FU) << 6, 0x80, 0x7FF);
  for (int lead = 0xE0; lead <= 0xEF; ++lead) add(lead, 2, (lead & 0xFU) << 12, 0x800, 0xFFFF);
  for (int lead = 0xF0; lead <= 0xF4; ++lead) add(lead, 3, (lead & 0x7U) << 18, 0x10000, 0x10FFFF);
  std::vector<Edge> edges;
  for (const auto& [bytes, to] : sets) edges.push_back({InternBytes(bytes), to});
  return one_of_[set.ranges()] = Branch(std::move(edges));
}

LanguageId Languages::Impl::Listed(std::unique_ptr<ListedLanguage> language) {
  listed_.push_back(std::move(language));
  return Intern({.kind = NodeKind::kListed, .a = static_cast<int32_t>(listed_.size()) - 1, .b = ListedLanguage::kStart},
                {}, {});
}

LanguageId Languages::Impl::Chars(int64_t min, int64_t max, Utf8State state) {
  if (min > max || state == language::kUtf8Broken) return kNothing;
  if (max == 0 && state == language::kUtf8Whole) return kEmpty;
  return Intern({.kind = NodeKind::kChars, .a = state, .lo = min, .hi = max}, {}, {});
}

LanguageId Languages::Impl::Literal(std::string_view bytes) {
  if (bytes.size() > kMaxLiteralNodes) return Words({std::string(bytes)});
  std::vector<LanguageId> chars;
  for (size_t i = 0; i < bytes.size();) {
    // A byte that begins no character stands for itself.
    const auto size = std::max<size_t>(1, static_cast<size_t>(DecodeUtf8(bytes, i).num_bytes));
    LanguageId character = kEmpty;
    for (size_t at = i + size; at-- > i;) {
      character = Branch({{InternBytes(ByteSet().set(static_cast<uint8_t>(bytes[at]))), character}});
    }
    chars.push_back(character);
    i += size;
  }
  LanguageId literal = kEmpty;
  for (size_t i = chars.size(); i-- > 0;) literal = Concat(chars[i], literal);
  return literal;
}

LanguageId Languages::Impl::Words(std::vector<std::string> words) {
  if (words.size() == 1 && words[0].size() <= kMaxLiteralNodes) return Literal(words[0]);
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (words.empty()) return kNothing;
  size_t hash = words.size();
  for (const std::string& word : words) hash = hash * 31 + std::hash<std::string>()(word);
  const auto last = static_cast<int64_t>(words.size() - 1);
  for (auto [at, end] = words_by_hash_.equal_range(hash); at != end; ++at) {
    if (words_[at->second].words == words) return WordRange(at->second, 0, last, 0);
  }
  WordTable table{.is_text = true, .length = {kInfinite, 0, kInfinite, 0}};
  for (const std::string& word : words) {
    const auto bytes = static_cast<int64_t>(word.size());
    const auto chars = std::ranges::count_if(word, [](char c) { return (c & 0xC0) != 0x80; });
    table.is_text = table.is_text && IsValidUtf8(word);
    table.length = {std::min(table.length.min_chars, chars), std::max(table.length.max_chars, chars),
                    std::min(table.length.min_bytes, bytes), std::max(table.length.max_bytes, bytes)};
  }
  table.words = std::move(words);
  words_.push_back(std::move(table));
  const auto index = static_cast<int32_t>(words_.size() - 1);
  words_by_hash_.emplace(hash, index);
  return WordRange(index, 0, last, 0);
}

Languages::WordList Languages::Impl::AsWords(LanguageId state) const {
  const Node& node = nodes_[state];
  if (node.kind != NodeKind::kWords) return {};
  const auto first = static_cast<size_t>(node.lo);
  const auto num = static_cast<size_t>(node.hi) - first + 1;
  return {std::span(words_[node.a].words).subspan(first, num), static_cast<size_t>(node.b)};
}

LanguageId Languages::Impl::WordRange(int32_t table_index, int64_t first, int64_t last, int32_t depth) {
  const WordTable& table = words_[table_index];
  const std::string& word = table.words[first];
  if (first == last && word.size() == static_cast<size_t>(depth)) return kEmpty;
  if (first == last && word.size() - depth <= kMaxLiteralNodes) return Literal(std::string_view(word).substr(depth));
  Node node{.kind = NodeKind::kWords, .a = table_index, .b = depth, .lo = first, .hi = last};
  node.accepts = word.size() == static_cast<size_t>(depth);
  if (table.is_text) {
    auto state = language::kUtf8Whole;
    // The character that depth cuts begins at most three bytes before.
    int32_t begin = depth;
    while (begin > 0 && depth - begin < 3 && (static_cast<uint8_t>(word[begin - 1]) & 0xC0) == 0x80) --begin;
    if (begin > 0 && static_cast<uint8_t>(word[begin - 1]) >= 0xC0) --begin;
    for (int32_t i = begin; i < depth; ++i) state = language::NextUtf8State(state, static_cast<uint8_t>(word[i]));
    if (state != language::kUtf8Broken) node.text = static_cast<uint8_t>(1U << state);
  }
  node.length.min_chars = std::max<int64_t>(0, table.length.min_chars - depth);
  node.length.max_chars = table.length.max_chars;
  node.length.min_bytes = node.accepts ? 0 : std::max<int64_t>(1, table.length.min_bytes - depth);
  node.length.max_bytes = table.length.max_bytes - depth;
  node.hint = first == last ? static_cast<int64_t>(word.size()) - depth : node.length.min_bytes;
  return Intern(node, {}, {});
}

}  // namespace atelier
