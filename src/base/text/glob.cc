#include "base/text/glob.h"

#include <cstddef>
#include <vector>

namespace atelier {
namespace {

// One element of a pattern: what it matches, and where the next begins.
struct Element {
  enum class Kind { kByte, kAny, kClass, kStar, kStars } kind = Kind::kByte;
  char byte = '\0';
  std::string_view members = {};  // of a class, without brackets
  bool negated = false;
  bool or_nothing = false;  // "**/": with its slash, or nothing at all
};

bool InClass(const Element& e, char c) {
  if (c == '/') return false;
  bool found = false;
  for (size_t i = 0; i < e.members.size(); ++i) {
    const auto byte = static_cast<unsigned char>(c);
    if (i + 2 < e.members.size() && e.members[i + 1] == '-') {
      found |= byte >= static_cast<unsigned char>(e.members[i]) && byte <= static_cast<unsigned char>(e.members[i + 2]);
      i += 2;
    } else {
      found |= e.members[i] == c;
    }
  }
  return found != e.negated;
}

std::vector<Element> Parse(std::string_view pattern) {
  using Kind = Element::Kind;
  std::vector<Element> elements;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' && pattern.substr(i, 2) == "**") {
      while (i + 1 < pattern.size() && pattern[i + 1] == '*') ++i;
      const bool part = i + 1 < pattern.size() && pattern[i + 1] == '/' &&
                        (elements.empty() || (elements.back().kind == Kind::kByte && elements.back().byte == '/'));
      i += part;
      elements.push_back({.kind = Kind::kStars, .or_nothing = part});
    } else if (c == '*') {
      elements.push_back({.kind = Kind::kStar});
    } else if (c == '?') {
      elements.push_back({.kind = Kind::kAny});
    } else if (const size_t close = c == '[' ? pattern.find(']', i + 2) : std::string_view::npos;
               close != std::string_view::npos) {
      const bool negated = pattern[i + 1] == '!' || pattern[i + 1] == '^';
      const size_t from = i + 1 + negated;
      elements.push_back({.kind = Kind::kClass, .members = pattern.substr(from, close - from), .negated = negated});
      i = close;
    } else {
      i += c == '\\' && i + 1 < pattern.size();
      elements.push_back({.kind = Kind::kByte, .byte = pattern[i]});
    }
  }
  return elements;
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view path) {
  using Kind = Element::Kind;
  const std::vector<Element> elements = Parse(pattern);
  // reach[i]: the first i bytes are matched by the elements so far.
  std::vector<char> reach(path.size() + 1, 0);
  reach[0] = 1;
  for (const Element& e : elements) {
    std::vector<char> next(path.size() + 1, 0);
    bool within = false;  // a star that began before goes on
    for (size_t i = 0; i <= path.size(); ++i) {
      if (e.kind == Kind::kStar || e.kind == Kind::kStars) {
        // "**/" ends behind a slash, or where it began.
        if (e.or_nothing) {
          next[i] = reach[i] || (within && path[i - 1] == '/');
          within |= reach[i] != 0;
        } else {
          within |= reach[i] != 0;
          next[i] = within;
          if (e.kind == Kind::kStar && i < path.size() && path[i] == '/') within = false;
        }
      } else if (i > 0 && reach[i - 1]) {
        const char c = path[i - 1];
        next[i] = e.kind == Kind::kByte ? e.byte == c : e.kind == Kind::kAny ? c != '/' : InClass(e, c);
      }
    }
    reach.swap(next);
  }
  return reach[path.size()] != 0;
}

}  // namespace atelier
