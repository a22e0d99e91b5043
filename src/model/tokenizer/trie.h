// A trie over bytes in one hash table: (node, byte) → node.   COST: one probe a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace atelier {

class ByteTrie {
 public:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = ~uint32_t{0};

  ByteTrie() : values_{-1} { Rehash(64); }

  // Later values of the same text replace earlier ones.   REQUIRES: value >= 0.
  void Insert(std::string_view text, int32_t value) {
    uint32_t node = kRoot;
    for (const char c : text) node = ChildOrNew(node, static_cast<uint8_t>(c));
    values_[node] = value;
  }
  // kNone where no text goes on so.
  uint32_t Child(uint32_t node, uint8_t byte) const {
    const uint64_t key = Key(node, byte);
    for (size_t slot = Hash(key);; slot = (slot + 1) & mask_) {
      if (slots_[slot].key == key) return slots_[slot].child;
      if (slots_[slot].key == kFree) return kNone;
    }
  }
  // -1 where no text ends.
  int32_t Value(uint32_t node) const { return values_[node]; }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  struct Slot {
    uint64_t key;
    uint32_t child;
  };
  static uint64_t Key(uint32_t node, uint8_t byte) { return (uint64_t{node} << 8) | byte; }
  size_t Hash(uint64_t key) const { return static_cast<size_t>((key * 0x9E3779B97F4A7C15u) >> 20) & mask_; }

  uint32_t ChildOrNew(uint32_t node, uint8_t byte) {
    const uint32_t child = Child(node, byte);
    if (child != kNone) return child;
    if (values_.size() * 2 > slots_.size()) Rehash(slots_.size() * 2);
    const auto made = static_cast<uint32_t>(values_.size());
    values_.push_back(-1);
    Place(Key(node, byte), made);
    return made;
  }
  void Place(uint64_t key, uint32_t child) {
    size_t slot = Hash(key);
    while (slots_[slot].key != kFree) slot = (slot + 1) & mask_;
    slots_[slot] = {key, child};
  }
  void Rehash(size_t size) {
    std::vector<Slot> old(size, {kFree, kNone});
    old.swap(slots_);
    mask_ = size - 1;
    for (const Slot& slot : old) {
      if (slot.key != kFree) Place(slot.key, slot.child);
    }
  }

  std::vector<Slot> slots_;
  size_t mask_ = 0;
  std::vector<int32_t> values_;  // by node
};

}  // namespace atelier
