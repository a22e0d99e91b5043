// The members of a JSON object: a vector in order of arrival and, from kIndexFrom members on, a table
// that finds a key by its hash. The hash is seeded by an address, so that no document can be made
// beforehand whose keys all fall together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/json.h"

namespace atelier {

struct JsonObject {
  static constexpr size_t kIndexFrom = 12;
  static constexpr size_t kNone = static_cast<size_t>(-1);

  std::vector<JsonMember> members;
  std::vector<uint32_t> slots;  // member index + 1, 0 is free; a power of two, at most half full; empty if not needed

  // Index of the member of that key, or kNone.
  size_t Find(std::string_view key) const;
  // Adds without looking whether the key is there.
  Json& Append(std::string key, Json value);
  void EraseAt(size_t index);

 private:
  void Reindex();
  void Insert(size_t index);
};

}  // namespace atelier
