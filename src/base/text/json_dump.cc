#include <algorithm>
#include <array>

#include "base/text/json.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

void AppendEscape(std::string& out, char32_t unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[unit >> shift & 15]);
}

void AppendControl(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: AppendEscape(out, static_cast<uint8_t>(c));
  }
}

bool IsPlain(char c) {
  return static_cast<uint8_t>(c) >= 0x20 && static_cast<uint8_t>(c) < 0x80 && c != '"' && c != '\\';
}

// Writes values with a stack of its own: a document built deeper than any reader takes still gets written.
class Writer {
 public:
  explicit Writer(const Json::Style& style) : style_(style) {}

  std::string Write(const Json& root) {
    Begin(root);
    while (!open_.empty()) {
      Frame& frame = open_.back();
      if (frame.next == frame.size) {
        Close();
        continue;
      }
      if (frame.next > 0) out_ += style_.spaces && style_.indent == 0 ? ", " : ",";
      Break();
      const size_t index = frame.next++;
      if (frame.value->is_array()) {
        Begin(frame.value->items()[index]);
      } else {
        const JsonMember& member = frame.value->members()[frame.order.empty() ? index : frame.order[index]];
        AppendJsonString(out_, member.key, style_.ascii_only);
        out_ += style_.spaces || style_.indent > 0 ? ": " : ":";
        Begin(member.value);
      }
    }
    return std::move(out_);
  }

 private:
  struct Frame {
    const Json* value;
    size_t size;
    size_t next = 0;
    std::vector<size_t> order;  // of members, where keys are sorted
  };

  void Begin(const Json& value) {
    switch (value.type()) {
      case Json::Type::kNull: out_ += "null"; return;
      case Json::Type::kBool: out_ += value.AsBool() ? "true" : "false"; return;
      case Json::Type::kNumber: out_ += value.NumberText(); return;
      case Json::Type::kString: AppendJsonString(out_, value.AsString(), style_.ascii_only); return;
      case Json::Type::kArray: out_ += '['; break;
      case Json::Type::kObject: out_ += '{'; break;
    }
    open_.push_back({&value, static_cast<size_t>(value.size()), 0, {}});
    if (value.is_object() && style_.sort_keys) Sort(open_.back());
  }

  static void Sort(Frame& frame) {
    const auto members = frame.value->members();
    for (size_t i = 0; i < members.size(); ++i) frame.order.push_back(i);
    std::sort(frame.order.begin(), frame.order.end(),
              [&](size_t a, size_t b) { return members[a].key < members[b].key; });
  }

  void Close() {
    const Frame frame = std::move(open_.back());
    open_.pop_back();
    if (frame.size > 0) Break();
    out_ += frame.value->is_array() ? ']' : '}';
  }

  void Break() {
    if (style_.indent <= 0) return;
    out_ += '\n';
    out_.append(static_cast<size_t>(style_.indent) * open_.size(), ' ');
  }

  const Json::Style& style_;
  std::string out_;
  std::vector<Frame> open_;
};

}  // namespace

void AppendJsonString(std::string& out, std::string_view text, bool ascii_only) {
  out += '"';
  size_t at = 0;
  while (at < text.size()) {
    const size_t start = at;
    while (at < text.size() && IsPlain(text[at])) ++at;
    out.append(text.substr(start, at - start));
    if (at == text.size()) break;
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      AppendControl(out, text[at++]);
      continue;
    }
    DecodedCodePoint point = DecodeUtf8(text, at);
    if (point.num_bytes == 0) point = {0xFFFD, 1};
    at += static_cast<size_t>(point.num_bytes);
    if (!ascii_only) {
      AppendUtf8(out, point.value);
    } else if (point.value < 0x10000) {
      AppendEscape(out, point.value);
    } else {
      AppendEscape(out, 0xD800 + ((point.value - 0x10000) >> 10));
      AppendEscape(out, 0xDC00 + ((point.value - 0x10000) & 0x3FF));
    }
  }
  out += '"';
}

std::string Json::Dump(const Style& style) const { return Writer(style).Write(*this); }

std::string Json::DumpPretty() const {
  return Dump({.indent = 2, .spaces = false, .ascii_only = false, .sort_keys = false});
}

}  // namespace atelier
