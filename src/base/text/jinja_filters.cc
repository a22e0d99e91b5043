// Filters of texts and numbers.
#include "base/text/jinja_filters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text/number_text.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

Error Bad(std::string what) { return Error::Invalid("", std::move(what)); }

// The operand as str, keeping whether it is safe text.
Result<Value> Soft(Interp& interp, const Value& value) {
  if (value.is_string()) return value;
  TRY(std::string text, interp.Str(value));
  return Value(std::move(text));
}

template <std::string (*kCase)(std::string_view)>
Result<Value> Case(Interp& interp, const Value& value, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  TRY(const Value text, Soft(interp, value));
  TRY_VOID(interp.Charge(text.text().size()));
  return Value(kCase(text.text()), text.marked());
}

// jinja2's own: words begin after white space and any of -({[<.
std::string TitleWords(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CodePointOffset(text.substr(at, 4), 1);
    const std::string_view piece = text.substr(at, length);
    const char32_t c = DecodeUtf8(text, at).value;
    out += at_start ? UpperCase(piece) : LowerCase(piece);
    at_start = IsUnicodeSpace(c) ||
               (c < 0x80 && std::string_view("-({[<").find(static_cast<char>(c)) != std::string_view::npos);
    at += length;
  }
  return out;
}

Result<Value> TrimBlanks(Interp& interp, const Value& value, const Args& args) {
  TRY(const Value text, Soft(interp, value));
  return CallMethod(interp, text, "strip", args.named.empty() ? args : Args{{args.named[0].second}, {}});
}

Result<Value> Center(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"width"}));
  TRY(const Value text, Soft(interp, value));
  return CallMethod(interp, text, "center", Args{{params.Or(0, Value(int64_t{80}))}, {}});
}

Result<Value> Replace(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"old", "new", "count"}, 2));
  TRY(std::string text, interp.Str(value));
  TRY(std::string from, interp.Str(params[0]));
  TRY(std::string to, interp.Str(params[1]));
  Args strings{{Value(std::move(from)), Value(std::move(to))}, {}};
  if (params.Has(2) && !params[2].is_none()) strings.positional.push_back(params[2]);
  return CallMethod(interp, Value(std::move(text)), "replace", strings);
}

Result<Value> String(Interp& interp, const Value& value, const Args&) { return Soft(interp, value); }

Result<Value> Safe(Interp& interp, const Value& value, const Args&) {
  TRY(std::string text, interp.Str(value));
  return Value(std::move(text), true);
}

Result<Value> Escape(Interp& interp, const Value& value, const Args&) {
  TRY(std::string text, interp.Str(value));
  if (value.is_string() && value.marked()) return value;
  TRY_VOID(interp.Charge(5 * text.size()));
  return Value(HtmlEscape(text), true);
}

Result<Value> ForceEscape(Interp& interp, const Value& value, const Args&) {
  TRY(const std::string text, interp.Str(value));
  TRY_VOID(interp.Charge(5 * text.size()));
  return Value(HtmlEscape(text), true);
}

// Text without tags and comments, runs of white space as one space.
Result<Value> StripTags(Interp& interp, const Value& value, const Args&) {
  TRY(const std::string text, interp.Str(value));
  std::string bare;
  const size_t last_close = text.rfind('>');  // beyond, there is no end to look for
  for (size_t at = 0; at < text.size();) {
    const bool comment = text.compare(at, 4, "<!--") == 0;
    const bool may_end = text[at] == '<' && last_close != std::string::npos && at < last_close;
    if (may_end && comment) TRY_VOID(interp.Step((last_close - at) / 512));
    const size_t end = may_end ? text.find(comment ? "-->" : ">", at) : std::string::npos;
    if (end == std::string::npos) {
      bare += text[at++];
    } else {
      at = end + (comment ? 3 : 1);
    }
  }
  TRY(const Value words, CallMethod(interp, Value(std::move(bare)), "split", {}));
  std::string out;
  for (const Value& word : words.items()) out += (out.empty() ? "" : " ") + word.text();
  return Value(std::move(out));
}

