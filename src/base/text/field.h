// One row of a description (describe.h): what a field is called, what it is for, what becomes of it.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "base/result.h"

namespace atelier {

class Walker;

enum class Fate : uint8_t {
  kHonoured,
  kIgnored,      // accepted without effect
  kUnsupported,  // known, would change the result, and nothing here can do it
};

struct Field {
  std::string_view key;
  std::string_view sentence;
  Fate fate = Fate::kHonoured;
  bool required = false;
  bool null_if_absent = false;  // writers say null for an empty optional instead of leaving it out
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  int64_t max_items = std::numeric_limits<int64_t>::max();  // of an array or a map
  int64_t max_bytes = std::numeric_limits<int64_t>::max();  // of a string, wherever in the value
  std::string_view choices;                                 // "low|medium|high"; empty: any
  std::string_view harmless;  // JSON texts, separated by '|', that an unsupported field may have
  Result<void> (*visit)(Walker&, void* object) = nullptr;
  // Of an Inline row: the rows of the member struct that count as the struct's own.
  std::span<const Field> (*inlined)() = nullptr;
  void* (*member)(void* object) = nullptr;

  // Each changes a copy. (Not through one helper that takes the change: clang 19 cannot call it in constants.)
  constexpr Field Required() const {
    Field copy = *this;
    copy.required = true;
    return copy;
  }
  constexpr Field NullIfAbsent() const {
    Field copy = *this;
    copy.null_if_absent = true;
    return copy;
  }
  constexpr Field AtMostItems(int64_t most) const {
    Field copy = *this;
    copy.max_items = most;
    return copy;
  }
  constexpr Field AtMostBytes(int64_t most) const {
    Field copy = *this;
    copy.max_bytes = most;
    return copy;
  }
  constexpr Field OneOf(std::string_view names) const {
    Field copy = *this;
    copy.choices = names;
    return copy;
  }
  constexpr Field UnlessIs(std::string_view json) const {
    Field copy = *this;
    copy.harmless = json;
    return copy;
  }
  constexpr Field Between(double least, double most) const {
    Field copy = *this;
    copy.low = least, copy.high = most;
    return copy;
  }
  constexpr Field AtLeast(double least) const {
    Field copy = *this;
    copy.low = least;
    return copy;
  }
};

using Fields = std::span<const Field>;

template <class T>
concept Described = requires {
  { T::Describe() } -> std::same_as<Fields>;
};

}  // namespace atelier
