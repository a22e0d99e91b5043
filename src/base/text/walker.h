// How readers and writers go through described structs (describe.h) without knowing their types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/text/field.h"
#include "base/text/json.h"

namespace atelier {

// A value that JSON may give bare or as an array: "stop": "x" and "stop": ["x", "y"].
template <class T>
struct OneOrMany {
  std::vector<T> values;
  bool was_one = false;
};

// A std::vector, std::optional or std::map whose element type the walker need not know.
class Container {
 public:
  virtual ~Container() = default;
  virtual int64_t size() const = 0;
  virtual void Clear() = 0;
  // Adds a default element; for a map under `key`.
  virtual void Add(std::string_view key) = 0;
  virtual std::string Name(int64_t index) const = 0;  // "[3]", or a map's key
  virtual Result<void> Visit(Walker& walker, int64_t index) = 0;
};

class Walker {
 public:
  virtual ~Walker() = default;

  virtual Result<void> Bool(bool& value) = 0;
  virtual Result<void> Integer(int64_t& value) = 0;
  virtual Result<void> Number(double& value) = 0;
  virtual Result<void> Text(std::string& value) = 0;
  virtual Result<void> Any(Json& value) = 0;
  virtual Result<void> Object(Fields fields, void* object) = 0;
  virtual Result<void> Array(Container& elements) = 0;
  virtual Result<void> Map(Container& elements) = 0;
  virtual Result<void> Optional(Container& at_most_one) = 0;
  // Sets was_one.
  virtual Result<void> Either(Container& elements, bool& was_one) = 0;
};

// Walks one value of any supported type.
template <class T>
Result<void> WalkValue(Walker& walker, T& value);

namespace describe_internal {

template <class T>
class VectorContainer final : public Container {
 public:
  explicit VectorContainer(std::vector<T>& values) : values_(values) {}
  int64_t size() const override { return static_cast<int64_t>(values_.size()); }
  void Clear() override { values_.clear(); }
  void Add(std::string_view) override { values_.emplace_back(); }
  std::string Name(int64_t index) const override { return "[" + std::to_string(index) + "]"; }
  Result<void> Visit(Walker& walker, int64_t index) override {
    return WalkValue(walker, values_[static_cast<size_t>(index)]);
  }

 private:
  std::vector<T>& values_;
};

template <class T>
class OptionalContainer final : public Container {
 public:
  explicit OptionalContainer(std::optional<T>& value) : value_(value) {}
  int64_t size() const override { return value_ ? 1 : 0; }
  void Clear() override { value_.reset(); }
  void Add(std::string_view) override { value_.emplace(); }
  std::string Name(int64_t) const override { return ""; }
  Result<void> Visit(Walker& walker, int64_t) override { return WalkValue(walker, *value_); }

 private:
  std::optional<T>& value_;
};

template <class T>
class MapContainer final : public Container {
 public:
  explicit MapContainer(std::map<std::string, T>& values) : values_(values), last_(values.end()) {}
  int64_t size() const override { return static_cast<int64_t>(values_.size()); }
  void Clear() override { values_.clear(); }
  void Add(std::string_view key) override { last_ = values_.try_emplace(std::string(key)).first; }
  std::string Name(int64_t index) const override { return At(index)->first; }
  // Index -1 is what was added last, wherever the order of keys has put it.
  Result<void> Visit(Walker& walker, int64_t index) override { return WalkValue(walker, At(index)->second); }

 private:
  typename std::map<std::string, T>::iterator At(int64_t index) const {
    return index < 0 ? last_ : std::next(values_.begin(), index);
  }
  std::map<std::string, T>& values_;
  typename std::map<std::string, T>::iterator last_;
};

template <class T>
struct Shape {
  static constexpr bool kVector = false, kOptional = false, kMap = false, kEither = false;
};
template <class T>
struct Shape<std::vector<T>> : Shape<void> {
  static constexpr bool kVector = true;
};
template <class T>
struct Shape<std::optional<T>> : Shape<void> {
  static constexpr bool kOptional = true;
};
template <class T>
struct Shape<std::map<std::string, T>> : Shape<void> {
  static constexpr bool kMap = true;
};
template <class T>
struct Shape<OneOrMany<T>> : Shape<void> {
  static constexpr bool kEither = true;
};

template <class Struct, class Member>
Struct StructOf(Member Struct::*);

}  // namespace describe_internal

template <class T>
Result<void> WalkValue(Walker& walker, T& value) {
  using Shape = describe_internal::Shape<T>;
  if constexpr (std::is_same_v<T, bool>) {
    return walker.Bool(value);
  } else if constexpr (std::is_integral_v<T>) {
    int64_t wide = static_cast<int64_t>(value);
    TRY_VOID(walker.Integer(wide));
    if (static_cast<int64_t>(static_cast<T>(wide)) != wide) {
      return Error::Invalid("", "got " + std::to_string(wide) + ", want a smaller number");
    }
    value = static_cast<T>(wide);
    return {};
  } else if constexpr (std::is_floating_point_v<T>) {
    double wide = static_cast<double>(value);
    TRY_VOID(walker.Number(wide));
    value = static_cast<T>(wide);
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return walker.Text(value);
  } else if constexpr (std::is_same_v<T, Json>) {
    return walker.Any(value);
  } else if constexpr (Shape::kVector) {
    describe_internal::VectorContainer container(value);
    return walker.Array(container);
  } else if constexpr (Shape::kOptional) {
    describe_internal::OptionalContainer container(value);
    return walker.Optional(container);
  } else if constexpr (Shape::kMap) {
    describe_internal::MapContainer container(value);
    return walker.Map(container);
  } else if constexpr (Shape::kEither) {
    describe_internal::VectorContainer container(value.values);
    return walker.Either(container, value.was_one);
  } else {
    static_assert(Described<T>, "a member's type must be describable");
    return walker.Object(T::Describe(), &value);
  }
}

}  // namespace atelier
