// A JSON value [RFC 8259]. Objects keep the order of their members and look keys up by hash when large;
// numbers keep their text, so that nothing is lost between reading and writing; strings are UTF-8.
// Json is a plain value: copies are deep, moves are cheap, one thread at a time may change it.
//
//   TRY(Json body, Json::Parse(text));
//   const Json& model = body["model"];                  // Json() (null) where there is none
//   Json reply = Json::Object({{"id", 7}, {"tags", Json::Array({"a", "b"})}});
//   reply.Set("ok", true);
//   reply.Dump();                                       // {"id":7,"tags":["a","b"],"ok":true}
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace atelier {

struct JsonMember;
struct JsonObject;  // in json.cc

class Json {
 public:
  enum class Type : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  static constexpr int kMaxDepth = 256;  // of arrays and objects within each other, when reading

  Json() = default;
  Json(std::nullptr_t) {}
  template <std::same_as<bool> T>
  Json(T value) : state_(std::in_place_index<1>, value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Json(T value) : state_(std::in_place_index<2>, Number{std::to_string(value)}) {}
  // Written as JavaScript does: 1.0 is 1. What JSON cannot say (NaN, infinity) becomes null.
  Json(double value);
  Json(std::string text) : state_(std::in_place_index<3>, std::move(text)) {}
  Json(std::string_view text) : Json(std::string(text)) {}
  Json(const char* text) : Json(std::string(text)) {}
  template <class T>
  Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}
  template <class T>
    requires std::convertible_to<const T&, Json>
  Json(const std::vector<T>& values) : Json(Array({})) {
    for (const T& value : values) Push(value);
  }
  Json(const Json& other);
  Json(Json&& other) noexcept : state_(std::move(other.state_)) { other.state_ = {}; }
  Json& operator=(Json other) noexcept {
    state_.swap(other.state_);
    return *this;
  }

  static Json Array(std::initializer_list<Json> items = {});
  // Later members of the same key replace earlier ones.
  static Json Object(std::initializer_list<std::pair<std::string_view, Json>> members = {});
  // A number by its text.   REQUIRES: `text` is a number in JSON's grammar.
  static Json NumberOf(std::string text);

  // Reads one document. The error's `where` is "line 3, column 7" (columns in characters, from 1).
  // Refused: anything but one value, duplicate keys, depth above kMaxDepth, NaN, comments, trailing commas,
  // invalid UTF-8, half surrogate pairs, unescaped control characters, a byte order mark.   COST: linear.
  static Result<Json> Parse(std::string_view text);

  Type type() const { return static_cast<Type>(state_.index()); }
  // "null", "a boolean", "a number", "a string", "an array", "an object": for messages.
  std::string_view TypeName() const;
  bool is_null() const { return type() == Type::kNull; }
  bool is_bool() const { return type() == Type::kBool; }
  bool is_number() const { return type() == Type::kNumber; }
  bool is_string() const { return type() == Type::kString; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_object() const { return type() == Type::kObject; }
  // A number written without '.' or exponent.
  bool is_integer() const;

  // REQUIRES: the value is of that type.
  bool AsBool() const { return Want(Type::kBool), *std::get_if<1>(&state_); }
  const std::string& AsString() const { return Want(Type::kString), *std::get_if<3>(&state_); }
  const std::string& NumberText() const { return Want(Type::kNumber), std::get_if<2>(&state_)->text; }
  // Exact or nothing: 5, 5.0 and 5e0 are 5; 5.5, 1e30, what does not fit and what is no number are nothing.
  std::optional<int64_t> AsInt64() const;
  std::optional<uint64_t> AsUint64() const;
  // The nearest double; infinite where the number is too large.   REQUIRES: is_number().
  double AsDouble() const;

  // Items of an array, members of an object; 0 for anything else.
  int64_t size() const;
  bool empty() const { return size() == 0; }

  // REQUIRES: is_array() (and index < size()).
  std::span<const Json> items() const;
  std::span<Json> items();
  template <std::integral T>
  const Json& operator[](T index) const {
    return const_cast<Json*>(this)->Item(static_cast<int64_t>(index));
  }
  template <std::integral T>
  Json& operator[](T index) {
    return Item(static_cast<int64_t>(index));
  }
  // Returns the item added. A null becomes an array first.
  Json& Push(Json value);

  // The members in order.   REQUIRES: is_object().
  std::span<const JsonMember> members() const;
  // The member's value; nothing where there is none, or this is not an object.
  const Json* Find(std::string_view key) const;
  Json* Find(std::string_view key);
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // As Find, but null (the JSON value) where there is none.
  const Json& operator[](std::string_view key) const;
  const Json& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  // Adds a member or replaces its value in place; returns it. A null becomes an object first.
  Json& Set(std::string_view key, Json value);
  // Sets only where the key is not there yet: returns false, changing nothing, where it is.
  bool Add(std::string key, Json value);
  // False where there was none.   COST: linear.
  bool Erase(std::string_view key);

  // How a document is written. The defaults are the compact form.
  struct Style {
    int indent = 0;           // spaces a level; 0: one line. As in Python, indentation drops item_separator's space.
    bool spaces = false;      // ", " and ": " on one line, as Python's json.dumps
    bool ascii_only = false;  // \uXXXX for what is not ASCII
    bool sort_keys = false;   // by code point
  };
  // Valid JSON and UTF-8 always: wrong bytes in strings become U+FFFD.   COST: linear; needs no deep stack.
  std::string Dump() const { return Dump(Style{}); }
  std::string Dump(const Style& style) const;
  // Two spaces a level.
  std::string DumpPretty() const;

  // Same type and value; numbers by value, objects whatever the order of their members.
  bool operator==(const Json& other) const;

 private:
  struct Number {
    std::string text;
  };
  Json& Item(int64_t index);
  struct DeleteObject {
    void operator()(JsonObject* object) const;
  };
  void Want(Type type) const { CHECK_MSG(this->type() == type, TypeName()); }

  std::variant<std::monostate, bool, Number, std::string, std::unique_ptr<std::vector<Json>>,
               std::unique_ptr<JsonObject, DeleteObject>>
      state_;
};

struct JsonMember {
  std::string key;
  Json value;
};

// Appends `text` as a JSON string, quotes included.
void AppendJsonString(std::string& out, std::string_view text, bool ascii_only = false);

}  // namespace atelier
