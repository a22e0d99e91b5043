#include "agent/tools/calculation.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text/describe.h"

namespace atelier {
namespace {

using Value = Calculation;
using Values = std::span<const Value>;

constexpr int kMaxDepth = 200;
constexpr int64_t kMaxFactorial = 3'249;  // the largest with at most 10,000 digits

Result<Value> Exactly(Result<Rational> value, bool exact) {
  if (!value.ok()) return std::move(value).error();
  return Value{*std::move(value), exact};
}

bool AllExact(Values args) { return std::ranges::all_of(args, &Value::exact); }

Result<int64_t> SmallWhole(const Value& value, std::string_view what) {
  const auto small = value.value.is_integer() ? value.value.numerator().AsInt64() : std::nullopt;
  if (!small) {
    return Error::Invalid("", "got " + value.value.Decimal(20) + " as " + std::string(what) + ", want a whole number");
  }
  return *small;
}

Result<Value> Root(const Value& value) {
  if (value.value.negative()) return Error::Invalid("", "got the square root of a negative number, want one from 0 on");
  TRY(RootOf root, SquareRoot(value.value, kApproximateDigits));
  return Value{std::move(root.value), root.exact && value.exact};
}

Result<Value> Power(const Value& base, const Value& exponent) {
  // A half more is a square root more.
  if (exponent.value.denominator() == BigInteger(2)) {
    TRY(const Rational twice, exponent.value.Times(2));
    TRY(const Value root, Root(base));
    return Power(root, {twice, exponent.exact});
  }
  if (!exponent.value.is_integer()) {
    return Error::Invalid("", "got the exponent " + exponent.value.Decimal(20) + ", want a whole number or halves");
  }
  const auto whole = exponent.value.numerator().AsInt64();
  const bool stays = base.value.is_zero() || base.value == Rational(1) || base.value == Rational(-1);
  if (!whole && !stays) return Error::TooLarge("", "the number would have more than 10000 digits, want fewer");
  const bool odd = exponent.value.numerator().is_odd();
  const int64_t sign = exponent.value.negative() ? -1 : 1;
  return Exactly(base.value.Power(whole.value_or(odd ? sign : 2 * sign)), base.exact && exponent.exact);
}

Result<Value> Factorial(const Value& value) {
  TRY(const int64_t n, SmallWhole(value, "what a factorial is of"));
  if (n < 0) return Error::Invalid("", "got the factorial of " + std::to_string(n) + ", want one from 0 on");
  if (n > kMaxFactorial) return Error::TooLarge("", "the number would have more than 10000 digits, want fewer");
  BigInteger product = 1;
  for (int64_t i = 2; i <= n; ++i) product = product * i;
  return Exactly(Rational(product), value.exact);
}

// floor, ceil, round and trunc: of a number, or at so many decimal places.
Result<Value> AtPlaces(Values args, BigInteger (*to_whole)(const Rational&)) {
  int64_t places = 0;
  if (args.size() > 1) {
    TRY(places, SmallWhole(args[1], "the number of places"));
  }
  TRY(const Rational scale, Rational(10).Power(places));
  TRY(const Rational scaled, args[0].value.Times(scale));
  return Exactly(Rational(to_whole(scaled)).Over(scale), AllExact(args));
}
BigInteger Ceil(const Rational& value) { return -(-value).Floor(); }
BigInteger Trunc(const Rational& value) { return value.negative() ? Ceil(value) : value.Floor(); }

Result<Value> Sum(Values args) {
  Rational sum = 0;
  for (const Value& arg : args) {
    TRY(sum, sum.Plus(arg.value));
  }
  return Value{std::move(sum), AllExact(args)};
}
Result<Value> Mean(Values args) {
  TRY(const Value sum, Sum(args));
  return Exactly(sum.value.Over(static_cast<int64_t>(args.size())), sum.exact);
}
Result<Value> Median(Values args) {
  std::vector<Value> sorted(args.begin(), args.end());
  std::ranges::sort(sorted, [](const Value& a, const Value& b) { return a.value < b.value; });
  const size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return Value{sorted[middle].value, AllExact(args)};
  TRY(const Value mean, Mean(std::span(sorted).subspan(middle - 1, 2)));
  return Value{mean.value, AllExact(args)};
}

Result<BigInteger> WholeOf(const Value& value) {
  if (value.value.is_integer()) return value.value.numerator();
  return Error::Invalid("", "got " + value.value.Decimal(20) + ", want whole numbers");
}
Result<Value> CommonDivisor(Values args) {
  BigInteger divisor;
  for (const Value& arg : args) {
    TRY(BigInteger whole, WholeOf(arg));
    divisor = Gcd(std::move(divisor), std::move(whole));
  }
  return Value{Rational(divisor), AllExact(args)};
}
Result<Value> CommonMultiple(Values args) {
  Rational multiple = 1;
  for (const Value& arg : args) {
    TRY(const BigInteger whole, WholeOf(arg));
    if (whole.is_zero()) return Value{0, AllExact(args)};
    const BigInteger divisor = Gcd(multiple.numerator(), whole);
    TRY(multiple, multiple.Times(Rational(whole.negative() ? (-whole).FloorDiv(divisor) : whole.FloorDiv(divisor))));
  }
  return Value{std::move(multiple), AllExact(args)};
}

struct Function {
  std::string_view name;
  size_t least, most;
  Result<Value> (*call)(Values args);
};
constexpr size_t kAny = SIZE_MAX;
bool Less(const Value& a, const Value& b) { return a.value < b.value; }
constexpr Function kFunctions[] = {
    {"abs", 1, 1,
     [](Values a) -> Result<Value> { return a[0].value.negative() ? Value{-a[0].value, a[0].exact} : a[0]; }},
    {"ceil", 1, 2, [](Values a) { return AtPlaces(a, Ceil); }},
    {"factorial", 1, 1, [](Values a) { return Factorial(a[0]); }},
    {"floor", 1, 2, [](Values a) { return AtPlaces(a, [](const Rational& v) { return v.Floor(); }); }},
    {"gcd", 1, kAny, CommonDivisor},
    {"lcm", 1, kAny, CommonMultiple},
    {"max", 1, kAny, [](Values a) -> Result<Value> { return Value{std::ranges::max(a, Less).value, AllExact(a)}; }},
    {"mean", 1, kAny, Mean},
    {"median", 1, kAny, Median},
    {"min", 1, kAny, [](Values a) -> Result<Value> { return Value{std::ranges::min(a, Less).value, AllExact(a)}; }},
    {"mod", 2, 2, [](Values a) { return Exactly(a[0].value.Modulo(a[1].value), AllExact(a)); }},
    {"pow", 2, 2, [](Values a) { return Power(a[0], a[1]); }},
    {"round", 1, 2, [](Values a) { return AtPlaces(a, [](const Rational& v) { return v.Rounded(); }); }},
    {"sqrt", 1, 1, [](Values a) { return Root(a[0]); }},
    {"sum", 1, kAny, Sum},
    {"trunc", 1, 2, [](Values a) { return AtPlaces(a, Trunc); }},
};
constexpr std::pair<std::string_view, std::string_view> kConstants[] = {
    {"pi", "314159265358979323846264338327950288419716939937511"},
    {"e", "271828182845904523536028747135266249775724709369996"},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Reader {
 public:
  Reader(std::string_view text, const std::function<bool()>& over) : text_(text), over_(over) {}

  Result<Value> ReadAll() {
    auto value = ReadSum();
    if (value.ok() && !AtEnd()) value = Unexpected(", want an operator or the end");
    return value;
  }

 private:
  // Past white space.
  bool AtEnd() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
    return at_ >= text_.size();
  }
  bool Take(std::string_view token) {
    if (AtEnd() || !text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (AtEnd() || WordHere() != word) return false;
    at_ += word.size();
    return true;
  }
  std::string_view WordHere() const {
    size_t end = at_;
    while (end < text_.size() && (IsLetter(text_[end]) || (end > at_ && IsDigit(text_[end])))) ++end;
    return text_.substr(at_, end - at_);
  }
  Error At(size_t at, std::string what) const {
    return Error::Invalid("column " + std::to_string(at + 1), std::move(what));
  }
  Error Unexpected(std::string_view want) {
    if (AtEnd()) return At(at_, "got the end" + std::string(want));
    size_t length = std::max<size_t>(1, WordHere().size());
    while (at_ + length < text_.size() && (static_cast<uint8_t>(text_[at_ + length]) & 0xC0) == 0x80) ++length;
    std::string what = "got '" + std::string(text_.substr(at_, std::min<size_t>(length, 40))) + "'" + std::string(want);
    if (text_[at_] == ',') what += "; ',' separates arguments of functions, digits are grouped by '_'";
    return At(at_, std::move(what));
  }
  // The error of an operation, at its place.
  Result<Value> Placed(size_t at, Result<Value> value) const {
    if (over_()) return Error::Timeout("", "the calculation took too long");
    if (value.ok()) return value;
    return std::move(value).error().Under("column " + std::to_string(at + 1));
  }

  Result<Value> ReadSum() {
    if (++depth_ > kMaxDepth) return At(at_, "got brackets deeper than 200, want fewer");
    TRY(Value left, ReadProduct());
    while (true) {
      AtEnd();
      const size_t at = at_;
      const bool minus = Take("-") || Take("−");
      if (!minus && !Take("+")) break;
      TRY(Value right, ReadProduct());
      const bool exact = left.exact && right.exact;
      TRY(left, Placed(at, Exactly(left.value.Plus(minus ? -right.value : right.value), exact)));
    }
    --depth_;
    return left;
  }

  Result<Value> ReadProduct() {
    TRY(Value left, ReadSigned());
    while (true) {
      AtEnd();
      const size_t at = at_;
      const bool divides = Take("/") || Take("÷");
      const bool remains = !divides && Take("%");
      if (!divides && !remains && !Take("*") && !Take("×") && !TakeWord("of")) return left;
      TRY(const Value right, ReadSigned());
      const bool exact = left.exact && right.exact;
      TRY(left, Placed(at, Exactly(divides   ? left.value.Over(right.value)
                                   : remains ? left.value.Modulo(right.value)
                                             : left.value.Times(right.value),
                                   exact)));
    }
  }

  Result<Value> ReadSigned() {
    bool minus = false;
    while (true) {
      if (Take("-") || Take("−")) {
        minus = !minus;
      } else if (!Take("+")) {
        break;
      }
    }
    TRY(Value value, ReadPower());
    if (minus) value.value = -value.value;
    return value;
  }

  Result<Value> ReadPower() {
    TRY(Value base, ReadPostfix());
    AtEnd();
    const size_t at = at_;
    if (!Take("^") && !Take("**")) return base;
    if (++depth_ > kMaxDepth) return At(at_, "got powers deeper than 200, want fewer");
    TRY(const Value exponent, ReadSigned());
    --depth_;
    return Placed(at, Power(base, exponent));
  }

  // Whether a '%' here is a hundredth: nothing follows that it could be the remainder by.
  bool PercentHere() {
    const size_t start = at_;
    if (!Take("%")) return false;
    const bool operand = !AtEnd() && (IsDigit(text_[at_]) || text_[at_] == '.' || text_[at_] == '(' ||
                                      (IsLetter(text_[at_]) && WordHere() != "of"));
    if (operand) at_ = start;
    return !operand;
  }

  Result<Value> ReadPostfix() {
    TRY(Value value, ReadPrimary());
    while (true) {
      AtEnd();
      const size_t at = at_;
      if (PercentHere()) {
        TRY(value, Placed(at, Exactly(value.value.Over(100), value.exact)));
      } else if (Take("!")) {
        TRY(value, Placed(at, Factorial(value)));
      } else {
        return value;
      }
    }
  }

  Result<Value> ReadPrimary() {
    if (AtEnd()) return Unexpected(", want a number");
    if (Take("(")) {
      TRY(Value value, ReadSum());
      if (!Take(")")) return Unexpected(", want ')'");
      return value;
    }
    if (IsDigit(text_[at_]) || text_[at_] == '.') return ReadNumber();
    if (IsLetter(text_[at_])) return ReadName();
    return Unexpected(", want a number");
  }

  std::string ReadDigits() {
    std::string digits;
    while (at_ < text_.size() && (IsDigit(text_[at_]) || (text_[at_] == '_' && !digits.empty()))) {
      if (text_[at_] != '_') digits += text_[at_];
      ++at_;
    }
    return digits;
  }

  Result<Value> ReadNumber() {
    const size_t start = at_;
    std::string digits = ReadDigits();
    int64_t exponent = 0;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      const std::string fraction = ReadDigits();
      digits += fraction;
      exponent = -static_cast<int64_t>(fraction.size());
    }
    if (digits.empty()) return At(start, "got '.', want a number");
    // "2e3" is a number, "2e" is not: no product is meant where no sign of one stands.
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      const bool minus = at_ < text_.size() && text_[at_] == '-';
      if (at_ < text_.size() && (minus || text_[at_] == '+')) ++at_;
      const std::string power = ReadDigits();
      if (power.empty()) return At(start, "got an exponent without digits, want some");
      if (power.size() > 6)
        return Error::TooLarge("column " + std::to_string(start + 1), "the exponent is over 999999");
      exponent += (minus ? -1 : 1) * std::stoll(power);
    }
    TRY(const Value scale, Placed(start, Exactly(Rational(10).Power(exponent), true)));
    return Placed(start, Exactly(Rational(BigInteger::FromDigits(digits)).Times(scale.value), true));
  }

