// Expressions.
#include <algorithm>

#include "base/text/jinja_interp.h"
#include "base/text/utf8.h"

namespace atelier::jinja {

using Kind = Expr::Kind;

namespace {

constexpr int kMaxValueDepth = 600;  // JSON brings at most 256

Error TypeError(std::string what) { return Error::Invalid("", std::move(what)); }

}  // namespace

Result<Value> Interp::Eval(const Expr& expr) {
  const Deeper deeper(*this);
  auto value = CheckDepth().ok() ? EvalKind(expr) : Result<Value>(CheckDepth().error());
  if (!value.ok()) {
    if (value.error().where.empty()) value.error().where = "line " + std::to_string(expr.line);
    return value;
  }
  if (value->depth() > kMaxValueDepth) {
    return Error::TooLarge("line " + std::to_string(expr.line),
                           "got values nested over " + std::to_string(kMaxValueDepth) + " deep, want less");
  }
  return value;
}

Result<Value> Interp::EvalKind(const Expr& expr) {
  TRY_VOID(Step());
  switch (expr.kind) {
    case Kind::kConst: return expr.value;
    case Kind::kName: return Lookup(expr.text);
    case Kind::kTuple:
    case Kind::kList: return EvalItems(expr);
    case Kind::kDict: return EvalDict(expr);
    case Kind::kCondition: return EvalCondition(expr);
    case Kind::kOr:
    case Kind::kAnd:
    case Kind::kNot: return EvalLogic(expr);
    case Kind::kCompare: return EvalCompare(expr);
    case Kind::kConcat: return EvalConcat(expr);
    case Kind::kBinary: return EvalBinary(expr);
    case Kind::kUnary: return EvalUnary(expr);
    case Kind::kGetAttr: {
      TRY(const Value object, Eval(*expr.children[0]));
      return GetAttr(object, expr.text);
    }
    case Kind::kGetItem: return EvalGetItem(expr);
    case Kind::kCall: return EvalCall(expr);
    case Kind::kFilter: return EvalFilter(expr);
    case Kind::kTest: return EvalTest(expr);
    case Kind::kSlice: return TypeError("got a slice among several subscripts, want one subscript");
    case Kind::kNamespace: break;
  }
  return TypeError("got a target of an assignment, want a value");
}

Result<Value> Interp::Lookup(const std::string& name) {
  size_t num_scopes = 0;
  for (Scope* scope = scope_.get(); scope != nullptr; scope = scope->parent.get()) {
    if (++num_scopes % 8 == 0) TRY_VOID(Step());
    if (const Value* value = scope->Find(name)) return *value;
  }
  if (auto global = BuiltinGlobal(name)) return *std::move(global);
  return Value::Undefined("'" + name + "' is undefined");
}

Result<Value> Interp::EvalItems(const Expr& expr) {
  Values items;
  items.reserve(expr.children.size());
  for (const ExprPtr& child : expr.children) {
    TRY(Value item, Eval(*child));
    items.push_back(std::move(item));
  }
  return Value::List(std::move(items), expr.kind == Kind::kTuple ? Value::Kind::kTuple : Value::Kind::kList);
}

Result<Value> Interp::EvalDict(const Expr& expr) {
  auto dict = std::make_shared<Dict>();
  for (size_t i = 0; i + 1 < expr.children.size(); i += 2) {
    TRY(const Value key, Eval(*expr.children[i]));
    TRY(Value value, Eval(*expr.children[i + 1]));
    TRY_VOID(ChargeKey(key));
    if (!IsHashable(key)) return TypeError("unhashable type: '" + std::string(key.TypeName()) + "'");
    dict->Set(key, std::move(value));
  }
  return Value(std::move(dict));
}

Result<Value> Interp::EvalCondition(const Expr& expr) {
  TRY(const Value test, Eval(*expr.children[0]));
  if (Truth(test)) return Eval(*expr.children[1]);
  if (expr.children[2]) return Eval(*expr.children[2]);
  return Value::Undefined("the inline if-expression on line " + std::to_string(expr.line) +
                          " evaluated to false and no else section was defined.");
}

Result<Value> Interp::EvalLogic(const Expr& expr) {
  TRY(Value left, Eval(*expr.children[0]));
  if (expr.kind == Kind::kNot) return Value(!Truth(left));
  if (Truth(left) == (expr.kind == Kind::kOr)) return left;
  return Eval(*expr.children[1]);
}

Result<Value> Interp::EvalCompare(const Expr& expr) {
  TRY(Value left, Eval(*expr.children[0]));
  for (size_t i = 0; i < expr.operators.size(); ++i) {
    TRY(Value right, Eval(*expr.children[i + 1]));
    TRY(const bool holds, CompareOne(expr.operators[i], left, right));
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Result<bool> Interp::CompareOne(const std::string& op, const Value& left, const Value& right) {
  if (op == "==" || op == "!=") {
    TRY(const bool equal, IsEqual(left, right));
    return equal == (op == "==");
  }
  if (op == "in") return Contains(right, left);
  if (op == "not in") {
    TRY(const bool contains, Contains(right, left));
    return !contains;
  }
  TRY(const int order, Order(left, right, op));
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

Result<Value> Interp::EvalConcat(const Expr& expr) {
  std::string text;
  for (const ExprPtr& child : expr.children) {
    TRY(const Value value, Eval(*child));
    TRY(const std::string part, Str(value));
    text += part;
  }
  TRY_VOID(Charge(text.size()));
  return Value(std::move(text));
}

Result<Value> Interp::EvalBinary(const Expr& expr) {
  TRY(const Value left, Eval(*expr.children[0]));
  TRY(const Value right, Eval(*expr.children[1]));
  return Binary(expr.text, left, right);
}

Result<Value> Interp::EvalUnary(const Expr& expr) {
  TRY(const Value operand, Eval(*expr.children[0]));
  if (operand.is_undefined()) return TypeError(operand.text());
  const bool negative = expr.text == "-";
  if (operand.is(Value::Kind::kFloat)) return Value(negative ? -operand.as_double() : operand.as_double());
  if (operand.is_integral()) {
    if (negative && operand.as_int() == INT64_MIN) return TypeError("got -(-2**63), want an integer of 64 bits");
    return Value(negative ? -operand.as_int() : operand.as_int());
  }
  if (operand.is(Value::Kind::kBigInt)) {
    if (!negative) return operand;
    const std::string& digits = operand.text();
    return Value::BigInt(digits[0] == '-' ? digits.substr(1) : "-" + digits);
  }
  return TypeError("bad operand type for unary " + expr.text + ": '" + std::string(operand.TypeName()) + "'");
}

Result<Value> Interp::EvalGetItem(const Expr& expr) {
  TRY(const Value object, Eval(*expr.children[0]));
  const Expr& index = *expr.children[1];
  if (index.kind == Kind::kSlice) return EvalSlice(object, index);
  TRY(const Value key, Eval(index));
  return GetItem(object, key);
}

Result<Value> Interp::EvalSlice(const Value& object, const Expr& slice) {
  std::optional<int64_t> part[3];
  for (size_t i = 0; i < 3; ++i) {
    if (!slice.children[i]) continue;
    TRY(const Value value, Eval(*slice.children[i]));
    if (value.is_none()) continue;
    if (!value.is_integral()) {
      if (value.is_undefined()) return TypeError(value.text());
      return Value::Undefined("slice indices must be integers or None");
    }
    part[i] = value.as_int();
  }
  const int64_t step = part[2].value_or(1);
  if (step == 0) return TypeError("slice step cannot be zero");
  const bool sequence = object.is(Value::Kind::kList) || object.is(Value::Kind::kTuple) || object.is_range();
  if (object.is_undefined()) return TypeError(object.text());
  if (!object.is_string() && !sequence) {
    return Value::Undefined("'" + std::string(object.TypeName()) + "' object cannot be sliced");
  }
  TRY_VOID(ChargeScan(object));
  const int64_t size =
      static_cast<int64_t>(object.is_string() ? CountCodePoints(object.text()) : object.items().size());
  const auto clamp = [&](std::optional<int64_t> at, int64_t low, int64_t high, int64_t otherwise) {
    if (!at) return otherwise;
    return std::clamp(*at < 0 ? (*at < -size ? low : *at + size) : *at, low, high);
  };
  const int64_t start = step > 0 ? clamp(part[0], 0, size, 0) : clamp(part[0], -1, size - 1, size - 1);
  const int64_t stop = step > 0 ? clamp(part[1], 0, size, size) : clamp(part[1], -1, size - 1, -1);
  if (object.is_string()) return SliceText(object, start, stop, step);
  const Values& items = object.items();
  const size_t most =
      static_cast<size_t>(step > 0 ? std::max<int64_t>(0, stop - start) : std::max<int64_t>(0, start - stop));
  TRY_VOID(Step(most / 4));
  TRY_VOID(Charge(most * sizeof(Value)));
  Values picked;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    picked.push_back(items[static_cast<size_t>(i)]);
    if (step > 0 ? step >= stop - i : step <= stop - i) break;
    i += step;
  }
  return Value::List(std::move(picked), object.is_range() ? Value::Kind::kView : object.kind(),
                     object.is_range() ? object.view_name() : "");
}

// Characters start, start + step, … before stop. start and stop lie within the text (or are -1, going back).
Result<Value> Interp::SliceText(const Value& object, int64_t start, int64_t stop, int64_t step) {
  const std::string& text = object.text();
  if (step > 0 ? start >= stop : start <= stop) return Value(std::string(), object.marked());
  TRY_VOID(Charge(text.size()));
  if (step == 1) {
    const size_t begin = CodePointOffset(text, static_cast<size_t>(start));
    const std::string_view rest = std::string_view(text).substr(begin);
    return Value(std::string(rest.substr(0, CodePointOffset(rest, static_cast<size_t>(stop - start)))),
                 object.marked());
  }
  TRY_VOID(Step(text.size() / 8));
  std::vector<size_t> places;  // where each character begins
  for (size_t at = 0; at < text.size(); at += CodePointOffset(std::string_view(text).substr(at, 4), 1)) {
    places.push_back(at);
  }
  places.push_back(text.size());
  std::string out;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    const size_t at = places[static_cast<size_t>(i)];
    out.append(text, at, places[static_cast<size_t>(i) + 1] - at);
    if (step > 0 ? step >= stop - i : step <= stop - i) break;
    i += step;
  }
  return Value(std::move(out), object.marked());
}

Result<Args> Interp::EvalArgs(const struct Call& call) {
  Args args;
  for (const ExprPtr& expr : call.args) {
    TRY(Value value, Eval(*expr));
    args.positional.push_back(std::move(value));
  }
  for (const auto& [name, expr] : call.named) {
    TRY(Value value, Eval(*expr));
    args.named.emplace_back(name, std::move(value));
  }
  if (call.star_args) {
    TRY(const Value more, Eval(*call.star_args));
    TRY(const Values items, Iterate(more));
    args.positional.insert(args.positional.end(), items.begin(), items.end());
  }
  if (call.star_kwargs) {
    TRY(const Value more, Eval(*call.star_kwargs));
    if (!more.is_dict()) return TypeError("argument after ** must be a mapping, not " + std::string(more.TypeName()));
    for (const auto& [key, value] : more.dict().entries) {
      if (!key.is_string()) return TypeError("keywords must be strings");
      args.named.emplace_back(key.text(), value);
    }
  }
  return args;
}

Result<Value> Interp::EvalCall(const Expr& expr) {
  TRY(const Value callee, Eval(*expr.children[0]));
  TRY(const Args args, EvalArgs(expr.call));
  return Call(callee, args);
}

Result<Value> Interp::Call(const Value& callee, const Args& args) {
  if (callee.is_undefined()) return TypeError(callee.text());
  if (callee.is(Value::Kind::kFunction)) return callee.function().call(*this, args);
  if (!callee.is(Value::Kind::kLoop))
    return TypeError("'" + std::string(callee.TypeName()) + "' object is not callable");
  LoopState& loop = callee.loop();
  if (!loop.stmt->recursive) {
    return TypeError("The loop must have the 'recursive' marker to be called recursively.");
  }
  if (args.positional.size() != 1 || !loop.scope) return TypeError("loop: got other arguments, want one iterable");
  std::string text;
  std::string* const saved = std::exchange(out_, &text);
  const std::shared_ptr<Scope> scope = std::exchange(scope_, loop.scope);
  auto flow = ExecFor(*loop.stmt, args.positional[0], loop.nesting + 1);
  scope_ = scope;
  out_ = saved;
  if (!flow.ok()) return std::move(flow).error();
  return Value(std::move(text));
}

Result<Value> Interp::EvalFilter(const Expr& expr) {
  TRY(const Value operand, Eval(*expr.children[0]));
  TRY(const Args args, EvalArgs(expr.call));
  return Filter(expr.text, operand, args);
}

Result<Value> Interp::ApplyFilters(const Expr& filter, Value operand) {
  if (filter.children[0]) {
    TRY(operand, ApplyFilters(*filter.children[0], std::move(operand)));
  }
  TRY(const Args args, EvalArgs(filter.call));
  return Filter(filter.text, operand, args);
}

Result<Value> Interp::Filter(const std::string& name, const Value& operand, const Args& args) {
  TRY_VOID(Step());
  TRY_VOID(ChargeScan(operand));
  auto value = CallBuiltinFilter(*this, name, operand, args);
  if (!value.ok() && value.error().where.empty() && value.error().code.empty()) {
    value.error().what = "filter '" + name + "': " + value.error().what;
  }
  return value;
}

Result<Value> Interp::EvalTest(const Expr& expr) {
  TRY(const Value operand, Eval(*expr.children[0]));
  TRY(const Args args, EvalArgs(expr.call));
  TRY(const bool holds, Test(expr.text, operand, args));
  return Value(holds);
}

Result<bool> Interp::Test(const std::string& name, const Value& operand, const Args& args) {
  TRY_VOID(Step());
  TRY_VOID(ChargeScan(operand));
  return CallBuiltinTest(*this, name, operand, args);
}

}  // namespace atelier::jinja
