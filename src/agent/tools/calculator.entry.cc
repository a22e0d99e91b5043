// Counts exactly: rational numbers of any size up to a bound (calculation.h has the grammar).
#include <algorithm>
#include <utility>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/calculation.h"
#include "agent/tools/tool_entry.h"

namespace atelier {
namespace {

constexpr size_t kMaxExactText = 2'000;  // longer than a model reads with profit

struct Options {
  int64_t digits = 20;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Options::digits>("digits", "significant digits of the decimal that is told").Between(1, 50),
    };
    return fields;
  }
};

struct Arguments {
  std::string expression;
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Arguments::expression>("expression", "such as (17/3 + 2.5e3) * 15%, sqrt(2), gcd(48, 36), 2^100")
            .Required()
            .AtMostBytes(static_cast<int64_t>(kMaxExpressionBytes)),
    };
    return fields;
  }
};

ToolOutput Tell(const Calculation& result, int64_t digits) {
  const Rational& value = result.value;
  std::string exact = result.exact ? value.Text() : "";
  if (exact.size() > kMaxExactText) exact.clear();
  std::string decimal = value.Decimal(digits);
  // A decimal that ends is told whole, where that is no long story.
  const auto places = value.DecimalPlaces();
  bool decimal_is_exact = value.is_integer() && !exact.empty();
  if (decimal_is_exact) {
    decimal = exact;
  } else if (result.exact && places && *places <= 100 && value.numerator().num_bits() < 400) {
    const auto whole = static_cast<int64_t>(value.numerator().Text().size());
    decimal = value.Decimal(whole + *places);
    decimal_is_exact = true;
  }
  Json structured = Json::Object({{"decimal", decimal}, {"decimal_is_exact", decimal_is_exact}});
  if (!exact.empty()) structured.Set("exact", exact);
  std::string text = decimal_is_exact ? decimal : "about " + decimal;
  if (!exact.empty() && exact != decimal) text = exact + " = " + text;
  return {.text = std::move(text), .structured = std::move(structured)};
}

// Numbers, operators and names of functions, as they stand in a sentence.
constexpr char kExpression[] =
    R"re(^(?:[-+(]|\d|\.\d|(?:abs|ceil|factorial|floor|gcd|lcm|max|mean|median|min|mod|pow|round|sqrt|sum|trunc)\())re"
    R"re((?:\s|\d|[-+*/^%().,!]|of\b|pi\b|(?:abs|ceil|factorial|floor|gcd|lcm|max|mean|median|min|mod|pow|round|sqrt)re"
    R"re(|sum|trunc)\b)*$)re";

ToolSpec Spec() {
  return {
      .name = "calculator",
      .title = "Calculator",
      .description =
          "Calculates exactly, with fractions and numbers of any size. Knows + - * / % (remainder) ^ ( ), "
          "percentages (15% of 200), n!, pi, e, and abs, ceil, factorial, floor, gcd, lcm, max, mean, median, "
          "min, mod, pow, round, sqrt, sum, trunc.",
      .parameters = JsonSchema<Arguments>(),
      .output_schema = Json::Parse(R"({"type": "object", "required": ["decimal", "decimal_is_exact"], "properties": {
              "exact": {"type": "string", "description": "whole number or fraction; absent if not rational or long"},
              "decimal": {"type": "string"},
              "decimal_is_exact": {"type": "boolean"}}})")
                           .value(),
      .looks = {{"expression", kExpression}},
      .read_only = true,
      .outside = false,
      .timeout = std::chrono::milliseconds(10'000)};
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const Options options, ReadToolOptions<Options>(config));
  auto calculate = [options](const BlockingCall& call, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<Arguments>(json);
    if (!arguments.ok()) return ToolFailure(arguments.error());
    const auto result = Calculate(arguments->expression, [&call] { return call.over(); });
    if (result.ok()) return Tell(*result, options.digits);
    if (result.error().kind == ErrorKind::kTimeout) return result.error();
    return ToolFailure(result.error());
  };
  return AgentTools{MakeBlockingTool(environment, Spec(), std::move(calculate))};
}

}  // namespace

extern const ToolEntry tool_calculator{"calculator", "exact arithmetic: fractions, big numbers, percentages", Make};

}  // namespace atelier
