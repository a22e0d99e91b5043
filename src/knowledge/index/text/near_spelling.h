// Words that are a few typing errors away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

// Distance of one word to many that come in order of their bytes: what two neighbours share is computed once.
// Counts insertions, deletions, changes and swaps of neighbouring characters, each character at most once swapped.
class NearSpelling {
 public:
  // At most `most` (0 to 2) errors are of interest. Of words above 255 bytes nothing is near.
  NearSpelling(std::string_view word, uint32_t most);

  // The distance to `other`, or most + 1 where it is larger. `shared`: bytes it has in common with the one before.
  uint32_t Distance(std::string_view other, size_t shared = 0);

 private:
  using Row = std::vector<uint8_t>;
  bool Extend(std::string_view other, size_t at, size_t num_bytes);
  std::u32string word_;
  uint32_t most_;
  std::vector<Row> rows_;       // [bytes of the other word that are read]; only those between characters are filled
  std::vector<size_t> before_;  // [the same]: where the last character begins
  std::vector<char32_t> last_;  // [the same]: the last character
  size_t depth_ = 0;            // rows up to here are of the word before
  size_t hopeless_ = SIZE_MAX;  // a prefix of this many bytes of it is too far
};

}  // namespace atelier
