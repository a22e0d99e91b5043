#include <algorithm>
#include <array>

#include "knowledge/chunk/code_readers.h"

namespace atelier {
namespace {

using Kind = CodeToken::Kind;

constexpr int64_t kMaxIndentBytes = 1000;

// They go on with the statement above them.
constexpr std::array<std::string_view, 4> kGoesOn = {"elif", "else", "except", "finally"};

class IndentReader {
 public:
  IndentReader(const CodeView& view, CodeRange range) : view_(view), range_(range) {}

  std::vector<CodeItem> Run() {
    ReadLines();
    std::vector<CodeItem> items;
    for (size_t line = 0; line < lines_.size();) {
      const size_t end = ItemEnd(line);
      items.push_back(ItemOf(line, end));
      line = end;
    }
    return items;
  }

 private:
  struct Line {
    size_t first = 0, last = 0;  // tokens
    int64_t indent = 0;
    bool is_comment = false;
  };

  // Lines of code: what brackets and strings hold together is one.
  void ReadLines() {
    size_t at = range_.first;
    while (at < range_.last) {
      Line line;
      line.first = at;
      line.indent = IndentOf(view_.tokens[at].span.begin);
      line.is_comment = view_.tokens[at].kind == Kind::kComment;
      do {
        const CodeToken& token = view_.tokens[at];
        const bool opens = token.kind == Kind::kOpen && token.match > 0;
        at = opens ? std::min(range_.last, static_cast<size_t>(token.match) + 1) : at + 1;
      } while (at < range_.last && !view_.tokens[at].begins_line);
      line.last = at;
      lines_.push_back(line);
    }
  }

  int64_t IndentOf(int64_t at) const {
    int64_t indent = 0;
    const int64_t least = std::max<int64_t>(0, at - kMaxIndentBytes);
    for (int64_t i = at; i > least && view_.text[static_cast<size_t>(i - 1)] != '\n'; --i) {
      indent += view_.text[static_cast<size_t>(i - 1)] == '\t' ? 8 : 1;
    }
    return indent;
  }

  std::string_view FirstWord(const Line& line) const { return view_.Word(line.first); }

  // An item is a line with those that stand deeper, with what goes on with it, and with decorators and comments above.
  size_t ItemEnd(size_t line) const {
    const size_t first = line;
    while (line < lines_.size() && lines_[line].is_comment) {
      ++line;
      if (line < lines_.size() && view_.IsBlankBefore(lines_[line].first)) return line;
    }
    while (line < lines_.size() && view_.tokens[lines_[line].first].Is('@')) ++line;
    if (line >= lines_.size()) return line;
    const int64_t indent = lines_[line].indent;
    size_t end = line + 1;
    for (size_t next = end; next < lines_.size(); ++next) {
      const Line& other = lines_[next];
      if (other.is_comment) continue;  // whose it is shows in what follows
      const bool goes_on = other.indent == indent && std::ranges::find(kGoesOn, FirstWord(other)) != kGoesOn.end();
      if (other.indent <= indent && !goes_on) break;
      end = next + 1;
    }
    // Comments behind that stand deeper belong to the body.
    while (end < lines_.size() && lines_[end].is_comment && lines_[end].indent > indent) ++end;
    return std::max(end, first + 1);
  }

  CodeItem ItemOf(size_t first, size_t end) const {
    CodeItem item;
    const size_t last_token = lines_[end - 1].last;
    item.after_blank = view_.IsBlankBefore(lines_[first].first);
    item.span = {view_.tokens[lines_[first].first].span.begin, view_.tokens[last_token - 1].span.end};
    size_t head = first;
    while (head + 1 < end && (lines_[head].is_comment || view_.tokens[lines_[head].first].Is('@'))) ++head;
    if (head + 1 < end) item.inner.push_back({lines_[head + 1].first, last_token, false});
    const std::string_view word = FirstWord(lines_[head]);
    item.defines = word == "class" || word == "def" || word == "async";
    if (!item.defines) return item;
    size_t colon = lines_[head].last - 1;
    while (colon > lines_[head].first && !view_.tokens[colon].Is(':')) --colon;
    item.head = {view_.tokens[lines_[head].first].span.begin, view_.tokens[colon].span.begin};
    return item;
  }

  const CodeView& view_;
  const CodeRange range_;
  std::vector<Line> lines_;
};

}  // namespace

std::vector<CodeItem> ItemsByIndentation(const CodeView& view, CodeRange range) {
  return IndentReader(view, range).Run();
}

}  // namespace atelier
