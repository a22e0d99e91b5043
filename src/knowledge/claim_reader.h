// A model's answer as it comes, cut into claims: its sentences, each with the numbers of the sources that the model
// names behind or within it, "Blocks hold 16 positions. [2]".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

struct WrittenClaim {
  std::string text;              // without the marks
  std::vector<int32_t> sources;  // as the model numbers them, each once
  bool operator==(const WrittenClaim&) const = default;
};

class ClaimReader {
 public:
  // Returns the claims that are whole now: those that another one has begun behind.
  std::vector<WrittenClaim> Add(std::string_view text);
  // The rest.
  std::vector<WrittenClaim> Finish();

 private:
  std::vector<WrittenClaim> Take(size_t num_kept);

  std::string text_;
  size_t num_taken_ = 0;  // claims of text_ that were given
};

// All claims of a text.
std::vector<WrittenClaim> ReadClaims(std::string_view text);

}  // namespace atelier
