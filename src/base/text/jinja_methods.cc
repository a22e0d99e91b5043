// Methods of strings, lists and dicts.       [Python library reference, "Text Sequence Type"]
#include "base/text/jinja_methods.h"

#include <algorithm>

#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

Error Bad(std::string what) { return Error::Invalid("", std::move(what)); }

// Ends without what `is_cut` accepts.
template <class Cut>
std::string_view Strip(std::string_view text, bool left, bool right, Cut is_cut) {
  while (left && !text.empty()) {
    const size_t length = CodePointOffset(text.substr(0, 4), 1);
    if (!is_cut(text.substr(0, length))) break;
    text.remove_prefix(length);
  }
  while (right && !text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) --at;
    if (!is_cut(text.substr(at))) break;
    text = text.substr(0, at);
  }
  return text;
}

template <bool kLeft, bool kRight>
Result<Value> StripMethod(Interp&, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"chars"}));
  const std::string_view text = self.text();
  if (!params.Has(0) || params[0].is_none()) {
    return TextOf(
        self, Strip(text, kLeft, kRight, [](std::string_view c) { return IsUnicodeSpace(DecodeUtf8(c, 0).value); }));
  }
  TRY(const std::string chars, WantText(params[0]));
  return TextOf(self,
                Strip(text, kLeft, kRight, [&](std::string_view c) { return chars.find(c) != std::string::npos; }));
}

template <std::string (*kCase)(std::string_view)>
Result<Value> CaseMethod(Interp& interp, const Value& self, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  TRY_VOID(interp.Charge(self.text().size()));
  return TextOf(self, kCase(self.text()));
}

std::string SwapCase(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CodePointOffset(text.substr(at, 4), 1);
    const std::string_view piece = text.substr(at, length);
    out += IsUnicodeUpper(DecodeUtf8(text, at).value) ? LowerCase(piece) : UpperCase(piece);
    at += length;
  }
  return out;
}

// Words between runs of white space, at most `most` cuts (negative: all), from the right if so.
Values SplitSpace(const Value& self, int64_t most, bool from_right) {
  Values words;
  std::string_view rest = from_right ? TrimRight(self.text()) : TrimLeft(self.text());
  const auto is_word = [](std::string_view c) { return !IsUnicodeSpace(DecodeUtf8(c, 0).value); };
  while (!rest.empty()) {
    if (most >= 0 && static_cast<int64_t>(words.size()) == most) {
      words.push_back(TextOf(self, from_right ? TrimRight(rest) : rest));
      break;
    }
    const std::string_view after = Strip(rest, !from_right, from_right, is_word);
    const size_t length = rest.size() - after.size();
    words.push_back(TextOf(self, from_right ? rest.substr(after.size()) : rest.substr(0, length)));
    rest = from_right ? TrimRight(after) : TrimLeft(after);
  }
  if (from_right) std::reverse(words.begin(), words.end());
  if (most >= 0 && !words.empty()) {
    Value& end = from_right ? words.front() : words.back();
    if (!from_right && static_cast<int64_t>(words.size()) <= most) end = TextOf(self, end.text());
  }
  return words;
}

Values SplitBy(const Value& self, const std::string& separator, int64_t most, bool from_right) {
  Values parts;
  std::string_view rest = self.text();
  while (most < 0 || static_cast<int64_t>(parts.size()) < most) {
    const size_t at = from_right ? rest.rfind(separator) : rest.find(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(TextOf(self, from_right ? rest.substr(at + separator.size()) : rest.substr(0, at)));
    rest = from_right ? rest.substr(0, at) : rest.substr(at + separator.size());
  }
  parts.push_back(TextOf(self, rest));
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

template <bool kFromRight>
Result<Value> Split(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"sep", "maxsplit"}));
  TRY(const int64_t most, params.Int(1, -1));
  Values parts;
  if (!params.Has(0) || params[0].is_none()) {
    parts = SplitSpace(self, most, kFromRight);
  } else {
    TRY(const std::string separator, WantText(params[0]));
    if (separator.empty()) return Bad("empty separator");
    TRY_VOID(interp.ChargeSearch(self.text().size(), separator.size()));
    parts = SplitBy(self, separator, most, kFromRight);
  }
  TRY_VOID(interp.Step(parts.size()));
  return Value::List(std::move(parts));
}

// Python's line ends: \n \r \r\n \v \f \x1c-\x1e \x85 \u2028 \u2029.
size_t LineEndAt(std::string_view text, size_t at) {
  if (text.substr(at).starts_with("\r\n")) return 2;
  const DecodedCodePoint point = DecodeUtf8(text, at);
  const char32_t c = point.value;
  const bool is_end = (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
  return point.num_bytes > 0 && is_end ? static_cast<size_t>(point.num_bytes) : 0;
}

Result<Value> SplitLines(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"keepends"}));
  const bool keep = params.Flag(0, false);
  const std::string_view text = self.text();
  Values lines;
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = LineEndAt(text, at);
    at += std::max<size_t>(1, length);
    if (length == 0) continue;
    lines.push_back(TextOf(self, text.substr(start, at - start - (keep ? 0 : length))));
    start = at;
  }
  if (start < text.size()) lines.push_back(TextOf(self, text.substr(start)));
  TRY_VOID(interp.Step(lines.size()));
  return Value::List(std::move(lines));
}

