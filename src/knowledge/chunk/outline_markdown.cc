#include <algorithm>
#include <cctype>

#include "knowledge/chunk/outline.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

struct Line {
  int64_t begin = 0, end = 0;  // without its end of line
  std::string_view text;       // without white space before and after
  int64_t indent = 0;          // columns; a tab counts 4
  bool blank() const { return text.empty(); }
};

std::vector<Line> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    Line line;
    line.begin = static_cast<int64_t>(at);
    line.text = text.substr(at, end - at);
    while (line.text.ends_with(' ') || line.text.ends_with('\t') || line.text.ends_with('\r')) {
      line.text.remove_suffix(1);
    }
    line.end = line.begin + static_cast<int64_t>(line.text.size());
    while (line.text.starts_with(' ') || line.text.starts_with('\t')) {
      line.indent += line.text[0] == '\t' ? 4 : 1;
      line.text.remove_prefix(1);
    }
    lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

size_t CountOf(std::string_view text, char c) { return std::min(text.find_first_not_of(c), text.size()); }

// ``` or ~~~; 0 where the line is no fence.
size_t FenceLength(const Line& line) {
  if (line.indent > 3 || line.blank() || (line.text[0] != '`' && line.text[0] != '~')) return 0;
  const size_t length = CountOf(line.text, line.text[0]);
  if (length < 3 || (line.text[0] == '`' && line.text.substr(length).contains('`'))) return 0;
  return length;
}

int32_t HeadingLevel(const Line& line) {
  const size_t signs = line.blank() || line.text[0] != '#' || line.indent > 3 ? 0 : CountOf(line.text, '#');
  const bool ends = signs == line.text.size() || line.text[signs] == ' ' || line.text[signs] == '\t';
  return signs >= 1 && signs <= 6 && ends ? static_cast<int32_t>(signs) : 0;
}

// How far a list's sign reaches into the line: "- ", "3. "; 0: it begins no item.
size_t ItemSign(const Line& line) {
  if (line.blank()) return 0;
  const std::string_view text = line.text;
  size_t sign = 0;
  if (text[0] == '-' || text[0] == '*' || text[0] == '+') {
    sign = 1;
  } else {
    while (sign < text.size() && sign < 9 && std::isdigit(static_cast<unsigned char>(text[sign])) != 0) ++sign;
    if (sign == 0 || sign >= text.size() || (text[sign] != '.' && text[sign] != ')')) return 0;
    ++sign;
  }
  return sign == text.size() || text[sign] == ' ' || text[sign] == '\t' ? sign : 0;
}

bool IsRule(const Line& line) {
  if (line.blank() || line.indent > 3 || !std::string_view("-*_").contains(line.text[0])) return false;
  const char sign = line.text[0];
  return std::ranges::count(line.text, sign) >= 3 &&
         std::ranges::all_of(line.text, [sign](char c) { return c == sign || c == ' ' || c == '\t'; });
}

// |---|:-:|
bool IsTableRule(const Line& line) {
  return line.text.contains('|') && line.text.contains('-') &&
         line.text.find_first_not_of("|-: \t") == std::string_view::npos;
}

bool IsUnderline(const Line& line) {
  return !line.blank() && line.indent <= 3 && (line.text[0] == '=' || line.text[0] == '-') &&
         CountOf(line.text, line.text[0]) == line.text.size();
}

class MarkdownScanner {
 public:
  explicit MarkdownScanner(std::string_view text) : lines_(LinesOf(text)) {}

  std::vector<TextMark> Run() {
    FrontMatter();
    while (at_ < lines_.size()) {
      const Line& line = lines_[at_];
      if (line.blank()) {
        ++at_;
      } else if (FenceLength(line) > 0) {
        Fence();
      } else if (const int32_t level = HeadingLevel(line); level > 0) {
        Add(Kind::kHeading, at_, at_, level);
        ++at_;
      } else if (IsTableAt(at_)) {
        Table();
      } else if (IsRule(line)) {
        Add(Kind::kParagraph, at_, at_);
        ++at_;
      } else if (ItemSign(line) > 0) {
        Item();
      } else if (line.text[0] == '>') {
        Lines(Kind::kQuote, [](const Line& next) { return next.text[0] == '>'; });
      } else {
        Paragraph();
      }
    }
    return std::move(marks_);
  }

