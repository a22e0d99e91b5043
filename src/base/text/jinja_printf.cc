// Python's two ways of formatting: "%05.1f" % x and "{:>5}".format(x).  [Python library reference, "printf-style String
// Formatting" and "Format Specification Mini-Language"]
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text/jinja_format.h"
#include "base/text/jinja_interp.h"
#include "base/text/number_text.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

constexpr int64_t kMaxWidth = 1 << 16;

Error Bad(std::string what) { return Error::Invalid("", std::move(what)); }

struct Spec {
  std::string fill = " ";
  char align = '\0';  // < > ^ =
  char sign = '-';
  bool alternate = false;
  char grouping = '\0';
  int64_t width = 0;
  int64_t precision = -1;
  char type = '\0';
};

std::string Pad(std::string text, const Spec& spec, char default_align) {
  const int64_t missing = spec.width - static_cast<int64_t>(CountCodePoints(text));
  if (missing <= 0) return text;
  const char align = spec.align == '\0' ? default_align : spec.align;
  const int64_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  std::string out;
  size_t sign = 0;
  if (align == '=') {
    sign = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ') ? 1 : 0;
    out = text.substr(0, sign);
  }
  for (int64_t i = 0; i < left; ++i) out += spec.fill;
  out += text.substr(sign);
  for (int64_t i = left; i < missing; ++i) out += spec.fill;
  return out;
}

std::string Group(std::string digits, char separator) {
  const size_t end = std::min(digits.find_first_of(".e"), digits.size());
  for (size_t i = end; i > 3; i -= 3) digits.insert(i - 3, 1, separator);
  return digits;
}

std::string WithSign(std::string digits, bool negative, const Spec& spec) {
  if (spec.grouping != '\0') digits = Group(std::move(digits), spec.grouping);
  if (negative) return "-" + digits;
  return spec.sign == '-' ? digits : std::string(1, spec.sign) + digits;
}

std::string IntText(int64_t value, const Spec& spec) {
  const uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const int base = spec.type == 'x' || spec.type == 'X' ? 16 : spec.type == 'o' ? 8 : spec.type == 'b' ? 2 : 10;
  // By name: g++ 12 with -fsanitize=undefined computes the index of (a ? "x" : "y")[rest % base] in one branch alone.
  const char* const alphabet = spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string digits;
  for (uint64_t rest = magnitude; rest > 0 || digits.empty(); rest /= static_cast<uint64_t>(base)) {
    digits += alphabet[rest % static_cast<uint64_t>(base)];
  }
  std::reverse(digits.begin(), digits.end());
  if (spec.alternate && base != 10) digits = std::string("0") + spec.type + digits;
  return WithSign(std::move(digits), value < 0, spec);
}

std::string FloatText(double value, const Spec& spec) {
  const char type = spec.type == '\0' ? 'g' : spec.type == '%' ? 'f' : spec.type;
  if (spec.type == '%') value *= 100;
  std::string text;
  if (spec.type == '\0' && spec.precision < 0) {
    text = DoubleText(std::abs(value));
  } else {
    const int precision = static_cast<int>(std::min<int64_t>(spec.precision < 0 ? 6 : spec.precision, 400));
    const char format[] = {'%', '.', '*', type, '\0'};
    char buffer[800];
    std::snprintf(buffer, sizeof buffer, format, precision, std::abs(value));
    text = buffer;
  }
  if (spec.type == '%') text += '%';
  return WithSign(std::move(text), std::signbit(value) && !std::isnan(value), spec);
}

Result<Spec> ParseSpec(std::string_view text) {
  Spec spec;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  const size_t first = CodePointOffset(text, 1);
  if (first < text.size() && is_align(text[first])) {
    spec.fill = text.substr(0, first);
    spec.align = text[first];
    text.remove_prefix(first + 1);
  } else if (!text.empty() && is_align(text[0])) {
    spec.align = text[0];
    text.remove_prefix(1);
  }
  const auto take = [&](std::string_view any) {
    const bool has = !text.empty() && any.find(text[0]) != std::string_view::npos;
    const char c = has ? text[0] : '\0';
    if (has) text.remove_prefix(1);
    return c;
  };
  const auto number = [&]() {
    int64_t value = 0;
    while (char c = take("0123456789")) value = std::min(value * 10 + (c - '0'), kMaxWidth + 1);
    return value;
  };
  if (const char sign = take("+- ")) spec.sign = sign;
  spec.alternate = take("#") != '\0';
  if (take("0") != '\0' && spec.align == '\0') spec.fill = "0", spec.align = '=';
  spec.width = number();
  spec.grouping = take(",_");
  if (take(".") != '\0') spec.precision = number();
  spec.type = take("bcdeEfFgGnosxX%");
  if (!text.empty()) return Bad("Invalid format specifier");
  if (spec.width > kMaxWidth || spec.precision > kMaxWidth) return Bad("got a width above 65536, want a smaller one");
  return spec;
}

