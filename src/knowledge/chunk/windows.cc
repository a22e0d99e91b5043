#include "knowledge/chunk/windows.h"

#include <algorithm>

namespace atelier {
namespace {

bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Back to where a word begins or ends, if there is such a place after `least`.
int64_t WordBorder(std::string_view text, int64_t at, int64_t least) {
  if (at >= static_cast<int64_t>(text.size()) || IsAsciiSpace(text[static_cast<size_t>(at)])) return at;
  for (int64_t border = at; border > least; --border) {
    if (IsAsciiSpace(text[static_cast<size_t>(border - 1)])) return border;
  }
  return at;
}

}  // namespace

std::vector<TextSpan> Windows(const Measure& measure, const ChunkLimits& limits, WindowBorders borders) {
  const std::string_view text = measure.text();
  std::vector<TextSpan> windows;
  TextSpan rest = measure.Trimmed({0, static_cast<int64_t>(text.size())});
  int64_t done = 0;  // the end of the window before
  while (!rest.empty()) {
    int64_t end = measure.Reach(rest, limits.limit);
    if (end <= done) {  // the overlap left no room
      rest = measure.Trimmed({done, rest.end});
      continue;
    }
    const int64_t middle = rest.begin + (end - rest.begin) / 2;
    if (borders == WindowBorders::kWords) end = WordBorder(text, end, std::max(middle, done));
    const TextSpan window = measure.Trimmed({rest.begin, end});
    if (window.end <= done) {  // all that is new is white space
      rest = measure.Trimmed({end, rest.end});
      continue;
    }
    windows.push_back(window);
    done = end;
    if (measure.Trimmed({end, rest.end}).empty()) break;
    int64_t begin = measure.ReachBack({rest.begin + 1, end}, limits.overlap);
    while (borders == WindowBorders::kWords && begin < end && !IsAsciiSpace(text[static_cast<size_t>(begin - 1)]))
      ++begin;
    rest = measure.Trimmed({begin, rest.end});
  }
  return windows;
}

}  // namespace atelier