Result<Value> Join(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"iterable"}, 1));
  TRY(const Values items, interp.Iterate(params[0]));
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_string()) {
      return Bad("sequence item " + std::to_string(i) + ": expected str instance, " + std::string(items[i].TypeName()) +
                 " found");
    }
    TRY_VOID(interp.Charge(items[i].text().size() + self.text().size()));
    if (i > 0) out += self.text();
    out += items[i].text();
  }
  TRY_VOID(interp.Charge(out.size()));
  return TextOf(self, out);
}

Result<Value> FormatMethod(Interp& interp, const Value& self, const Args& args) {
  TRY(const std::string text, BraceFormat(interp, self.text(), args));
  return TextOf(self, text);
}

// center, ljust, rjust ('^', '<', '>') and zfill ('0').
template <char kAlign>
Result<Value> Justify(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"width", "fillchar"}, 1));
  TRY(const int64_t width, params.Int(0, 0));
  TRY(const std::string fill, params.Has(1) ? WantText(params[1]) : Result<std::string>(kAlign == '0' ? "0" : " "));
  if (CountCodePoints(fill) != 1) return Bad("The fill character must be exactly one character long");
  const std::string& text = self.text();
  const int64_t size = static_cast<int64_t>(CountCodePoints(text)), missing = width - size;
  if (missing <= 0) return self;
  TRY_VOID(interp.Charge(static_cast<size_t>(missing) * fill.size() + text.size()));
  // Python puts the odd one of a centred text to the left when the width is odd.
  const int64_t left = kAlign == '<' ? 0 : kAlign == '^' ? missing / 2 + (missing & width & 1) : missing;
  const size_t sign = kAlign == '0' && (text.starts_with('-') || text.starts_with('+')) ? 1 : 0;
  std::string out = text.substr(0, sign);
  for (int64_t i = 0; i < left; ++i) out += fill;
  out += text.substr(sign);
  for (int64_t i = left; i < missing; ++i) out += fill;
  return TextOf(self, out);
}

// Whether all characters pass (and there is one).
template <bool (*kPasses)(char32_t)>
Result<Value> All(Interp&, const Value& self, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  const std::string& text = self.text();
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, at);
    if (!kPasses(point.value)) return Value(false);
    at += static_cast<size_t>(std::max(1, point.num_bytes));
  }
  return Value(!text.empty());
}

bool IsAlnum(char32_t c) { return IsUnicodeAlpha(c) || IsUnicodeNumeric(c); }
bool IsAscii(char32_t c) { return c < 0x80; }

template <bool kUpper>
Result<Value> IsCase(Interp& interp, const Value& self, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  TRY(const bool holds, interp.Test(kUpper ? "upper" : "lower", self, {}));
  return Value(holds);
}

Result<Value> IsAsciiMethod(Interp& interp, const Value& self, const Args& args) {
  return self.text().empty() ? Result<Value>(Value(true)) : All<IsAscii>(interp, self, args);
}

Result<Value> IsTitle(Interp&, const Value& self, const Args&) {
  const std::string& text = self.text();
  return Value(TitleCase(text) == text && UpperCase(text) != LowerCase(text));
}

Result<Value> ExpandTabs(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"tabsize"}));
  TRY(const int64_t width, params.Int(0, 8));
  if (width > 1000) return Bad("got a tab size above 1000, want a smaller one");
  std::string out;
  int64_t column = 0;
  for (const char c : self.text()) {
    if (c == '\t') {
      const int64_t spaces = width > 0 ? width - column % width : 0;
      TRY_VOID(interp.Charge(static_cast<size_t>(spaces)));
      out.append(static_cast<size_t>(spaces), ' ');
      column += spaces;
    } else {
      out += c;
      column = c == '\n' || c == '\r' ? 0 : column + ((static_cast<uint8_t>(c) & 0xC0) != 0x80);
    }
  }
  return TextOf(self, out);
}

Result<Value> DictGet(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"key", "default"}, 1));
  TRY_VOID(interp.ChargeKey(params[0]));
  if (!IsHashable(params[0])) return Bad("unhashable type: '" + std::string(params[0].TypeName()) + "'");
  const Value* value = self.dict().Find(params[0]);
  return value != nullptr ? *value : params.Or(1, Value::None());
}

Result<Value> DictItems(Interp& interp, const Value& self, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  Values pairs;
  for (const auto& [key, value] : self.dict().entries) pairs.push_back(Value::List({key, value}, Kind::kTuple));
  TRY_VOID(interp.Step(pairs.size()));
  return Value::List(std::move(pairs), Kind::kView, "dict_items");
}