Result<std::string> FormatValue(Interp& interp, const Value& value, std::string_view spec_text) {
  if (spec_text.empty()) return interp.Str(value);
  TRY(const Spec spec, ParseSpec(spec_text));
  const bool float_type = spec.type != '\0' && std::string_view("eEfFgGn%").find(spec.type) != std::string_view::npos;
  if (value.is_number() && spec.type != 's' && (value.is(Kind::kFloat) || float_type)) {
    if (value.is(Kind::kFloat) && spec.type != '\0' && !float_type)
      return Bad("Unknown format code for object of type 'float'");
    return Pad(FloatText(value.as_double(), spec), spec, '>');
  }
  if (value.is_integral() && spec.type != 's') {
    if (spec.type == 'c') return Pad(EncodeUtf8(static_cast<char32_t>(value.as_int())), spec, '<');
    if (value.is(Kind::kBool) && spec.type == '\0') return Pad(value.as_bool() ? "True" : "False", spec, '<');
    return Pad(IntText(value.as_int(), spec), spec, '>');
  }
  if (!value.is_string())
    return Bad("unsupported format string passed to " + std::string(value.TypeName()) + ".__format__");
  if (spec.type != '\0' && spec.type != 's') return Bad("Unknown format code for object of type 'str'");
  std::string text = value.text();
  if (spec.precision >= 0) text.resize(CodePointOffset(text, static_cast<size_t>(spec.precision)));
  return Pad(std::move(text), spec, '<');
}

// "0.name[key]" in str.format.
Result<Value> Field(Interp& interp, std::string_view path, const Args& args, size_t& automatic) {
  const size_t end = std::min(path.find_first_of(".["), path.size());
  const std::string head(path.substr(0, end));
  Value value;
  if (head.find_first_not_of("0123456789") == std::string::npos) {
    if (head.size() > 6) return Bad("Too many decimal digits in format string");
    const size_t index = head.empty() ? automatic++ : std::stoul(head);
    if (index >= args.positional.size())
      return Bad("Replacement index " + std::to_string(index) + " out of range for positional args tuple");
    value = args.positional[index];
  } else {
    const auto found =
        std::find_if(args.named.begin(), args.named.end(), [&](const auto& pair) { return pair.first == head; });
    if (found == args.named.end()) return Bad("KeyError: '" + head + "'");
    value = found->second;
  }
  for (path.remove_prefix(end); !path.empty();) {
    const bool item = path[0] == '[';
    const size_t stop = std::min(item ? path.find(']') : path.find_first_of(".[", 1), path.size());
    const std::string name(path.substr(1, stop - 1));
    const bool number =
        item && !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
    TRY(value, number ? interp.GetItem(value, Value(static_cast<int64_t>(std::stoll(name))))
               : item ? interp.GetItem(value, Value(name))
                      : interp.GetAttr(value, name));
    path.remove_prefix(std::min(path.size(), item ? stop + 1 : stop));
  }
  return value;
}

}  // namespace

Result<std::string> BraceFormat(Interp& interp, std::string_view format, const Args& args) {
  std::string out;
  size_t automatic = 0;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c != '{' && c != '}') {
      out += c;
      continue;
    }
    if (i + 1 < format.size() && format[i + 1] == c) {
      out += format[i++];
      continue;
    }
    if (c == '}') return Bad("Single '}' encountered in format string");
    const size_t end = format.find('}', i);
    if (end == std::string_view::npos) return Bad("expected '}' before end of string");
    std::string_view field = format.substr(i + 1, end - i - 1);
    const size_t colon = std::min(field.find(':'), field.size());
    const std::string_view spec = field.substr(std::min(colon + 1, field.size()));
    field = field.substr(0, colon);
    const size_t bang = std::min(field.find('!'), field.size());
    TRY(Value value, Field(interp, field.substr(0, bang), args, automatic));
    if (bang < field.size()) {
      std::string text;
      if (field.substr(bang) == "!r") {
        if (!AppendRepr(text, value, size_t{1} << 24)) return Bad("got a value too large to show, want a smaller one");
      } else {
        TRY(text, interp.Str(value));
      }
      value = Value(std::move(text));
    }
    TRY(const std::string text, FormatValue(interp, value, spec));
    TRY_VOID(interp.Charge(text.size()));
    out += text;
    i = end;
  }
  TRY_VOID(interp.Charge(out.size()));
  return out;
}

