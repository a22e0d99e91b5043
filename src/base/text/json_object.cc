#include "base/text/json_object.h"

#include <cstring>

namespace atelier {
namespace {

uint64_t HashKey(std::string_view key) {
  static const char place = 0;
  uint64_t hash = reinterpret_cast<uintptr_t>(&place) * 0x9E3779B97F4A7C15u ^ key.size();
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
  };
  uint64_t word;
  for (; key.size() >= sizeof word; key.remove_prefix(sizeof word)) {
    std::memcpy(&word, key.data(), sizeof word);
    mix(word);
  }
  word = 0;
  if (!key.empty()) std::memcpy(&word, key.data(), key.size());
  mix(word);
  mix(0);
  return hash;
}

}  // namespace

size_t JsonObject::Find(std::string_view key) const {
  if (slots.empty()) {
    for (size_t i = 0; i < members.size(); ++i) {
      if (members[i].key == key) return i;
    }
    return kNone;
  }
  const size_t mask = slots.size() - 1;
  for (size_t at = HashKey(key) & mask; slots[at] != 0; at = (at + 1) & mask) {
    if (members[slots[at] - 1].key == key) return slots[at] - 1;
  }
  return kNone;
}

Json& JsonObject::Append(std::string key, Json value) {
  CHECK(members.size() < UINT32_MAX);
  members.push_back({std::move(key), std::move(value)});
  if (members.size() >= kIndexFrom) {
    if (slots.size() < 2 * members.size()) {
      Reindex();
    } else {
      Insert(members.size() - 1);
    }
  }
  return members.back().value;
}

void JsonObject::EraseAt(size_t index) {
  members.erase(members.begin() + static_cast<std::ptrdiff_t>(index));
  if (!slots.empty()) Reindex();
}

void JsonObject::Reindex() {
  size_t size = 32;
  while (size < 4 * members.size()) size *= 2;
  slots.assign(size, 0);
  for (size_t i = 0; i < members.size(); ++i) Insert(i);
}

void JsonObject::Insert(size_t index) {
  const size_t mask = slots.size() - 1;
  size_t at = HashKey(members[index].key) & mask;
  while (slots[at] != 0) at = (at + 1) & mask;
  slots[at] = static_cast<uint32_t>(index + 1);
}

}  // namespace atelier
