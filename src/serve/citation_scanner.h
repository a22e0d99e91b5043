// Finds the numbers in brackets, [1] or [2, 3], in a text that grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace atelier {

struct FoundCitation {
  int64_t number = 0;
  int64_t index = 0;  // of the bracket in the text, in characters (code points)
};

class CitationScanner {
 public:
  // What is new since the last call. `text` begins with that call's text; a bracket that may still close waits.
  std::vector<FoundCitation> Scan(std::string_view text);

 private:
  size_t scanned_ = 0;          // bytes
  int64_t num_characters_ = 0;  // in these
};

}  // namespace atelier
