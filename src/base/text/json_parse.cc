// A recursive-descent reader: one function a production of RFC 8259, depth counted, no token stream. It is our own
// because the answers it owes (the text of numbers, duplicate keys, a place and a wish in every error) are
// what library readers leave out.
#include <charconv>

#include "base/text/json.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Json> Document() {
    if (const size_t valid = ValidUtf8Prefix(text_); valid != text_.size()) return At(valid, "want valid UTF-8");
    Json value;
    TRY_VOID(Value(value, 0));
    SkipSpace();
    if (at_ < text_.size()) return At(at_, "want the end of the document");
    return value;
  }

 private:
  Error At(size_t at, std::string_view want) const {
    int64_t line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < at; ++i) {
      if (text_[i] == '\n') ++line, line_start = i + 1;
    }
    const size_t column = CountCodePoints(text_.substr(line_start, at - line_start)) + 1;
    return Error::Invalid("line " + std::to_string(line) + ", column " + std::to_string(column),
                          "got " + Shown(at) + ", " + std::string(want));
  }

  std::string Shown(size_t at) const {
    if (at >= text_.size()) return "the end";
    const DecodedCodePoint point = DecodeUtf8(text_, at);
    if (point.num_bytes == 0 || point.value < 0x20 || point.value == 0x7F) {
      static constexpr char kHex[] = "0123456789abcdef";
      const uint8_t byte = static_cast<uint8_t>(text_[at]);
      return std::string("byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
    }
    return "'" + std::string(text_.substr(at, static_cast<size_t>(point.num_bytes))) + "'";
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<void> Value(Json& value, int depth) {
    SkipSpace();
    switch (Peek()) {
      case '{': return ReadObject(value, depth);
      case '[': return ReadArray(value, depth);
      case '"': {
        std::string text;
        TRY_VOID(ReadString(text));
        value = Json(std::move(text));
        return {};
      }
      case 't': return Word("true", true, value);
      case 'f': return Word("false", false, value);
      case 'n': return Word("null", nullptr, value);
      default: return ReadNumber(value);
    }
  }

  Result<void> Word(std::string_view word, Json meaning, Json& value) {
    for (size_t i = 0; i < word.size(); ++i) {
      if (at_ + i >= text_.size() || text_[at_ + i] != word[i]) {
        return At(at_ + i, "want the rest of '" + std::string(word) + "'");
      }
    }
    at_ += word.size();
    value = std::move(meaning);
    return {};
  }

  Result<void> CheckDepth(int depth) const {
    if (depth < Json::kMaxDepth) return {};
    return At(at_, "want at most " + std::to_string(Json::kMaxDepth) + " levels of arrays and objects");
  }

  Result<void> ReadArray(Json& value, int depth) {
    TRY_VOID(CheckDepth(depth));
    value = Json::Array();
    ++at_;
    SkipSpace();
    if (Take(']')) return {};
    while (true) {
      TRY_VOID(Value(value.Push(Json()), depth + 1));
      SkipSpace();
      if (Take(']')) return {};
      if (!Take(',')) return At(at_, "want ',' or ']'");
    }
  }

  Result<void> ReadObject(Json& value, int depth) {
    TRY_VOID(CheckDepth(depth));
    value = Json::Object();
    ++at_;
    SkipSpace();
    if (Take('}')) return {};
    while (true) {
      SkipSpace();
      const size_t key_at = at_;
      if (Peek() != '"')
        return At(at_, value.empty() ? "want a key in double quotes or '}'" : "want a key in double quotes");
      std::string key;
      TRY_VOID(ReadString(key));
      SkipSpace();
      if (!Take(':')) return At(at_, "want ':'");
      Json member;
      TRY_VOID(Value(member, depth + 1));
      if (value.Has(key)) return Duplicate(key_at, key);
      value.Add(std::move(key), std::move(member));
      SkipSpace();
      if (Take('}')) return {};
      if (!Take(',')) return At(at_, "want ',' or '}'");
    }
  }

  Error Duplicate(size_t at, const std::string& key) const {
    Error error = At(at, "");
    error.what = "got key ";
    AppendJsonString(error.what, std::string_view(key).substr(0, CodePointOffset(key, 60)));
    error.what += " twice, want each key once";
    return error;
  }

  Result<void> ReadString(std::string& out) {
    ++at_;
    while (true) {
      const size_t start = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<uint8_t>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out.append(text_.substr(start, at_ - start));
      if (Take('"')) return {};
      if (at_ >= text_.size()) return At(at_, "want '\"' at the end of the string");
      if (text_[at_] != '\\') return At(at_, "want control characters written as \\u00xx");
      TRY_VOID(ReadEscape(out));
    }
  }

  Result<void> ReadEscape(std::string& out) {
    const size_t start = at_++;
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (Take('u')) {
      TRY(char32_t value, FourHexDigits());
      if (value >= 0xD800 && value <= 0xDBFF && text_.substr(at_).starts_with("\\u")) {
        at_ += 2;
        TRY(const char32_t low, FourHexDigits());
        if (low < 0xDC00 || low > 0xDFFF) return At(start, "want the second half of a surrogate pair after the first");
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
      }
      if (value >= 0xD800 && value <= 0xDFFF) return At(start, "want no half of a surrogate pair alone");
      AppendUtf8(out, value);
      return {};
    }
    const size_t which = at_ < text_.size() ? kNames.find(text_[at_]) : std::string_view::npos;
    if (which == std::string_view::npos) return At(at_, "want one of \"\\/bfnrtu after '\\'");
    out.push_back(kMeanings[which]);
    ++at_;
    return {};
  }

  Result<char32_t> FourHexDigits() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      uint32_t digit = 0;
      const char* place = text_.data() + at_;
      if (at_ >= text_.size() || std::from_chars(place, place + 1, digit, 16).ec != std::errc()) {
        return At(at_, "want four hexadecimal digits after '\\u'");
      }
      value = value << 4 | digit;
    }
    return static_cast<char32_t>(value);
  }

  bool Digits() {
    const size_t start = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ > start;
  }

  Result<void> ReadNumber(Json& value) {
    const size_t start = at_;
    const bool negative = Take('-');
    if (Peek() == '0') {
      ++at_;
      if (Peek() >= '0' && Peek() <= '9') return At(at_, "want no digit after a leading 0");
    } else if (!Digits()) {
      return At(at_, negative ? "want a digit" : "want a value");
    }
    if (Take('.') && !Digits()) return At(at_, "want a digit after '.'");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return At(at_, "want a digit in the exponent");
    }
    value = Json::NumberOf(std::string(text_.substr(start, at_ - start)));
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<Json> Json::Parse(std::string_view text) { return Reader(text).Document(); }

}  // namespace atelier
