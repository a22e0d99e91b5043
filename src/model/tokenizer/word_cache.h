// The ids of words seen lately: a table of fixed size, two places a word, the older of which gives way.
// Words up to 24 bytes and 8 ids; longer ones are encoded each time. One thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier {

class WordCache {
 public:
  static constexpr size_t kMaxWordBytes = 24;
  static constexpr size_t kMaxIds = 8;

  // A word as three numbers and its length, which together name it: first 8 bytes, last 8, and the 8 between.
  struct Key {
    uint64_t head = 0, tail = 0, middle = 0;
    uint32_t size = 0;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    uint32_t count = 0;
    int32_t ids[kMaxIds] = {};
  };

  WordCache() : entries_(kPlaces * kWays) {}

  // REQUIRES: 0 < word.size() <= kMaxWordBytes.
  static Key KeyOf(std::string_view word) {
    const char* p = word.data();
    const size_t n = word.size();
    Key key;
    key.size = static_cast<uint32_t>(n);
    if (n >= 8) {
      key.head = Load<uint64_t>(p);
      key.tail = Load<uint64_t>(p + n - 8);
      if (n > 16) key.middle = Load<uint64_t>(p + 8);
    } else if (n >= 4) {
      key.head = Load<uint32_t>(p);
      key.tail = Load<uint32_t>(p + n - 4);
    } else {
      key.head = static_cast<uint8_t>(p[0]) | static_cast<uint64_t>(static_cast<uint8_t>(p[n / 2])) << 8 |
                 static_cast<uint64_t>(static_cast<uint8_t>(p[n - 1])) << 16;
    }
    return key;
  }

  // nullptr where it is not known.
  const Entry* Find(const Key& key) const {
    const Entry* place = &entries_[Place(key)];
    if (place[0].key == key) return &place[0];
    if (place[1].key == key) return &place[1];
    return nullptr;
  }
  // REQUIRES: count <= kMaxIds.
  void Insert(const Key& key, const int32_t* ids, size_t count) {
    Entry* place = &entries_[Place(key)];
    if (place[0].key.size != 0) place[1] = place[0];
    place[0].key = key;
    place[0].count = static_cast<uint32_t>(count);
    std::memcpy(place[0].ids, ids, count * sizeof *ids);
  }

 private:
  static constexpr size_t kPlaces = 8192;  // 1.2 MB with two entries of 72 bytes each
  static constexpr size_t kWays = 2;

  template <class T>
  static T Load(const char* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  static size_t Place(const Key& key) {
    uint64_t hash = (key.head ^ (key.tail << 23 | key.tail >> 41) ^ key.middle * 3 ^ key.size) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    return static_cast<size_t>(hash * 0xBF58476D1CE4E5B9u >> 51) * kWays;
  }

  std::vector<Entry> entries_;
};

}  // namespace atelier
