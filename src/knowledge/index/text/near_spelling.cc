#include "knowledge/index/text/near_spelling.h"

#include <algorithm>

#include "base/text/utf8.h"

namespace atelier {

namespace {

constexpr size_t kMaxBytes = 255;

DecodedCodePoint At(std::string_view text, size_t at) {
  const DecodedCodePoint c = DecodeUtf8(text, at);
  return c.num_bytes > 0 ? c : DecodedCodePoint{0xFFFD, 1};
}

}  // namespace

NearSpelling::NearSpelling(std::string_view word, uint32_t most)
    : most_(most), rows_(kMaxBytes + 1), before_(kMaxBytes + 1), last_(kMaxBytes + 1) {
  word = word.substr(0, std::min(word.size(), kMaxBytes));
  for (size_t at = 0; at < word.size();) {
    const DecodedCodePoint c = At(word, at);
    word_ += c.value;
    at += static_cast<size_t>(c.num_bytes);
  }
  for (Row& row : rows_) row.assign(word_.size() + 1, 0);
  for (size_t i = 0; i <= word_.size(); ++i) rows_[0][i] = static_cast<uint8_t>(i);
}

// Fills the row after the character at `at`; false where all of it is too far.
bool NearSpelling::Extend(std::string_view other, size_t at, size_t num_bytes) {
  const size_t end = at + num_bytes;
  const char32_t c = At(other, at).value;
  before_[end] = at;
  last_[end] = c;
  const Row& above = rows_[at];
  Row& row = rows_[end];
  row[0] = static_cast<uint8_t>(above[0] + 1);
  uint8_t least = row[0];
  for (size_t i = 1; i < row.size(); ++i) {
    int cost = std::min({above[i - 1] + (word_[i - 1] != c), above[i] + 1, row[i - 1] + 1});
    const bool swapped = at > 0 && i > 1 && word_[i - 2] == c && word_[i - 1] == last_[at];
    if (swapped) cost = std::min(cost, rows_[before_[at]][i - 2] + 1);
    row[i] = static_cast<uint8_t>(std::min(cost, 255));
    least = std::min(least, row[i]);
  }
  // A swap reaches back one row: hopeless only where both are too far.
  const uint8_t least_above = *std::min_element(above.begin(), above.end());
  return std::min(least, least_above) <= most_;
}

uint32_t NearSpelling::Distance(std::string_view other, size_t shared) {
  if (other.size() > kMaxBytes) {
    depth_ = 0;
    hopeless_ = SIZE_MAX;
    return most_ + 1;
  }
  if (shared >= hopeless_) return most_ + 1;
  hopeless_ = SIZE_MAX;
  size_t at = std::min(shared, depth_);
  while (at > 0 && at < other.size() && (static_cast<uint8_t>(other[at]) & 0xC0) == 0x80) --at;
  // What lies at `at` must be a place between characters of the rows that are kept.
  size_t row = 0;
  while (row < at) {
    const size_t next = row + static_cast<size_t>(At(other, row).num_bytes);
    if (next > at) break;
    row = next;
  }
  at = row;
  while (at < other.size()) {
    const size_t num_bytes = static_cast<size_t>(At(other, at).num_bytes);
    if (!Extend(other, at, num_bytes)) {
      depth_ = hopeless_ = at + num_bytes;
      return most_ + 1;
    }
    at += num_bytes;
  }
  depth_ = at;
  return std::min<uint32_t>(rows_[at].back(), most_ + 1);
}

}  // namespace atelier
