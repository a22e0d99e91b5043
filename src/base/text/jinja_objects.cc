// What values do: attributes, subscripts, iteration, operators.
#include <algorithm>
#include <cmath>

#include "base/text/jinja_format.h"
#include "base/text/jinja_interp.h"
#include "base/text/utf8.h"

namespace atelier::jinja {

using Kind = Value::Kind;

namespace {

constexpr size_t kBytesPerCharacter = 96;  // of a text that becomes a list of texts

Error TypeError(std::string what) { return Error::Invalid("", std::move(what)); }

std::string HasNo(const Value& object, const std::string& name) {
  const std::string type = object.is_none() ? "None" : "'" + std::string(object.TypeName()) + " object'";
  return type + " has no attribute '" + name + "'";
}

// The item of a sequence, string or dict; nothing where Python's obj[key] raises.
std::optional<Value> Subscript(const Value& object, const Value& key) {
  if (object.is_dict()) {
    const Value* value = object.dict().Find(key);
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
  }
  if (!key.is_integral()) return std::nullopt;
  int64_t index = key.as_int();
  if (object.is_string()) {
    const std::string& text = object.text();
    if (index < 0) index += static_cast<int64_t>(CountCodePoints(text));
    if (index < 0) return std::nullopt;
    const size_t at = CodePointOffset(text, static_cast<size_t>(index));
    if (at >= text.size()) return std::nullopt;
    return Value(text.substr(at, CodePointOffset(std::string_view(text).substr(at), 1)), object.marked());
  }
  const bool sequence = object.is(Kind::kList) || object.is(Kind::kTuple) || object.is_range();
  if (!sequence) return std::nullopt;
  const int64_t size = static_cast<int64_t>(object.items().size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  return object.items()[static_cast<size_t>(index)];
}

// Python attributes that jinja2's sandbox hides: those that change a list or dict, and dunders.
bool IsUnsafe(const Value& object, std::string_view name) {
  static constexpr std::string_view kList[] = {"append", "clear", "pop",    "reverse",
                                               "insert", "sort",  "extend", "remove"};
  static constexpr std::string_view kDict[] = {"clear", "pop", "popitem", "setdefault", "update"};
  if (name == "__class__" || name == "__init__" || name == "__doc__" || name == "__eq__" || name == "__len__")
    return true;
  const auto has = [&](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  return (object.is(Kind::kList) && has(kList)) || (object.is_dict() && has(kDict));
}

// What getattr(object, name) gives in Python.
std::optional<Value> PythonAttr(const Value& object, const std::string& name) {
  if (object.is(Kind::kNamespace)) {
    const Value* value = object.dict().Find(name);
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
  }
  if (IsUnsafe(object, name)) {
    return Value::Undefined("access to attribute '" + name + "' of '" + std::string(object.TypeName()) +
                            "' object is unsafe.");
  }
  if (object.is(Kind::kFunction)) {
    const auto& attributes = object.function().attributes;
    const Value* value = attributes ? attributes->Find(name) : nullptr;
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
  }
  return MethodOf(object, name);
}

}  // namespace

Result<Value> Interp::GetAttr(const Value& object, const std::string& name) {
  if (object.is_undefined()) return TypeError(object.text());
  if (object.is(Kind::kLoop)) return LoopAttr(object.loop(), name);
  if (auto value = PythonAttr(object, name)) return *std::move(value);
  if (object.is_dict()) {
    if (const Value* value = object.dict().Find(name)) return *value;
  }
  return Value::Undefined(HasNo(object, name));
}

Result<Value> Interp::GetItem(const Value& object, const Value& key) {
  if (object.is_undefined()) return TypeError(object.text());
  TRY_VOID(object.is_dict() ? ChargeKey(key) : ChargeScan(object));
  if (auto value = Subscript(object, key)) return *std::move(value);
  if (!key.is_string())
    return Value::Undefined("'" + std::string(object.TypeName()) + " object' has no element " + ShortRepr(key));
  if (object.is(Kind::kLoop)) return LoopAttr(object.loop(), key.text());
  if (auto value = PythonAttr(object, key.text())) return *std::move(value);
  return Value::Undefined(HasNo(object, key.text()));
}

Result<Value> Interp::LoopAttr(LoopState& loop, const std::string& name) {
  if (name == "index0") return Value(loop.index0);
  if (name == "index") return Value(loop.index0 + 1);
  if (name == "first") return Value(loop.index0 == 0);
  if (name == "depth") return Value(loop.nesting + 1);
  if (name == "depth0") return Value(loop.nesting);
  if (name == "previtem") {
    return loop.index0 > 0 && loop.previous ? *loop.previous : Value::Undefined("there is no previous item");
  }
  if (name == "last" || name == "nextitem") {
    TRY_VOID(LookAhead(loop, 1));
    if (name == "last") return Value(loop.ahead.empty());
    return loop.ahead.empty() ? Value::Undefined("there is no next item") : loop.ahead.front();
  }
  if (name == "length" || name == "revindex" || name == "revindex0") {
    TRY_VOID(LookAhead(loop, SIZE_MAX));
    const int64_t after = static_cast<int64_t>(loop.ahead.size());
    return Value(name == "length" ? loop.index0 + 1 + after : name == "revindex" ? after + 1 : after);
  }
  if (name != "cycle" && name != "changed")
    return Value::Undefined("'LoopContext object' has no attribute '" + name + "'");
  auto function = std::make_shared<Function>();
  function->name = name;
  function->depth = loop.depth + 1;
  function->call = [state = loop.shared_from_this(), name](Interp& interp, const Args& args) -> Result<Value> {
    LoopState& loop = *state;
    if (name == "cycle") {
      if (args.positional.empty()) return TypeError("no items for cycling given");
      return args.positional[static_cast<size_t>(loop.index0) % args.positional.size()];
    }
    bool same = loop.last_changed && loop.last_changed->size() == args.positional.size();
    for (size_t i = 0; same && i < args.positional.size(); ++i) {
      TRY(same, interp.IsEqual(args.positional[i], (*loop.last_changed)[i]));
    }
    if (!same) loop.last_changed = args.positional;
    return Value(!same);
  };
  return Value(std::move(function));
}

Result<std::string> Interp::Str(const Value& value) {
  std::string text;
  if (!AppendStr(text, value, limits_.max_text_bytes))
    return TypeError("got a text that is too long or too deep, want a smaller one");
  TRY_VOID(Charge(text.size()));
  TRY_VOID(Step(text.size() / 256));
  return text;
}

Result<Values> Interp::Iterate(const Value& value) {
  Values items;
  switch (value.kind()) {
    case Kind::kUndefined: return items;
    case Kind::kString: {
      const std::string_view text = value.text();
      TRY_VOID(Step(text.size() / 4));
      TRY_VOID(Charge(CountCodePoints(text) * kBytesPerCharacter));
      for (size_t at = 0; at < text.size();) {
        const size_t next = at + CodePointOffset(text.substr(at, 4), 1);
        items.emplace_back(std::string(text.substr(at, next - at)), value.marked());
        at = next;
      }
      break;
    }
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kView:
    case Kind::kIterator: items = value.Take(); break;
    case Kind::kDict:
      for (const auto& entry : value.dict().entries) items.push_back(entry.first);
      break;
    default: return TypeError("'" + std::string(value.TypeName()) + "' object is not iterable");
  }
  TRY_VOID(Step(items.size() / 4));
  TRY_VOID(Charge(items.size() * sizeof(Value)));
  return items;
}

Result<bool> Interp::Contains(const Value& container, const Value& item) {
  if (container.is_string()) {
    if (item.is_undefined()) return TypeError("'in <string>' requires string as left operand, not Undefined");
    if (!item.is_string()) {
      return TypeError("'in <string>' requires string as left operand, not " + std::string(item.TypeName()));
    }
    TRY_VOID(ChargeSearch(container.text().size(), item.text().size()));
    return container.text().find(item.text()) != std::string::npos;
  }
  if (container.is_dict()) {
    TRY_VOID(ChargeKey(item));
    if (!IsHashable(item)) return TypeError("unhashable type: '" + std::string(item.TypeName()) + "'");
    return container.dict().Find(item) != nullptr;
  }
  if (container.is(Kind::kNone) || container.is_number() || container.is(Kind::kFunction) ||
      container.is(Kind::kNamespace)) {
    return TypeError("argument of type '" + std::string(container.TypeName()) + "' is not iterable");
  }
  TRY(const Values items, Iterate(container));
  for (const Value& other : items) {
    TRY(const bool equal, IsEqual(item, other));
    if (equal) return true;
  }
  return false;
}

Value Interp::NewNamespace(std::shared_ptr<Dict> attributes) {
  namespaces_.push_back(attributes);
  return Value(std::move(attributes), Kind::kNamespace);
}

namespace {

Error NoOperation(std::string_view op, const Value& left, const Value& right) {
  return TypeError("unsupported operand type(s) for " + std::string(op) + ": '" + std::string(left.TypeName()) +
                   "' and '" + std::string(right.TypeName()) + "'");
}

Result<Value> FloatBinary(std::string_view op, double a, double b) {
  if (op == "+") return Value(a + b);
  if (op == "-") return Value(a - b);
  if (op == "*") return Value(a * b);
  if (op == "**") return Value(std::pow(a, b));
  if (b == 0) return TypeError("division by zero");
  if (op == "/") return Value(a / b);
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (op == "%") return Value(rest == 0 ? std::copysign(0.0, b) : rest);
  return Value(std::floor((a - rest) / b + 0.5));
}

Result<Value> IntPower(int64_t base, int64_t exponent) {
  if (exponent < 0) return FloatBinary("**", static_cast<double>(base), static_cast<double>(exponent));
  int64_t result = 1;
  for (; exponent > 0; --exponent) {
    if (base == 0 || base == 1) return Value(base);
    if (base == -1) return Value(exponent % 2 == 0 ? result : -result);
    if (__builtin_mul_overflow(result, base, &result))
      return TypeError("got a power beyond 64 bits, want a smaller one");
  }
  return Value(result);
}

Result<Value> IntBinary(std::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (op == "**") return IntPower(a, b);
  if (op == "+") overflow = __builtin_add_overflow(a, b, &result);
  if (op == "-") overflow = __builtin_sub_overflow(a, b, &result);
  if (op == "*") overflow = __builtin_mul_overflow(a, b, &result);
  if (op == "/" || op == "//" || op == "%") {
    if (b == 0) return TypeError("division by zero");
    if (op == "/") return Value(static_cast<double>(a) / static_cast<double>(b));
    overflow = a == INT64_MIN && b == -1;
    if (!overflow) {
      result = a / b;
      int64_t rest = a % b;
      if (rest != 0 && (rest < 0) != (b < 0)) rest += b, --result;
      if (op == "%") result = rest;
    }
  }
  if (overflow) return TypeError("got an integer beyond 64 bits, want a smaller one");
  return Value(result);
}

}  // namespace

Result<Value> Interp::Binary(std::string_view op, const Value& left, const Value& right) {
  if (left.is_undefined()) return TypeError(left.text());
  if (right.is_undefined() && !(op == "%" && left.is_string())) return TypeError(right.text());
  if (left.is_number() && right.is_number()) {
    if (left.is_integral() && right.is_integral()) return IntBinary(op, left.as_int(), right.as_int());
    return FloatBinary(op, left.as_double(), right.as_double());
  }
  if (op == "%" && left.is_string()) {
    TRY(std::string text, PercentFormat(*this, left.text(), right));
    return Value(std::move(text), left.marked());
  }
  if (op == "+" && left.is_string() && right.is_string()) {
    TRY_VOID(Charge(left.text().size() + right.text().size()));
    if (left.marked() == right.marked()) return Value(left.text() + right.text(), left.marked());
    return Value(left.marked() ? left.text() + HtmlEscape(right.text()) : HtmlEscape(left.text()) + right.text(), true);
  }
  const bool lists = left.kind() == right.kind() && (left.is(Kind::kList) || left.is(Kind::kTuple));
  if (op == "+" && lists) {
    TRY(Values items, Iterate(left));
    TRY(const Values more, Iterate(right));
    items.insert(items.end(), more.begin(), more.end());
    return Value::List(std::move(items), left.kind());
  }
  if (op == "*" && (left.is_integral() || right.is_integral())) {
    const Value& sequence = left.is_integral() ? right : left;
    const size_t times = static_cast<size_t>(std::max<int64_t>(0, (left.is_integral() ? left : right).as_int()));
    if (sequence.is_string()) {
      size_t bytes = 0;
      if (__builtin_mul_overflow(times, sequence.text().size(), &bytes)) bytes = SIZE_MAX;
      TRY_VOID(Charge(bytes));
      std::string text;
      for (size_t i = 0; i < times && !sequence.text().empty(); ++i) text += sequence.text();
      return Value(std::move(text), sequence.marked());
    }
    if (sequence.is(Kind::kList) || sequence.is(Kind::kTuple)) {
      size_t bytes = 0;
      if (__builtin_mul_overflow(times, sequence.items().size() * sizeof(Value), &bytes)) bytes = SIZE_MAX;
      TRY_VOID(Charge(bytes));
      Values items;
      for (size_t i = 0; i < times && !sequence.items().empty(); ++i) {
        items.insert(items.end(), sequence.items().begin(), sequence.items().end());
      }
      return Value::List(std::move(items), sequence.kind());
    }
  }
  return NoOperation(op, left, right);
}

}  // namespace atelier::jinja
