// Sets of code points, as sorted ranges that neither touch nor overlap.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace atelier {

struct CodePointRange {
  char32_t first, last;
  auto operator<=>(const CodePointRange&) const = default;
};

class CodePointSet {
 public:
  CodePointSet() = default;
  static CodePointSet Of(char32_t first, char32_t last) { return CodePointSet({{first, last}}); }
  // In any order, overlapping or not. Surrogates are left out: no UTF-8 text has them.
  explicit CodePointSet(std::vector<CodePointRange> ranges);
  static CodePointSet All();

  CodePointSet Or(const CodePointSet& other) const;
  CodePointSet And(const CodePointSet& other) const { return Not().Or(other.Not()).Not(); }
  CodePointSet Minus(const CodePointSet& other) const { return Not().Or(other).Not(); }
  CodePointSet Not() const;

  bool Contains(char32_t c) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<CodePointRange>& ranges() const { return ranges_; }
  bool operator==(const CodePointSet&) const = default;

 private:
  std::vector<CodePointRange> ranges_;
};

}  // namespace atelier