Result<Value> Indent(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"width", "first", "blank"}));
  if (!value.is_string()) return Bad("got '" + std::string(value.TypeName()) + "', want a string");
  std::string indention;
  if (params.Has(0) && params[0].is_string()) {
    indention = params[0].text();
  } else {
    TRY(const int64_t width, params.Int(0, 4));
    TRY_VOID(interp.Charge(static_cast<size_t>(std::max<int64_t>(0, width))));
    indention.assign(static_cast<size_t>(std::max<int64_t>(0, width)), ' ');
  }
  TRY(const Value lines, CallMethod(interp, Value(value.text() + "\n"), "splitlines", {}));
  TRY_VOID(interp.Charge(value.text().size() + indention.size() * lines.items().size()));
  std::string out = params.Flag(1, false) ? indention : "";
  for (size_t i = 0; i < lines.items().size(); ++i) {
    const std::string& line = lines.items()[i].text();
    if (i > 0) out += "\n";
    if (i > 0 && (params.Flag(2, false) || !line.empty())) out += indention;
    out += line;
  }
  return Value(std::move(out), value.marked());
}

Result<Value> Truncate(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"length", "killwords", "end", "leeway"}));
  TRY(const int64_t length, params.Int(0, 255));
  TRY(const int64_t leeway, params.Has(3) && params[3].is_none() ? Result<int64_t>(5) : params.Int(3, 5));
  TRY(const std::string end, params.Has(2) ? interp.Str(params[2]) : Result<std::string>("..."));
  const int64_t keep = length - static_cast<int64_t>(CountCodePoints(end));
  if (!value.is_string() || keep < 0 || leeway < 0)
    return Bad("got a length below that of the end, want at least that");
  const std::string& text = value.text();
  if (static_cast<int64_t>(CountCodePoints(text)) <= length + leeway) return value;
  std::string cut = text.substr(0, CodePointOffset(text, static_cast<size_t>(keep)));
  if (!params.Flag(1, false)) cut = cut.substr(0, cut.rfind(' '));
  return Value(cut + end);
}

Result<Value> WordCount(Interp& interp, const Value& value, const Args&) {
  TRY(const std::string text, interp.Str(value));
  int64_t count = 0;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, at);
    const bool word = point.value == '_' || IsUnicodeAlpha(point.value) || IsUnicodeNumeric(point.value);
    count += word && !inside;
    inside = word;
    at += static_cast<size_t>(std::max(1, point.num_bytes));
  }
  return Value(count);
}

std::string Quote(std::string_view text, bool for_query) {
  std::string out;
  for (const char c : text) {
    const uint8_t byte = static_cast<uint8_t>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte)) ||
                       std::string_view("_.-~").find(c) != std::string_view::npos || (c == '/' && !for_query);
    static constexpr char kHex[] = "0123456789ABCDEF";
    if (plain) {
      out += c;
    } else if (c == ' ' && for_query) {
      out += '+';
    } else {
      out += '%', out += kHex[byte >> 4], out += kHex[byte & 15];
    }
  }
  return out;
}

Result<Value> UrlEncode(Interp& interp, const Value& value, const Args&) {
  if (!value.is_dict() && !value.is_items()) {
    TRY(const std::string text, interp.Str(value));
    return Value(Quote(text, false));
  }
  std::string out;
  TRY(const Values items, value.is_dict() ? Result<Values>(Values()) : interp.Iterate(value));
  const auto add = [&](const Value& key, const Value& item) -> Result<void> {
    TRY(const std::string name, interp.Str(key));
    TRY(const std::string text, interp.Str(item));
    out += (out.empty() ? "" : "&") + Quote(name, true) + "=" + Quote(text, true);
    return {};
  };
  if (value.is_dict()) {
    for (const auto& [key, item] : value.dict().entries) TRY_VOID(add(key, item));
  }
  for (const Value& item : items) {
    TRY(const Values pair, interp.Iterate(item));
    if (pair.size() != 2) return Bad("got another item, want pairs of key and value");
    TRY_VOID(add(pair[0], pair[1]));
  }
  return Value(std::move(out));
}