Result<std::string> PercentFormat(Interp& interp, std::string_view format, const Value& args) {
  const Values single{args};
  const Values& values = args.is(Kind::kTuple) ? args.items() : single;
  size_t used = 0;
  bool by_name = false;
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    Spec spec;
    Value value;
    bool has_value = false;
    if (++i < format.size() && format[i] == '(') {
      const size_t close = format.find(')', i);
      if (close == std::string_view::npos) return Bad("incomplete format key");
      if (!args.is_dict()) return Bad("format requires a mapping");
      const Value* found = args.dict().Find(format.substr(i + 1, close - i - 1));
      if (found == nullptr) return Bad("KeyError: '" + std::string(format.substr(i + 1, close - i - 1)) + "'");
      value = *found, has_value = by_name = true;
      i = close + 1;
    }
    for (; i < format.size() && std::string_view("-+ #0").find(format[i]) != std::string_view::npos; ++i) {
      if (format[i] == '-') spec.align = '<';
      if (format[i] == '+' || (format[i] == ' ' && spec.sign != '+')) spec.sign = format[i];
      if (format[i] == '#') spec.alternate = true;
      if (format[i] == '0' && spec.align == '\0') spec.fill = "0", spec.align = '=';
    }
    if (spec.align == '<') spec.fill = " ";
    const auto number = [&] {
      int64_t result = 0;
      for (; i < format.size() && format[i] >= '0' && format[i] <= '9'; ++i)
        result = std::min(result * 10 + (format[i] - '0'), kMaxWidth + 1);
      return result;
    };
    spec.width = number();
    if (i < format.size() && format[i] == '.') ++i, spec.precision = number();
    if (spec.width > kMaxWidth || spec.precision > kMaxWidth) return Bad("got a width above 65536, want a smaller one");
    if (i >= format.size()) return Bad("incomplete format");
    const char type = format[i];
    if (type == '%') {
      out += '%';
      continue;
    }
    if (!has_value) {
      if (used >= values.size()) return Bad("not enough arguments for format string");
      value = values[used++];
    }
    std::string text;
    if (type == 's' || type == 'r' || type == 'a') {
      if (type == 's') {
        TRY(text, interp.Str(value));
      } else if (!AppendRepr(text, value, size_t{1} << 24)) {
        return Bad("got a value too large to show, want a smaller one");
      }
      if (spec.precision >= 0) text.resize(CodePointOffset(text, static_cast<size_t>(spec.precision)));
      if (spec.align == '=') spec.align = '\0', spec.fill = " ";
      text = Pad(std::move(text), spec, '>');
    } else if (std::string_view("diuxXo").find(type) != std::string_view::npos) {
      if (!value.is_integral() &&
          !(value.is(Kind::kFloat) && std::string_view("diu").find(type) != std::string_view::npos)) {
        return Bad("%" + std::string(1, type) + " format: a real number is required, not " +
                   std::string(value.TypeName()));
      }
      spec.type = type;
      const double number = value.as_double();
      if (value.is(Kind::kFloat) && !(std::abs(number) < 9.2e18))
        return Bad("cannot convert float to a 64-bit integer");
      text = Pad(IntText(value.is_integral() ? value.as_int() : static_cast<int64_t>(number), spec), spec, '>');
    } else if (std::string_view("eEfFgG").find(type) != std::string_view::npos) {
      if (!value.is_number()) return Bad("must be real number, not " + std::string(value.TypeName()));
      spec.type = type;
      text = Pad(FloatText(value.as_double(), spec), spec, '>');
    } else if (type == 'c') {
      text = value.is_integral() ? EncodeUtf8(static_cast<char32_t>(value.as_int()))
             : value.is_string() ? value.text()
                                 : "";
      text = Pad(std::move(text), spec, '>');
    } else {
      return Bad("unsupported format character '" + std::string(1, type) + "'");
    }
    TRY_VOID(interp.Charge(text.size()));
    out += text;
  }
  if (!by_name && used < values.size() && !args.is_dict() && !args.is(Kind::kList)) {
    if (args.is(Kind::kTuple) || !values.empty()) return Bad("not all arguments converted during string formatting");
  }
  TRY_VOID(interp.Charge(out.size()));
  return out;
}

}  // namespace atelier::jinja
