// SentencePiece's precompiled character map: what some prefixes of a text are to be replaced by.
//
//   blob   u32 trie_bytes | u32 unit[trie_bytes / 4] | replacements, each ended by a NUL
//   unit   of a double array over bytes [darts-clone]: bits 0-7 and 31 label, 8 has_leaf, 9 wide, 10-30 offset;
//          a leaf holds, in bits 0-30, where its replacement begins
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

class Charsmap {
 public:
  // An empty blob maps nothing. A blob whose parts do not fit is an error.
  static Result<Charsmap> Parse(std::string_view blob);

  struct Match {
    size_t size = 0;  // bytes of the prefix
    std::string_view replacement;
  };
  // The longest and the shortest prefix of `text` that the map knows.
  std::optional<Match> Longest(std::string_view text) const { return Find(text, false); }
  std::optional<Match> Shortest(std::string_view text) const { return Find(text, true); }
  bool empty() const { return units_.empty(); }

 private:
  std::optional<Match> Find(std::string_view text, bool first) const;

  std::vector<uint32_t> units_;
  std::string replacements_;
};

}  // namespace atelier