Result<Value> Format(Interp& interp, const Value& value, const Args& args) {
  if (!args.positional.empty() && !args.named.empty())
    return Bad("can't handle positional and keyword arguments at the same time");
  TRY(const Value text, Soft(interp, value));
  if (args.named.empty()) return interp.Binary("%", text, Value::List(args.positional, Kind::kTuple));
  auto dict = std::make_shared<Dict>();
  for (const auto& [name, item] : args.named) dict->Set(name, item);
  return interp.Binary("%", text, Value(std::move(dict)));
}

Result<Value> ToJson(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  DumpStyle style;
  style.ascii_only = params.Flag(0, false);
  if (params.Has(1) && !params[1].is_none()) {
    style.breaks = true;
    style.item_separator = ",";
    if (params[1].is_string()) {
      style.indent = params[1].text();
    } else {
      TRY(const int64_t width, params.Int(1, 0));
      if (width > 1000) return Bad("got an indent above 1000, want a smaller one");
      style.indent.assign(static_cast<size_t>(std::max<int64_t>(0, width)), ' ');
    }
  }
  if (params.Has(2) && !params[2].is_none()) {
    TRY(const Values separators, interp.Iterate(params[2]));
    if (separators.size() != 2 || !separators[0].is_string() || !separators[1].is_string()) {
      return Bad("got other separators, want a pair of strings");
    }
    style.item_separator = separators[0].text();
    style.key_separator = separators[1].text();
  }
  style.sort_keys = params.Flag(3, false);
  TRY(std::string text, DumpJson(interp, value, style));
  return Value(std::move(text));
}

// A string as int(text, base) reads it; nothing where Python raises.
std::optional<int64_t> ReadInt(std::string_view text, int base) {
  text = Trim(text);
  std::string digits(text);
  for (size_t i = 1; i + 1 < digits.size(); ++i) {
    if (digits[i] == '_' && std::isalnum(static_cast<uint8_t>(digits[i - 1])) && digits[i + 1] != '_')
      digits.erase(i, 1);
  }
  if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') digits.erase(0, 1);
  if (base == 16 || base == 8 || base == 2) {
    const size_t sign = digits.starts_with('-') ? 1 : 0;
    const char letter = base == 16 ? 'x' : base == 8 ? 'o' : 'b';
    if (digits.size() > sign + 2 && digits[sign] == '0' && (digits[sign + 1] | 0x20) == letter) digits.erase(sign, 2);
  }
  int64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (status != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return value;
}

std::optional<double> ReadFloat(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('+') && !text.substr(1).starts_with('-')) text.remove_prefix(1);
  std::string lower = LowerCase(text);
  return ParseDouble(lower);
}

std::optional<int64_t> WholeOf(double value) {
  if (!(std::abs(value) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(value);
}

Result<Value> Int(Interp&, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"default", "base"}));
  TRY(const int64_t base, params.Int(1, 10));
  if (base < 2 || base > 36) return Bad("got base " + std::to_string(base) + ", want 2 to 36");
  const Value otherwise = params.Or(0, Value(int64_t{0}));
  if (value.is_undefined()) return Bad(value.text());
  if (value.is_integral()) return Value(value.as_int());
  if (value.is(Kind::kBigInt)) return value;
  std::optional<int64_t> number;
  if (value.is(Kind::kFloat)) number = WholeOf(value.as_double());
  if (value.is_string()) {
    number = ReadInt(value.text(), static_cast<int>(base));
    const auto floating = ReadFloat(value.text());
    if (!number && floating) number = WholeOf(*floating);
  }
  return number ? Value(*number) : otherwise;
}

Result<Value> Float(Interp&, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"default"}));
  if (value.is_undefined()) return Bad(value.text());
  if (value.is_number()) return Value(value.as_double());
  if (value.is_string()) {
    if (const auto number = ReadFloat(value.text())) return Value(*number);
  }
  return params.Or(0, Value(0.0));
}