 private:
  void Add(Kind kind, size_t first, size_t last, int32_t number = 0, std::string_view label = {}) {
    TextMark mark;
    mark.kind = kind;
    mark.span = {lines_[first].begin, lines_[last].end};
    mark.number = number, mark.label = label;
    marks_.push_back(std::move(mark));
  }

  void FrontMatter() {
    if (lines_.empty() || lines_[0].text != "---" || lines_[0].indent != 0) return;
    for (size_t i = 1; i < lines_.size(); ++i) {
      if (lines_[i].text != "---" && lines_[i].text != "...") continue;
      Add(Kind::kCode, 0, i, 0, "yaml");
      at_ = i + 1;
      return;
    }
  }

  void Fence() {
    const size_t first = at_, length = FenceLength(lines_[at_]);
    const char sign = lines_[at_].text[0];
    std::string_view label = lines_[at_].text.substr(length);
    label.remove_prefix(CountOf(label, ' '));
    label = label.substr(0, label.find_first_of(" \t{,"));
    const auto closes = [&](const Line& line) {
      return line.indent <= 3 && CountOf(line.text, sign) >= length && CountOf(line.text, sign) == line.text.size();
    };
    for (++at_; at_ < lines_.size() && !closes(lines_[at_]);) ++at_;
    const size_t last = std::min(at_, lines_.size() - 1);
    at_ = last + 1;
    Add(Kind::kCode, first, last, 0, label);
  }

  bool IsTableAt(size_t i) const {
    return i + 1 < lines_.size() && lines_[i].text.contains('|') && IsTableRule(lines_[i + 1]);
  }

  void Table() {
    const size_t first = at_, table = marks_.size();
    while (at_ < lines_.size() && lines_[at_].text.contains('|')) ++at_;
    Add(Kind::kTable, first, at_ - 1);
    for (size_t row = first; row < at_; ++row) {
      if (row != first + 1) Add(Kind::kTableRow, row, row);
    }
    // The rule under the header belongs to it.
    marks_[table + 1].span.end = lines_[first + 1].end;
  }

  // An item with what is indented under it; items within are items of their own.
  void Item() {
    const size_t first = at_;
    const int64_t inner = lines_[at_].indent + static_cast<int64_t>(ItemSign(lines_[at_])) + 1;
    size_t last = at_;
    for (++at_; at_ < lines_.size(); ++at_) {
      const Line& line = lines_[at_];
      if (line.blank()) continue;
      if (ItemSign(line) > 0 || HeadingLevel(line) > 0) break;
      const bool after_blank = lines_[at_ - 1].blank();
      if (line.indent < inner && (after_blank || FenceLength(line) > 0 || IsRule(line))) break;
      if (IsIndentedFence(line)) SkipFence();
      last = at_;
    }
    at_ = last + 1;
    Add(Kind::kListItem, first, last);
  }

  // Code within an item stays in it whatever it looks like.
  static bool IsIndentedFence(const Line& line) { return line.text.starts_with("```") || line.text.starts_with("~~~"); }
  void SkipFence() {
    const char sign = lines_[at_].text[0];
    const size_t length = CountOf(lines_[at_].text, sign);
    size_t end = at_ + 1;
    while (end < lines_.size()) {
      if (CountOf(lines_[end].text, sign) >= length) break;
      ++end;
    }
    at_ = std::min(end, lines_.size() - 1);
  }

  template <class Goes>
  void Lines(Kind kind, Goes goes) {
    const size_t first = at_;
    while (at_ < lines_.size() && !lines_[at_].blank() && goes(lines_[at_])) ++at_;
    Add(kind, first, at_ - 1);
  }

  void Paragraph() {
    const size_t first = at_;
    for (++at_; at_ < lines_.size(); ++at_) {
      const Line& line = lines_[at_];
      if (IsUnderline(line)) {
        Add(Kind::kHeading, first, at_, line.text[0] == '=' ? 1 : 2);
        ++at_;
        return;
      }
      if (line.blank() || FenceLength(line) > 0 || HeadingLevel(line) > 0 || IsTableAt(at_) || ItemSign(line) > 0 ||
          line.text[0] == '>') {
        break;
      }
    }
    Add(Kind::kParagraph, first, at_ - 1);
  }

  const std::vector<Line> lines_;
  size_t at_ = 0;
  std::vector<TextMark> marks_;
};

}  // namespace

std::vector<TextMark> ScanMarkdown(std::string_view text) { return MarkdownScanner(text).Run(); }

}  // namespace atelier
