#include "model/tokenizer/charsmap.h"

#include <bit>
#include <cstring>

namespace atelier {
namespace {

uint32_t OffsetOf(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
uint32_t LabelOf(uint32_t unit) { return unit & ((1u << 31) | 0xFF); }
bool HasLeaf(uint32_t unit) { return ((unit >> 8) & 1) != 0; }
uint32_t ValueOf(uint32_t unit) { return unit & ((1u << 31) - 1); }

}  // namespace

Result<Charsmap> Charsmap::Parse(std::string_view blob) {
  static_assert(std::endian::native == std::endian::little);
  Charsmap map;
  if (blob.empty()) return map;
  uint32_t trie_bytes = 0;
  if (blob.size() < sizeof trie_bytes) {
    return Error::Invalid("precompiled_charsmap", "got " + std::to_string(blob.size()) + " bytes, want at least 4");
  }
  std::memcpy(&trie_bytes, blob.data(), sizeof trie_bytes);
  if (trie_bytes % 4 != 0 || trie_bytes > blob.size() - sizeof trie_bytes) {
    return Error::Invalid("precompiled_charsmap", "trie size: got " + std::to_string(trie_bytes) +
                                                      ", want a multiple of 4 up to " +
                                                      std::to_string(blob.size() - sizeof trie_bytes));
  }
  map.units_.resize(trie_bytes / 4);
  if (trie_bytes > 0) std::memcpy(map.units_.data(), blob.data() + sizeof trie_bytes, trie_bytes);
  map.replacements_ = blob.substr(sizeof trie_bytes + trie_bytes);
  map.replacements_ += '\0';  // whatever begins inside also ends inside
  return map;
}

std::optional<Charsmap::Match> Charsmap::Find(std::string_view text, bool first) const {
  if (units_.empty()) return std::nullopt;
  std::optional<Match> found;
  size_t node = OffsetOf(units_[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) break;
    node ^= byte;
    if (node >= units_.size() || LabelOf(units_[node]) != byte) break;
    const bool leaf = HasLeaf(units_[node]);
    node ^= OffsetOf(units_[node]);
    if (node >= units_.size()) break;
    if (!leaf) continue;
    const size_t begin = ValueOf(units_[node]);
    if (begin >= replacements_.size()) break;
    found = {i + 1, std::string_view(replacements_.c_str() + begin)};
    if (first) break;
  }
  return found;
}

}  // namespace atelier