  Result<Value> ReadName() {
    const size_t start = at_;
    const std::string_view name = WordHere();
    at_ += name.size();
    for (const auto& [constant, digits] : kConstants) {
      if (name == constant)
        return Exactly(Rational::Of(BigInteger::FromDigits(digits), BigInteger::PowerOfTen(50)), false);
    }
    const auto function = std::ranges::find(kFunctions, name, &Function::name);
    if (function == std::end(kFunctions)) return Unknown(start, name);
    if (!Take("(")) return Unexpected(", want '(' after '" + std::string(name) + "'");
    std::vector<Value> args;
    do {
      TRY(Value arg, ReadSum());
      args.push_back(std::move(arg));
    } while (Take(","));
    if (!Take(")")) return Unexpected(", want ')' or ','");
    if (args.size() < function->least || args.size() > function->most) return WrongCount(start, *function, args.size());
    return Placed(start, function->call(args));
  }

  Error WrongCount(size_t at, const Function& function, size_t got) const {
    std::string want = std::to_string(function.least);
    if (function.most == kAny) want += " or more";
    if (function.most != kAny && function.most > function.least) want += " or " + std::to_string(function.most);
    return At(at, std::string(function.name) + ": got " + std::to_string(got) + " arguments, want " + want);
  }

  Error Unknown(size_t at, std::string_view name) const {
    std::vector<std::string_view> names;
    std::string all;
    for (const Function& function : kFunctions) {
      names.push_back(function.name);
      all += (all.empty() ? "" : ", ") + std::string(function.name);
    }
    const std::string_view near = name.size() < 20 ? Nearest(name, names) : std::string_view();
    return At(at, "got '" + std::string(name.substr(0, 40)) + "', want a number, pi, e or one of " + all +
                      (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
  }

  const std::string_view text_;
  const std::function<bool()>& over_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Calculation> Calculate(std::string_view expression, const std::function<bool()>& over) {
  if (expression.size() > kMaxExpressionBytes) {
    return Error::TooLarge("expression", "got " + std::to_string(expression.size()) + " bytes, want at most 10000");
  }
  return Reader(expression, over).ReadAll();
}

}  // namespace atelier
