// What stands after "is".
#include <algorithm>
#include <array>

#include "base/text/jinja_format.h"
#include "base/text/jinja_interp.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;
using TestFn = Result<bool> (*)(Interp&, const Value&, const Args&);

struct TestEntry {
  std::string_view name;
  size_t num_args;
  TestFn fn;
};

Result<bool> Differ(Interp& interp, const Value& a, const Value& b) {
  TRY(const bool equal, interp.IsEqual(a, b));
  return !equal;
}

Result<bool> Ordered(Interp& interp, const Value& a, const Value& b, std::string_view op) {
  TRY(const int order, interp.Order(a, b, op));
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

Result<int64_t> Remainder(Interp& interp, const Value& value, const Value& by) {
  TRY(const Value rest, interp.Binary("%", value, by));
  return rest.is(Kind::kFloat) ? static_cast<int64_t>(rest.as_double() != 0) : rest.is_integral() ? rest.as_int() : 1;
}

// str.isupper and str.islower: at least one cased letter, and none of the other case.
bool AllCased(const std::string& text, bool upper) {
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, at);
    if (upper ? IsUnicodeLower(point.value) : IsUnicodeUpper(point.value)) return false;
    any = any || (upper ? IsUnicodeUpper(point.value) : IsUnicodeLower(point.value));
    at += static_cast<size_t>(std::max(1, point.num_bytes));
  }
  return any;
}

#define TEST_OF(expression)                                                \
  [](Interp& interp, const Value& v, const Args& a) -> Result<bool> {      \
    static_cast<void>(interp), static_cast<void>(v), static_cast<void>(a); \
    return expression;                                                     \
  }

Result<bool> IsStringCase(Interp& interp, const Value& value, bool upper) {
  TRY(const std::string text, interp.Str(value));
  return AllCased(text, upper);
}

Result<bool> IsEven(Interp& interp, const Value& value, bool even) {
  TRY(const int64_t rest, Remainder(interp, value, Value(int64_t{2})));
  return (rest == 0) == even;
}

Result<bool> IsDivisible(Interp& interp, const Value& value, const Args& args) {
  TRY(const int64_t rest, Remainder(interp, value, args.positional[0]));
  return rest == 0;
}

Result<bool> IsNamed(const Value& name, bool (*has)(std::string_view)) { return name.is_string() && has(name.text()); }

bool IsSequence(const Value& v) {
  return v.is_string() || v.is(Kind::kList) || v.is(Kind::kTuple) || v.is_dict() || v.is_undefined() || v.is_range();
}

const TestEntry kTests[] = {
    {"!=", 1, TEST_OF(Differ(interp, v, a.positional[0]))},
    {"<", 1, TEST_OF(Ordered(interp, v, a.positional[0], "<"))},
    {"<=", 1, TEST_OF(Ordered(interp, v, a.positional[0], "<="))},
    {"==", 1, TEST_OF(interp.IsEqual(v, a.positional[0]))},
    {">", 1, TEST_OF(Ordered(interp, v, a.positional[0], ">"))},
    {">=", 1, TEST_OF(Ordered(interp, v, a.positional[0], ">="))},
    {"boolean", 0, TEST_OF(v.is(Kind::kBool))},
    {"callable", 0, TEST_OF(v.is(Kind::kFunction) || v.is(Kind::kLoop))},
    {"defined", 0, TEST_OF(!v.is_undefined())},
    {"divisibleby", 1, TEST_OF(IsDivisible(interp, v, a))},
    {"eq", 1, TEST_OF(interp.IsEqual(v, a.positional[0]))},
    {"equalto", 1, TEST_OF(interp.IsEqual(v, a.positional[0]))},
    {"escaped", 0, TEST_OF(v.is_string() && v.marked())},
    {"even", 0, TEST_OF(IsEven(interp, v, true))},
    {"false", 0, TEST_OF(v.is(Kind::kBool) && !v.as_bool())},
    {"filter", 0, TEST_OF(IsNamed(v, HasFilter))},
    {"float", 0, TEST_OF(v.is(Kind::kFloat))},
    {"ge", 1, TEST_OF(Ordered(interp, v, a.positional[0], ">="))},
    {"greaterthan", 1, TEST_OF(Ordered(interp, v, a.positional[0], ">"))},
    {"gt", 1, TEST_OF(Ordered(interp, v, a.positional[0], ">"))},
    {"in", 1, TEST_OF(interp.Contains(a.positional[0], v))},
    {"integer", 0, TEST_OF(v.is(Kind::kInt) || v.is(Kind::kBigInt))},
    {"iterable", 0, TEST_OF(v.is_string() || v.is_items() || v.is_dict() || v.is_undefined() || v.is(Kind::kLoop))},
    {"le", 1, TEST_OF(Ordered(interp, v, a.positional[0], "<="))},
    {"lessthan", 1, TEST_OF(Ordered(interp, v, a.positional[0], "<"))},
    {"lower", 0, TEST_OF(IsStringCase(interp, v, false))},
    {"lt", 1, TEST_OF(Ordered(interp, v, a.positional[0], "<"))},
    {"mapping", 0, TEST_OF(v.is_dict())},
    {"ne", 1, TEST_OF(Differ(interp, v, a.positional[0]))},
    {"none", 0, TEST_OF(v.is_none())},
    {"number", 0, TEST_OF(v.is_number())},
    {"odd", 0, TEST_OF(IsEven(interp, v, false))},
    {"sameas", 1,
     TEST_OF(v.kind() == a.positional[0].kind() &&
             (v.identity() != nullptr
                  ? v.identity() == a.positional[0].identity() || (v.is_string() && Equal(v, a.positional[0]))
                  : Equal(v, a.positional[0])))},
    {"sequence", 0, TEST_OF(IsSequence(v))},
    {"string", 0, TEST_OF(v.is_string())},
    {"test", 0, TEST_OF(IsNamed(v, HasTest))},
    {"true", 0, TEST_OF(v.is(Kind::kBool) && v.as_bool())},
    {"undefined", 0, TEST_OF(v.is_undefined())},
    {"upper", 0, TEST_OF(IsStringCase(interp, v, true))},
};
#undef TEST_OF

const TestEntry* FindTest(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kTests), std::end(kTests), [&](const auto& entry) { return entry.name == name; });
  return found == std::end(kTests) ? nullptr : found;
}

}  // namespace

bool HasTest(std::string_view name) { return FindTest(name) != nullptr; }

Result<bool> CallBuiltinTest(Interp& interp, std::string_view name, const Value& operand, const Args& args) {
  const TestEntry* test = FindTest(name);
  if (test == nullptr) return Error::Invalid("", "No test named '" + std::string(name) + "'.");
  if (args.positional.size() != test->num_args || !args.named.empty()) {
    return Error::Invalid("", "test '" + std::string(name) + "': got " +
                                  std::to_string(args.positional.size() + args.named.size()) + " arguments, want " +
                                  std::to_string(test->num_args));
  }
  return test->fn(interp, operand, args);
}

}  // namespace atelier::jinja
