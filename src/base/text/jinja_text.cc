// Python's str() and repr().
#include <cmath>

#include "base/text/jinja_value.h"
#include "base/text/number_text.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

constexpr int kMaxReprDepth = 200;

void AppendHex(std::string& out, char32_t c) {
  static constexpr char kHex[] = "0123456789abcdef";
  const int width = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  out += width == 2 ? "\\x" : width == 4 ? "\\u" : "\\U";
  for (int i = width - 1; i >= 0; --i) out += kHex[c >> (4 * i) & 15];
}

void AppendQuoted(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (size_t at = 0; at < text.size();) {
    DecodedCodePoint point = DecodeUtf8(text, at);
    if (point.num_bytes == 0) point = {0xFFFD, 1};
    at += static_cast<size_t>(point.num_bytes);
    const char32_t c = point.value;
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\', out += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (IsUnicodePrintable(c)) {
      AppendUtf8(out, c);
    } else {
      AppendHex(out, c);
    }
  }
  out += quote;
}

bool AppendItems(std::string& out, const Values& items, size_t max_bytes, int depth) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    if (!AppendRepr(out, items[i], max_bytes, depth + 1)) return false;
  }
  return true;
}

bool AppendDict(std::string& out, const Dict& dict, size_t max_bytes, int depth) {
  out += '{';
  for (size_t i = 0; i < dict.entries.size(); ++i) {
    if (i > 0) out += ", ";
    if (!AppendRepr(out, dict.entries[i].first, max_bytes, depth + 1)) return false;
    out += ": ";
    if (!AppendRepr(out, dict.entries[i].second, max_bytes, depth + 1)) return false;
  }
  out += '}';
  return true;
}

bool AppendSequence(std::string& out, const Value& value, size_t max_bytes, int depth) {
  const Values& items = value.items();
  if (value.is(Kind::kTuple)) {
    out += '(';
    if (!AppendItems(out, items, max_bytes, depth)) return false;
    out += items.size() == 1 ? ",)" : ")";
    return true;
  }
  if (value.is_range()) {
    out += value.view_name();
    return true;
  }
  if (value.is(Kind::kView)) out += value.view_name() + "(";
  out += '[';
  if (!AppendItems(out, items, max_bytes, depth)) return false;
  out += value.is(Kind::kView) ? "])" : "]";
  return true;
}

}  // namespace

bool AppendStr(std::string& out, const Value& value, size_t max_bytes) {
  if (value.is_undefined()) return true;
  if (value.is_string()) {
    out += value.text();
    return out.size() <= max_bytes;
  }
  return AppendRepr(out, value, max_bytes);
}

bool AppendRepr(std::string& out, const Value& value, size_t max_bytes, int depth) {
  if (out.size() > max_bytes || depth > kMaxReprDepth) return false;
  switch (value.kind()) {
    case Kind::kUndefined: out += "Undefined"; return true;
    case Kind::kNone: out += "None"; return true;
    case Kind::kBool: out += value.as_bool() ? "True" : "False"; return true;
    case Kind::kInt: out += std::to_string(value.as_int()); return true;
    case Kind::kBigInt: out += value.text(); return true;
    case Kind::kFloat: out += DoubleText(value.as_double()); return true;
    case Kind::kString:
      if (value.marked()) out += "Markup(";
      AppendQuoted(out, value.text());
      if (value.marked()) out += ")";
      return true;
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kView: return AppendSequence(out, value, max_bytes, depth);
    case Kind::kDict: return AppendDict(out, value.dict(), max_bytes, depth);
    case Kind::kNamespace:
      out += "<Namespace ";
      if (!AppendDict(out, value.dict(), max_bytes, depth)) return false;
      out += '>';
      return true;
    case Kind::kIterator: out += "<generator object>"; return true;
    case Kind::kFunction: out += "<Macro '" + value.function().name + "'>"; return true;
    case Kind::kLoop: out += "<LoopContext>"; return true;
  }
  return true;
}

std::string ShortRepr(const Value& value) {
  std::string out;
  AppendRepr(out, value, 80);
  if (out.size() > 80) out = out.substr(0, CodePointOffset(out, 80)) + "...";
  return out;
}

}  // namespace atelier::jinja
