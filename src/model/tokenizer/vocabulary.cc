#include "model/tokenizer/vocabulary.h"

#include <cstdio>
#include <functional>
#include <utility>

#include "model/tokenizer/unicode.h"

namespace atelier {

void StringIndex::Build(const std::vector<std::string>& strings) {
  strings_ = &strings;
  size_t size = 16;
  while (size < strings.size() * 2) size *= 2;
  slots_.assign(size, -1);
  for (size_t id = 0; id < strings.size(); ++id) {
    if (strings[id].empty()) continue;
    size_t slot = std::hash<std::string_view>()(strings[id]) & (size - 1);
    while (slots_[slot] >= 0 && strings[static_cast<size_t>(slots_[slot])] != strings[id])
      slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<int32_t>(id);
  }
}

int32_t StringIndex::Find(std::string_view text) const {
  if (slots_.empty()) return -1;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = std::hash<std::string_view>()(text) & mask;; slot = (slot + 1) & mask) {
    const int32_t id = slots_[slot];
    if (id < 0 || (*strings_)[static_cast<size_t>(id)] == text) return id;
  }
}

Vocabulary::Vocabulary(std::vector<std::string> pieces) : pieces_(std::move(pieces)) { index_.Build(pieces_); }

int32_t Vocabulary::FindByte(uint8_t byte) const {
  char spelling[8];
  std::snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
  return Find(spelling);
}

std::optional<std::string> BytesOfByteChars(std::string_view spelling) {
  std::string bytes;
  const char* end = spelling.data() + spelling.size();
  for (const char* p = spelling.data(); p < end;) {
    const Utf8Char c = DecodeChar(p, end);
    const int byte = c.valid ? CharToByte(c.code) : -1;
    if (byte < 0) return std::nullopt;
    bytes += static_cast<char>(byte);
    p += c.size;
  }
  return bytes;
}

int ByteOfSpelling(std::string_view spelling) {
  if (spelling.size() != 6 || !spelling.starts_with("<0x") || spelling[5] != '>') return -1;
  int value = 0;
  for (const char c : spelling.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace atelier
