// What each word, as written, stands for: looked up for every word of every text.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "knowledge/index/text/string_table.h"

namespace atelier {

// Values of words. A word of up to 16 bytes, nearly every one, lies in the table's slot: one place of memory to look
// at. REQUIRES of words: not empty, no byte is 0.
class WordMap {
 public:
  size_t memory_bytes() const {
    return short_.slots.capacity() * sizeof(Slot) + long_values_.capacity() * 4 + long_.memory_bytes();
  }

  // A word to be looked up soon: its slot is on the way from memory meanwhile.
  struct Key {
    std::string_view word;
    uint64_t low = 0, high = 0, hash = 0;  // of short words
  };
  Key KeyOf(std::string_view word) const {
    Key key{word};
    if (word.size() > kMaxShort) return key;
    Load(word, key.low, key.high);
    key.hash = HashOf(key.low, key.high);
    __builtin_prefetch(&short_.slots[key.hash & short_.mask]);
    return key;
  }
  // The word's value; that of make() where it is new.
  template <class Make>
  uint32_t ValueOf(const Key& key, Make make) {
    if (key.word.size() > kMaxShort) {
      const uint32_t number = long_.Number(key.word);
      if (number == long_values_.size()) long_values_.push_back(make());
      return long_values_[number];
    }
    for (size_t at = key.hash & short_.mask;; at = (at + 1) & short_.mask) {
      const Slot& slot = short_.slots[at];
      if (slot.low == key.low && slot.high == key.high) return slot.value;
      if (slot.low == 0) break;
    }
    const uint32_t value = make();
    short_.Insert({key.low, key.high, value});
    return value;
  }

 private:
  static constexpr size_t kMaxShort = 16;
  struct Slot {
    uint64_t low = 0, high = 0;  // the word's bytes, then zeros
    uint32_t value = 0;
  };
  static uint64_t HashOf(uint64_t low, uint64_t high) {
    const uint64_t mixed = (low ^ std::rotl(high, 29)) * 0x9E3779B97F4A7C15u;
    return (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93u >> 24;
  }
  static void Load(std::string_view word, uint64_t& low, uint64_t& high) {
    const size_t size = word.size();
    if (size >= 8) {
      std::memcpy(&low, word.data(), 8);
      if (size > 8) {
        std::memcpy(&high, word.data() + size - 8, 8);
        high >>= 8 * (16 - size);
      }
    } else if (size >= 4) {
      uint32_t first, last;
      std::memcpy(&first, word.data(), 4);
      std::memcpy(&last, word.data() + size - 4, 4);
      low = first | static_cast<uint64_t>(last) << (8 * (size - 4));
    } else {
      for (size_t i = 0; i < size; ++i) low |= static_cast<uint64_t>(static_cast<uint8_t>(word[i])) << (8 * i);
    }
  }
  struct Table {
    std::vector<Slot> slots = std::vector<Slot>(64);  // a power of two, at most half full
    size_t mask = 63, size = 0;
    void Insert(const Slot& slot) {
      if (++size * 2 > slots.size()) Grow();
      Put(slot);
    }
    void Put(const Slot& slot) {
      size_t at = HashOf(slot.low, slot.high) & mask;
      while (slots[at].low != 0) at = (at + 1) & mask;
      slots[at] = slot;
    }
    void Grow() {
      std::vector<Slot> old(slots.size() * 2);
      old.swap(slots);
      mask = slots.size() - 1;
      for (const Slot& slot : old) {
        if (slot.low != 0) Put(slot);
      }
    }
  };
  Table short_;
  TermStrings long_;
  std::vector<uint32_t> long_values_;  // [number]
};

}  // namespace atelier
