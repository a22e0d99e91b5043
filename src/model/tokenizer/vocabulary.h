// The pieces of a vocabulary and their ids, by spelling.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

// Finds strings by hash: a table of ids over strings that lie elsewhere.   COST: 8 to 16 bytes a string.
class StringIndex {
 public:
  // `strings` must stay where they are. Empty ones are left out; of equal ones the last counts.
  void Build(const std::vector<std::string>& strings);
  // -1 where there is none.
  int32_t Find(std::string_view text) const;

 private:
  const std::vector<std::string>* strings_ = nullptr;
  std::vector<int32_t> slots_;  // id or -1; a power of two, at most half full
};

class Vocabulary {
 public:
  explicit Vocabulary(std::vector<std::string> pieces);
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  int32_t size() const { return static_cast<int32_t>(pieces_.size()); }
  // REQUIRES: 0 <= id < size().
  const std::string& Spelling(int32_t id) const { return pieces_[static_cast<size_t>(id)]; }
  int32_t Find(std::string_view spelling) const { return index_.Find(spelling); }
  // The id of <0xNN>, or -1.
  int32_t FindByte(uint8_t byte) const;

 private:
  std::vector<std::string> pieces_;
  StringIndex index_;
};

// The bytes that a spelling in GPT-2's byte alphabet stands for; nothing where a character stands for none.
std::optional<std::string> BytesOfByteChars(std::string_view spelling);
// The byte that "<0x0A>" stands for; -1 for any other spelling.
int ByteOfSpelling(std::string_view spelling);

}  // namespace atelier
