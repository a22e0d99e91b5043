#include "engine/grammar/code_points.h"

#include <algorithm>

namespace atelier {
namespace {

constexpr char32_t kLast = 0x10FFFF;
constexpr char32_t kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF;

}  // namespace

CodePointSet::CodePointSet(std::vector<CodePointRange> ranges) {
  std::vector<CodePointRange> split;
  split.reserve(ranges.size() + 1);
  for (CodePointRange range : ranges) {
    range.last = std::min(range.last, kLast);
    if (range.first < kFirstSurrogate && range.first <= range.last) {
      split.push_back({range.first, std::min<char32_t>(range.last, kFirstSurrogate - 1)});
    }
    if (range.last > kLastSurrogate && range.first <= range.last) {
      split.push_back({std::max<char32_t>(range.first, kLastSurrogate + 1), range.last});
    }
  }
  std::sort(split.begin(), split.end());
  for (const CodePointRange& range : split) {
    if (!ranges_.empty() && range.first <= ranges_.back().last + 1) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
}

CodePointSet CodePointSet::All() { return Of(0, kLast); }

CodePointSet CodePointSet::Or(const CodePointSet& other) const {
  std::vector<CodePointRange> ranges = ranges_;
  ranges.insert(ranges.end(), other.ranges_.begin(), other.ranges_.end());
  return CodePointSet(std::move(ranges));
}

CodePointSet CodePointSet::Not() const {
  std::vector<CodePointRange> gaps;
  char32_t next = 0;
  for (const CodePointRange& range : ranges_) {
    if (range.first > next) gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLast) gaps.push_back({next, kLast});
  return CodePointSet(std::move(gaps));
}

bool CodePointSet::Contains(char32_t c) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), c,
                                      [](char32_t value, const CodePointRange& range) { return value < range.first; });
  return after != ranges_.begin() && c <= std::prev(after)->last;
}

}  // namespace atelier
