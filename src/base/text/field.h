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
  int64_t max_items = std::numeric_limits<int64_t>::max();  // of an array, or bytes of a string
  std::string_view choices;                                 // "low|medium|high"; empty: any
  std::string_view harmless;  // JSON texts, separated by '|', that an unsupported field may have
  Result<void> (*visit)(Walker&, void* object) = nullptr;
  // Of an Inline row: the rows of the member struct that count as the struct's own.
  std::span<const Field> (*inlined)() = nullptr;
  void* (*member)(void* object) = nullptr;

  constexpr Field Required() const {
    return With([](Field& f) { f.required = true; });
  }
  constexpr Field NullIfAbsent() const {
    return With([](Field& f) { f.null_if_absent = true; });
  }
  constexpr Field AtMostItems(int64_t most) const {
    return With([=](Field& f) { f.max_items = most; });
  }
  constexpr Field OneOf(std::string_view names) const {
    return With([=](Field& f) { f.choices = names; });
  }
  constexpr Field UnlessIs(std::string_view json) const {
    return With([=](Field& f) { f.harmless = json; });
  }
  constexpr Field Between(double least, double most) const {
    return With([=](Field& f) { f.low = least, f.high = most; });
  }
  constexpr Field AtLeast(double least) const {
    return With([=](Field& f) { f.low = least; });
  }

 private:
  template <class Change>
  constexpr Field With(Change change) const {
    Field copy = *this;
    change(copy);
    return copy;
  }
};

using Fields = std::span<const Field>;

template <class T>
concept Described = requires {
  { T::Describe() } -> std::same_as<Fields>;
};

}  // namespace atelier
