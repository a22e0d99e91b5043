#include "base/text/jinja_value.h"

#include <algorithm>
#include <cmath>

#include "base/text/jinja_interp.h"
#include "base/text/number_text.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {

using Kind = Value::Kind;

namespace {
constexpr int64_t kMaxWeight = int64_t{1} << 50;
}  // namespace

Value::Value(std::string text, bool markup)
    : kind_(Kind::kString), int_(markup), ref_(std::make_shared<std::string>(std::move(text))) {}

Value Value::Undefined(std::string why) {
  return Value(Kind::kUndefined, std::make_shared<std::string>(std::move(why)));
}

Value Value::BigInt(std::string digits) {
  return Value(Kind::kBigInt, std::make_shared<std::string>(std::move(digits)));
}

Value Value::List(Values items, Kind kind, std::string name) {
  int depth = 0;
  int64_t weight = 1;
  for (const Value& item : items) {
    depth = std::max(depth, item.depth());
    weight = std::min(kMaxWeight, weight + item.weight());
  }
  return Value(kind, std::make_shared<Items>(Items{std::move(items), std::move(name), depth + 1, weight}));
}

Value Value::FromJson(const Json& json) {
  switch (json.type()) {
    case Json::Type::kNull: return None();
    case Json::Type::kBool: return Value(json.AsBool());
    case Json::Type::kNumber: {
      if (!json.is_integer()) return Value(json.AsDouble());
      const auto exact = json.AsInt64();
      return exact ? Value(*exact) : BigInt(json.NumberText());
    }
    case Json::Type::kString: return Value(json.AsString());
    case Json::Type::kArray: {
      Values items;
      items.reserve(static_cast<size_t>(json.size()));
      for (const Json& item : json.items()) items.push_back(FromJson(item));
      return List(std::move(items));
    }
    case Json::Type::kObject: break;
  }
  auto dict = std::make_shared<Dict>();
  for (const JsonMember& member : json.members()) dict->Set(member.key, FromJson(member.value));
  return Value(std::move(dict));
}

double Value::as_double() const {
  if (is(Kind::kFloat)) return float_;
  if (is(Kind::kBigInt)) return ParseDouble(text()).value_or(0);
  return static_cast<double>(int_);
}

const Values& Value::items() const { return items_ref().values; }
const std::string& Value::view_name() const { return items_ref().name; }
Values Value::Take() const { return is(Kind::kIterator) ? std::exchange(items_ref().values, {}) : items(); }

std::string_view Value::TypeName() const {
  static constexpr std::string_view kNames[] = {"Undefined", "NoneType", "bool",      "int",      "int",
                                                "float",     "str",      "list",      "tuple",    "view",
                                                "generator", "dict",     "Namespace", "function", "LoopContext"};
  if (is(Kind::kView)) return is_range() ? std::string_view("range") : view_name();
  return kNames[static_cast<size_t>(kind_)];
}

int Value::depth() const {
  if (is_items()) return items_ref().depth;
  if (is_dict()) return dict().depth;
  if (is(Kind::kFunction)) return function().depth;
  if (is(Kind::kLoop)) return loop().depth;
  return 0;
}

int64_t Value::weight() const {
  if (is_items()) return items_ref().weight;
  if (is_dict()) return dict().weight;
  const bool has_text = is_string() || is(Kind::kBigInt);
  return has_text ? 1 + static_cast<int64_t>(text().size() / 128) : 1;
}

const Value* Dict::Find(const Value& key) const {
  if (!IsHashable(key)) return nullptr;
  if (entries.size() >= kIndexFrom) {
    const auto found = index_.find(KeyText(key));
    return found == index_.end() ? nullptr : &entries[found->second].second;
  }
  for (const auto& [name, value] : entries) {
    if (Equal(name, key)) return &value;
  }
  return nullptr;
}

const Value* Dict::Find(std::string_view key) const {
  if (entries.size() >= kIndexFrom) {
    const auto found = index_.find("s" + std::string(key));
    return found == index_.end() ? nullptr : &entries[found->second].second;
  }
  for (const auto& [name, value] : entries) {
    if (name.is_string() && name.text() == key) return &value;
  }
  return nullptr;
}