Result<Value> Abs(Interp& interp, const Value& value, const Args&) {
  if (value.is(Kind::kFloat)) return Value(std::abs(value.as_double()));
  if (value.is_integral())
    return value.as_int() < 0 ? interp.Binary("-", Value(int64_t{0}), value) : Result<Value>(Value(value.as_int()));
  return Bad(value.is_undefined() ? value.text()
                                  : "bad operand type for abs(): '" + std::string(value.TypeName()) + "'");
}

// Always a float; "common" rounds halves to even, on the exact decimal value, as Python's round does.
Result<Value> Round(Interp&, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"precision", "method"}));
  TRY(const int64_t precision, params.Int(0, 0));
  const std::string method = params.Has(1) && params[1].is_string() ? params[1].text() : "common";
  if (method != "common" && method != "ceil" && method != "floor") return Bad("method must be common, ceil or floor");
  if (!value.is_number())
    return Bad(value.is_undefined() ? value.text() : "got '" + std::string(value.TypeName()) + "', want a number");
  if (std::abs(precision) > 300) return Bad("got a precision beyond 300, want a smaller one");
  const double number = value.as_double();
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method != "common") {
    const double scaled = number * scale;
    return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
  }
  if (value.is_integral() && precision >= 0) return value;
  if (precision < 0) {
    const double rounded = std::nearbyint(number * scale) / scale;
    return value.is_integral() ? Value(static_cast<int64_t>(rounded)) : Value(rounded);
  }
  char buffer[700];
  std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(precision), number);
  return Value(ParseDouble(buffer).value_or(number));
}

Result<Value> FileSize(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"binary"}));
  TRY(const Value number, Float(interp, value, {}));
  const bool binary = params.Flag(0, false);
  const double base = binary ? 1024 : 1000, bytes = number.as_double();
  if (bytes == 1) return Value(std::string("1 Byte"));
  if (bytes < base) return Value(std::to_string(static_cast<int64_t>(bytes)) + " Bytes");
  double unit = base;
  size_t prefix = 0;
  while (prefix < 7 && bytes >= unit * base) unit *= base, ++prefix;
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.1f %c%s", bytes / unit, (binary ? "KMGTPEZY" : "kMGTPEZY")[prefix],
                binary ? "iB" : "B");
  return Value(std::string(buffer));
}

constexpr FilterEntry kFilters[] = {
    {"abs", Abs},
    {"capitalize", Case<Capitalize>},
    {"center", Center},
    {"e", Escape},
    {"escape", Escape},
    {"filesizeformat", FileSize},
    {"float", Float},
    {"forceescape", ForceEscape},
    {"format", Format},
    {"indent", Indent},
    {"int", Int},
    {"lower", Case<LowerCase>},
    {"replace", Replace},
    {"round", Round},
    {"safe", Safe},
    {"string", String},
    {"striptags", StripTags},
    {"title", Case<TitleWords>},
    {"tojson", ToJson},
    {"trim", TrimBlanks},
    {"truncate", Truncate},
    {"upper", Case<UpperCase>},
    {"urlencode", UrlEncode},
    {"wordcount", WordCount},
};

const FilterEntry* FindFilter(std::string_view name) {
  for (const auto table : {TextFilters(), SequenceFilters()}) {
    for (const FilterEntry& entry : table) {
      if (entry.name == name) return &entry;
    }
  }
  return nullptr;
}

}  // namespace

std::span<const FilterEntry> TextFilters() { return kFilters; }

bool HasFilter(std::string_view name) { return FindFilter(name) != nullptr; }

Result<Value> CallBuiltinFilter(Interp& interp, std::string_view name, const Value& operand, const Args& args) {
  const FilterEntry* filter = FindFilter(name);
  if (filter == nullptr) return Error::Invalid("", "No filter named '" + std::string(name) + "'.");
  return filter->fn(interp, operand, args);
}

Result<Value> CallMethod(Interp& interp, const Value& text, const std::string& name, const Args& args) {
  const auto method = MethodOf(text, name);
  CHECK(method.has_value());
  return interp.Call(*method, args);
}

}  // namespace atelier::jinja
