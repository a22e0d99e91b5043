#include "base/text/json.h"

#include <charconv>
#include <cmath>

#include "base/text/decimal.h"
#include "base/text/json_object.h"
#include "base/text/number_text.h"

namespace atelier {
namespace {

const Json& NullJson() {
  static const Json null;
  return null;
}

bool IsIntegerText(std::string_view text) { return text.find_first_of(".eE") == std::string_view::npos; }

template <class T>
std::optional<T> ExactInteger(std::string_view text) {
  T value = 0;
  std::string plain;
  if (!IsIntegerText(text) || text.starts_with("-0")) {
    const auto decimal = Decimal::Parse(text);
    if (!decimal || decimal->exponent() < 0 || decimal->exponent() > 20) return std::nullopt;
    plain = (decimal->negative() ? "-" : "") + decimal->digits();
    plain.append(static_cast<size_t>(decimal->exponent()), '0');
    text = decimal->is_zero() ? std::string_view("0") : std::string_view(plain);
  }
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool SameNumber(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto x = Decimal::Parse(a), y = Decimal::Parse(b);
  return x && y && *x == *y;
}

}  // namespace

Json::Json(double value) {
  if (!std::isfinite(value)) return;
  std::string text = DoubleText(value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  state_.emplace<2>(Number{std::move(text)});
}

Json::Json(const Json& other) {
  switch (other.type()) {
    case Type::kNull: break;
    case Type::kBool: state_.emplace<1>(std::get<1>(other.state_)); break;
    case Type::kNumber: state_.emplace<2>(std::get<2>(other.state_)); break;
    case Type::kString: state_.emplace<3>(std::get<3>(other.state_)); break;
    case Type::kArray: state_.emplace<4>(std::make_unique<std::vector<Json>>(*std::get<4>(other.state_))); break;
    case Type::kObject: state_.emplace<5>(new JsonObject(*std::get<5>(other.state_))); break;
  }
}

void Json::DeleteObject::operator()(JsonObject* object) const { delete object; }

Json Json::Array(std::initializer_list<Json> items) {
  Json array;
  array.state_.emplace<4>(std::make_unique<std::vector<Json>>(items));
  return array;
}

Json Json::Object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json object;
  object.state_.emplace<5>(new JsonObject);
  for (const auto& [key, value] : members) object.Set(key, value);
  return object;
}

Json Json::NumberOf(std::string text) {
  Json number;
  number.state_.emplace<2>(Number{std::move(text)});
  return number;
}

std::string_view Json::TypeName() const {
  static constexpr std::string_view kNames[] = {"null", "a boolean", "a number", "a string", "an array", "an object"};
  return kNames[state_.index()];
}

bool Json::is_integer() const { return is_number() && IsIntegerText(NumberText()); }

std::optional<int64_t> Json::AsInt64() const {
  return is_number() ? ExactInteger<int64_t>(NumberText()) : std::nullopt;
}
std::optional<uint64_t> Json::AsUint64() const {
  return is_number() ? ExactInteger<uint64_t>(NumberText()) : std::nullopt;
}
double Json::AsDouble() const { return ParseDouble(NumberText()).value_or(0); }

int64_t Json::size() const {
  if (is_array()) return static_cast<int64_t>(std::get<4>(state_)->size());
  if (is_object()) return static_cast<int64_t>(std::get<5>(state_)->members.size());
  return 0;
}

std::span<const Json> Json::items() const { return Want(Type::kArray), *std::get<4>(state_); }
std::span<Json> Json::items() { return Want(Type::kArray), *std::get<4>(state_); }

Json& Json::Item(int64_t index) {
  Want(Type::kArray);
  std::vector<Json>& items = *std::get<4>(state_);
  CHECK(index >= 0 && static_cast<size_t>(index) < items.size());
  return items[static_cast<size_t>(index)];
}

Json& Json::Push(Json value) {
  if (is_null()) *this = Array();
  Want(Type::kArray);
  return std::get<4>(state_)->emplace_back(std::move(value));
}

std::span<const JsonMember> Json::members() const { return Want(Type::kObject), std::get<5>(state_)->members; }

const Json* Json::Find(std::string_view key) const { return const_cast<Json*>(this)->Find(key); }
Json* Json::Find(std::string_view key) {
  if (!is_object()) return nullptr;
  JsonObject& object = *std::get<5>(state_);
  const size_t index = object.Find(key);
  return index == JsonObject::kNone ? nullptr : &object.members[index].value;
}

const Json& Json::operator[](std::string_view key) const {
  const Json* value = Find(key);
  return value == nullptr ? NullJson() : *value;
}

Json& Json::Set(std::string_view key, Json value) {
  if (is_null()) *this = Object();
  Want(Type::kObject);
  JsonObject& object = *std::get<5>(state_);
  const size_t index = object.Find(key);
  if (index == JsonObject::kNone) return object.Append(std::string(key), std::move(value));
  return object.members[index].value = std::move(value);
}

bool Json::Add(std::string key, Json value) {
  if (is_null()) *this = Object();
  Want(Type::kObject);
  JsonObject& object = *std::get<5>(state_);
  if (object.Find(key) != JsonObject::kNone) return false;
  object.Append(std::move(key), std::move(value));
  return true;
}

bool Json::Erase(std::string_view key) {
  if (!is_object()) return false;
  JsonObject& object = *std::get<5>(state_);
  const size_t index = object.Find(key);
  if (index == JsonObject::kNone) return false;
  object.EraseAt(index);
  return true;
}

bool Json::operator==(const Json& other) const {
  if (type() != other.type() || size() != other.size()) return false;
  switch (type()) {
    case Type::kNull: return true;
    case Type::kBool: return AsBool() == other.AsBool();
    case Type::kNumber: return SameNumber(NumberText(), other.NumberText());
    case Type::kString: return AsString() == other.AsString();
    case Type::kArray: return *std::get<4>(state_) == *std::get<4>(other.state_);
    case Type::kObject: break;
  }
  for (const JsonMember& member : members()) {
    const Json* value = other.Find(member.key);
    if (value == nullptr || !(*value == member.value)) return false;
  }
  return true;
}

}  // namespace atelier
