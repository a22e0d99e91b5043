// Strings numbered in order of first sight.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

class TermStrings {
 public:
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  std::string_view operator[](uint32_t number) const {
    return {bytes_.data() + entries_[number].offset, entries_[number].size};
  }
  size_t memory_bytes() const {
    return bytes_.capacity() + entries_.capacity() * sizeof(Entry) + slots_.capacity() * 8;
  }

  // The number of a string; size() before the call if it is new.
  uint32_t Number(std::string_view text) {
    if (entries_.size() * 2 >= slots_.size()) Grow();
    const uint64_t hash = Hash(text);
    const uint32_t tag = static_cast<uint32_t>(hash >> 32);
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      Slot& slot = slots_[at];
      if (slot.number == kNone) {
        slot = {tag, size()};
        entries_.push_back({bytes_.size(), static_cast<uint32_t>(text.size()), hash});
        bytes_ += text;
        return slot.number;
      }
      if (slot.tag == tag && (*this)[slot.number] == text) return slot.number;
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Slot {
    uint32_t tag = 0;
    uint32_t number = kNone;
  };
  struct Entry {
    size_t offset;
    uint32_t size;
    uint64_t hash;
  };

  static uint64_t Mix(uint64_t a, uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static uint64_t Hash(std::string_view text) {
    uint64_t hash = text.size() * 0x9E3779B97F4A7C15u;
    size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      uint64_t word;
      std::memcpy(&word, text.data() + at, 8);
      hash = Mix(hash ^ word, 0xA0761D6478BD642Fu);
    }
    uint64_t rest = 0;
    for (; at < text.size(); ++at) rest = rest << 8 | static_cast<uint8_t>(text[at]);
    return Mix(hash ^ rest, 0xE7037ED1A0B428DBu);
  }
  void Grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, {});
    mask_ = slots_.size() - 1;
    for (uint32_t number = 0; number < entries_.size(); ++number) {
      const uint64_t hash = entries_[number].hash;
      size_t at = hash & mask_;
      while (slots_[at].number != kNone) at = (at + 1) & mask_;
      slots_[at] = {static_cast<uint32_t>(hash >> 32), number};
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t mask_ = 0;
  std::vector<Entry> entries_;
  std::string bytes_;
};

}  // namespace atelier