template <bool kKeys>
Result<Value> DictHalf(Interp& interp, const Value& self, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  Values half;
  for (const auto& [key, value] : self.dict().entries) half.push_back(kKeys ? key : value);
  TRY_VOID(interp.Step(half.size()));
  return Value::List(std::move(half), Kind::kView, kKeys ? "dict_keys" : "dict_values");
}

Result<Value> Copy(Interp&, const Value& self, const Args& args) {
  TRY_VOID(Params::Bind(args, {}));
  return self;
}

Result<Value> ItemsIndex(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"value", "start", "stop"}, 1));
  const int64_t size = static_cast<int64_t>(self.items().size());
  TRY(int64_t start, params.Int(1, 0));
  TRY(int64_t stop, params.Int(2, size));
  start = std::clamp<int64_t>(start < 0 ? start + size : start, 0, size);
  stop = std::clamp<int64_t>(stop < 0 ? stop + size : stop, 0, size);
  for (int64_t i = start; i < stop; ++i) {
    TRY(const bool equal, interp.IsEqual(self.items()[static_cast<size_t>(i)], params[0]));
    if (equal) return Value(i);
  }
  return Bad(ShortRepr(params[0]) + " is not in list");
}

Result<Value> ItemsCount(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"value"}, 1));
  int64_t count = 0;
  for (const Value& item : self.items()) {
    TRY(const bool equal, interp.IsEqual(item, params[0]));
    count += equal;
  }
  return Value(count);
}

constexpr MethodEntry kStringMethods[] = {
    {"capitalize", CaseMethod<Capitalize>},
    {"casefold", CaseMethod<LowerCase>},
    {"center", Justify<'^'>},
    {"expandtabs", ExpandTabs},
    {"format", FormatMethod},
    {"isalnum", All<IsAlnum>},
    {"isalpha", All<IsUnicodeAlpha>},
    {"isascii", IsAsciiMethod},
    {"isdecimal", All<IsUnicodeDecimal>},
    {"isdigit", All<IsUnicodeDecimal>},
    {"islower", IsCase<false>},
    {"isnumeric", All<IsUnicodeNumeric>},
    {"isspace", All<IsUnicodeSpace>},
    {"istitle", IsTitle},
    {"isupper", IsCase<true>},
    {"join", Join},
    {"ljust", Justify<'<'>},
    {"lower", CaseMethod<LowerCase>},
    {"lstrip", StripMethod<true, false>},
    {"rjust", Justify<'>'>},
    {"rsplit", Split<true>},
    {"rstrip", StripMethod<false, true>},
    {"split", Split<false>},
    {"splitlines", SplitLines},
    {"strip", StripMethod<true, true>},
    {"swapcase", CaseMethod<SwapCase>},
    {"title", CaseMethod<TitleCase>},
    {"upper", CaseMethod<UpperCase>},
    {"zfill", Justify<'0'>},
};
constexpr MethodEntry kDictMethods[] = {
    {"copy", Copy}, {"get", DictGet}, {"items", DictItems}, {"keys", DictHalf<true>}, {"values", DictHalf<false>},
};
constexpr MethodEntry kListMethods[] = {{"copy", Copy}, {"count", ItemsCount}, {"index", ItemsIndex}};
constexpr MethodEntry kTupleMethods[] = {{"count", ItemsCount}, {"index", ItemsIndex}};

const MethodEntry* FindMethod(std::span<const MethodEntry> table, std::string_view name) {
  for (const MethodEntry& entry : table) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

const MethodEntry* FindMethod(const Value& object, std::string_view name) {
  if (object.is_string()) {
    const MethodEntry* found = FindMethod(kStringMethods, name);
    return found != nullptr ? found : FindMethod(SearchMethods(), name);
  }
  if (object.is_dict()) return FindMethod(kDictMethods, name);
  if (object.is(Kind::kList)) return FindMethod(kListMethods, name);
  return object.is(Kind::kTuple) ? FindMethod(kTupleMethods, name) : nullptr;
}

}  // namespace

Value TextOf(const Value& self, std::string_view text) { return Value(std::string(text), self.marked()); }

Result<std::string> WantText(const Value& value) {
  if (value.is_undefined()) return Error::Invalid("", value.text());
  if (!value.is_string()) return Error::Invalid("", "got '" + std::string(value.TypeName()) + "', want a string");
  return value.text();
}

std::optional<Value> MethodOf(const Value& object, const std::string& name) {
  const MethodEntry* entry = FindMethod(object, name);
  if (entry == nullptr) return std::nullopt;
  auto function = std::make_shared<Function>();
  function->name = name;
  function->depth = object.depth() + 1;
  function->call = [fn = entry->fn, object](Interp& interp, const Args& args) -> Result<Value> {
    TRY_VOID(interp.ChargeScan(object));
    for (const Value& argument : args.positional) TRY_VOID(interp.ChargeScan(argument));
    auto value = fn(interp, object, args);
    if (!value.ok() && value.error().where.empty() && value.error().kind == ErrorKind::kInvalid) {
      value.error().what = std::string(object.TypeName()) + " method: " + value.error().what;
    }
    return value;
  };
  return Value(std::move(function));
}

}  // namespace atelier::jinja