void Dict::Set(const Value& key, Value value) {
  depth = std::max({depth, key.depth() + 1, value.depth() + 1});
  weight = std::min(kMaxWeight, weight + key.weight() + value.weight());
  if (const Value* old = Find(key)) {
    *const_cast<Value*>(old) = std::move(value);
    return;
  }
  entries.emplace_back(key, std::move(value));
  if (entries.size() >= kIndexFrom) Index(entries.size() == kIndexFrom ? 0 : entries.size() - 1);
}

void Dict::Index(size_t from) {
  for (size_t i = from; i < entries.size(); ++i) index_[KeyText(entries[i].first)] = i;
}

bool IsHashable(const Value& value) {
  if (value.is(Kind::kTuple)) {
    for (const Value& item : value.items()) {
      if (!IsHashable(item)) return false;
    }
    return true;
  }
  return !value.is(Kind::kList) && !value.is_dict() && !value.is(Kind::kView);
}

std::string KeyText(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined: return "u";
    case Kind::kNone: return "n";
    case Kind::kBool:
    case Kind::kInt: return "i" + std::to_string(value.as_int());
    case Kind::kBigInt: return "i" + value.text();
    case Kind::kFloat: {
      const double number = value.as_double();
      if (std::floor(number) == number && std::abs(number) < 9e18) {
        return "i" + std::to_string(static_cast<int64_t>(number));
      }
      return "f" + DoubleText(number);
    }
    case Kind::kString: return "s" + value.text();
    case Kind::kTuple: {
      std::string text = "t";
      for (const Value& item : value.items()) {
        const std::string part = KeyText(item);
        text += std::to_string(part.size()) + ":" + part;
      }
      return text;
    }
    default: return "o" + std::to_string(reinterpret_cast<uintptr_t>(value.identity()));
  }
}

bool Truth(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kNone: return false;
    case Kind::kBool:
    case Kind::kInt: return value.as_int() != 0;
    case Kind::kFloat: return value.as_double() != 0;
    case Kind::kString: return !value.text().empty();
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kView: return !value.items().empty();
    case Kind::kDict: return !value.dict().entries.empty();
    default: return true;
  }
}

namespace {

bool EqualItems(const Values& a, const Values& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Equal(a[i], b[i])) return false;
  }
  return true;
}

bool EqualDicts(const Dict& a, const Dict& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.Find(key);
    if (other == nullptr || !Equal(value, *other)) return false;
  }
  return true;
}

int Order(double a, double b) { return a < b ? -1 : a > b ? 1 : 0; }

}  // namespace

bool Equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_integral() && b.is_integral()) return a.as_int() == b.as_int();
    if (a.is(Kind::kBigInt) && b.is(Kind::kBigInt)) return a.text() == b.text();
    return a.as_double() == b.as_double();
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kUndefined:
    case Kind::kNone: return true;
    case Kind::kString: return a.text() == b.text();
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kView: return a.identity() == b.identity() || EqualItems(a.items(), b.items());
    case Kind::kDict: return a.identity() == b.identity() || EqualDicts(a.dict(), b.dict());
    default: return a.identity() == b.identity();
  }
}

Result<int> Compare(const Value& a, const Value& b, std::string_view op) {
  if (a.is_undefined() || b.is_undefined()) return Error::Invalid("", a.is_undefined() ? a.text() : b.text());
  if (a.is_number() && b.is_number()) {
    if (a.is_integral() && b.is_integral()) return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int();
    return Order(a.as_double(), b.as_double());
  }
  if (a.is_string() && b.is_string()) return a.text().compare(b.text());
  if (a.kind() == b.kind() && (a.is(Kind::kList) || a.is(Kind::kTuple))) {
    const size_t shorter = std::min(a.items().size(), b.items().size());
    for (size_t i = 0; i < shorter; ++i) {
      if (!Equal(a.items()[i], b.items()[i])) return Compare(a.items()[i], b.items()[i], op);
    }
    return Order(static_cast<double>(a.items().size()), static_cast<double>(b.items().size()));
  }
  return Error::Invalid("", "'" + std::string(op) + "': got '" + std::string(a.TypeName()) + "' and '" +
                                std::string(b.TypeName()) + "', want types that have an order");
}

}  // namespace atelier::jinja
