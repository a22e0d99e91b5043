#include "knowledge/load/markdown_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text/unicode.h"
#include "knowledge/load/document_builder.h"

namespace atelier {
namespace {

using Kind = TextMark::Kind;

constexpr size_t kMaxContainers = 32;
constexpr int kCodeIndent = 4;

// A place within a line, in bytes and in columns (a tab goes on to the next multiple of 4).
struct Cursor {
  std::string_view line;
  size_t at = 0;
  int column = 0;

  bool done() const { return at >= line.size(); }
  char peek() const { return done() ? '\0' : line[at]; }
  void Step() {
    column = line[at] == '\t' ? (column / 4 + 1) * 4 : column + 1;
    ++at;
  }
  int SkipSpace() {
    const int from = column;
    while (!done() && (line[at] == ' ' || line[at] == '\t')) Step();
    return column - from;
  }
  bool Blank() const { return line.find_first_not_of(" \t\f\v", at) == std::string_view::npos; }
  std::string_view rest() const { return line.substr(at); }
};

struct ListMarker {
  size_t bytes = 0;  // "-" or "12."
  bool empty = false;
};

std::optional<ListMarker> ListMarkerAt(std::string_view rest, bool in_paragraph) {
  size_t at = 0;
  if (rest.empty()) return std::nullopt;
  if (rest[0] == '-' || rest[0] == '*' || rest[0] == '+') {
    at = 1;
  } else {
    while (at < rest.size() && at < 9 && rest[at] >= '0' && rest[at] <= '9') ++at;
    if (at == 0 || at >= rest.size() || (rest[at] != '.' && rest[at] != ')')) return std::nullopt;
    // Within a paragraph a number begins a list only with 1: "in\n1984. A year" is prose.
    if (in_paragraph && rest.substr(0, at) != "1") return std::nullopt;
    ++at;
  }
  if (at < rest.size() && rest[at] != ' ' && rest[at] != '\t') return std::nullopt;
  const bool empty = rest.find_first_not_of(" \t", at) == std::string_view::npos;
  if (empty && in_paragraph) return std::nullopt;
  return ListMarker{at, empty};
}

int HeadingLevel(std::string_view rest) {
  const size_t hashes = std::min(rest.find_first_not_of('#'), rest.size());
  if (hashes < 1 || hashes > 6) return 0;
  return hashes == rest.size() || rest[hashes] == ' ' || rest[hashes] == '\t' ? static_cast<int>(hashes) : 0;
}

bool IsRule(std::string_view rest) {
  const char c = rest.empty() ? '\0' : rest[0];
  if (c != '-' && c != '*' && c != '_') return false;
  return rest.find_first_not_of(std::string{c, ' ', '\t'}) == std::string_view::npos &&
         std::ranges::count(rest, c) >= 3;
}

struct Fence {
  char character = '\0';
  size_t length = 0;
  std::string_view info;
};

std::optional<Fence> FenceAt(std::string_view rest) {
  const char c = rest.empty() ? '\0' : rest[0];
  if (c != '`' && c != '~') return std::nullopt;
  const size_t length = std::min(rest.find_first_not_of(c), rest.size());
  const std::string_view info = Trim(rest.substr(length));
  if (length < 3 || (c == '`' && info.find('`') != std::string_view::npos)) return std::nullopt;
  return Fence{c, length, info};
}

bool IsTableRule(std::string_view rest) {
  if (rest.find('-') == std::string_view::npos || rest.find('|') == std::string_view::npos) return false;
  if (rest.find_first_not_of(" \t|:-") != std::string_view::npos) return false;
  for (size_t at = 0; at < rest.size();) {  // each cell: :?-+:?
    const size_t end = std::min(rest.find('|', at), rest.size());
    const std::string_view cell = Trim(rest.substr(at, end - at));
    const bool outer = at == 0 || end == rest.size();
    if (cell.empty() ? !outer
                     : cell.find_first_not_of(':') == std::string_view::npos ||
                           cell.substr(1, cell.size() - 1).find(":-") != std::string_view::npos ||
                           cell.find(' ') != std::string_view::npos) {
      return false;
    }
    at = end + 1;
  }
  return true;
}

// Where a line ends but for white space; 0 for a blank one.
size_t TextEnd(std::string_view line) { return line.find_last_not_of(" \t\f\v") + 1; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<TextMark> Read(size_t from) {
    for (size_t at = from; at < text_.size();) {
      const size_t end = std::min(text_.find('\n', at), text_.size());
      line_begin_ = at;
      next_line_ = std::min(end + 1, text_.size());
      Line(text_.substr(at, end - at));
      at = end + 1;
    }
    EndLeaf();
    EndContainers(0);
    SortMarks(marks_);
    return std::move(marks_);
  }

 private:
  struct Container {
    Kind kind = Kind::kQuote;
    int content_column = 0;  // of a list item
    size_t begin = 0;
    bool empty_start = false;  // a marker alone on its line
  };
  enum class Leaf : uint8_t { kNone, kParagraph, kFence, kIndented, kTable };

  void Line(std::string_view line) {
    Cursor cursor{line};
    const size_t matched = Continue(cursor);
    if (leaf_ == Leaf::kFence && matched == containers_.size()) return FenceLine(cursor);
    if (leaf_ == Leaf::kFence) EndLeaf();
    if (cursor.Blank()) return BlankLine(matched);
    if (matched < containers_.size() && leaf_ == Leaf::kParagraph && !StartsBlock(cursor)) {
      return Extend(line);  // a lazy line of the paragraph
    }
    if (matched < containers_.size()) {
      EndLeaf();
      EndContainers(matched);
    }
    OpenContainers(cursor);
    if (cursor.Blank()) return Touch(cursor);
    LeafLine(cursor);
  }

  // How many of the open containers go on in this line; the cursor stands behind their markers.
  size_t Continue(Cursor& cursor) {
    for (size_t i = 0; i < containers_.size(); ++i) {
      Cursor ahead = cursor;
      const int indent = ahead.SkipSpace();
      if (containers_[i].kind == Kind::kQuote) {
        if (indent >= kCodeIndent || ahead.peek() != '>') return i;
        ahead.Step();
        if (ahead.peek() == ' ') ahead.Step();
        cursor = ahead;
      } else if (!ahead.Blank()) {
        if (ahead.column < containers_[i].content_column) return i;
        while (cursor.column < containers_[i].content_column && !cursor.done()) cursor.Step();
      } else if (containers_[i].empty_start) {
        return i;  // a blank line behind a marker that stands alone ends the item
      }
    }
    return containers_.size();
  }

  bool StartsBlock(Cursor cursor) const {
    if (cursor.SkipSpace() >= kCodeIndent) return false;
    const std::string_view rest = cursor.rest();
    return rest.starts_with('>') || HeadingLevel(rest) > 0 || FenceAt(rest) || IsRule(rest) || ListMarkerAt(rest, true);
  }

  void OpenContainers(Cursor& cursor) {
    while (containers_.size() < kMaxContainers) {
      Cursor ahead = cursor;
      if (ahead.SkipSpace() >= kCodeIndent || IsRule(ahead.rest())) return;
      const size_t begin = line_begin_ + ahead.at;
      if (ahead.peek() == '>') {
        EndLeaf();
        ahead.Step();
        if (ahead.peek() == ' ') ahead.Step();
        containers_.push_back({Kind::kQuote, 0, begin, false});
      } else if (const auto marker = ListMarkerAt(ahead.rest(), leaf_ == Leaf::kParagraph)) {
        EndLeaf();
        for (size_t i = 0; i < marker->bytes; ++i) ahead.Step();
        const int after = ahead.column;
        Cursor content = ahead;
        const int indent = content.SkipSpace();
        // What follows by five columns or more is indented code within the item.
        const int column = marker->empty || indent > kCodeIndent ? after + 1 : content.column;
        while (!ahead.done() && ahead.column < column) ahead.Step();
        containers_.push_back({Kind::kListItem, column, begin, marker->empty});
        end_ = line_begin_ + TextEnd(cursor.line);
      } else {
        return;
      }
      cursor = ahead;
    }
  }
  void LeafLine(Cursor& cursor) {
    if (!containers_.empty()) containers_.back().empty_start = false;
    const int indent = cursor.SkipSpace();
    const std::string_view rest = cursor.rest();
    if (indent >= kCodeIndent && leaf_ != Leaf::kParagraph && leaf_ != Leaf::kTable) {
      if (leaf_ != Leaf::kIndented) StartLeaf(Leaf::kIndented, cursor);
      return Extend(cursor.line);
    }
    if (leaf_ == Leaf::kIndented) EndLeaf();
    if (indent < kCodeIndent && ReadSingle(cursor, rest)) return;
    if (leaf_ == Leaf::kTable) {
      if (rest.find('|') != std::string_view::npos) return Row(cursor);
      EndLeaf();
    }
    if (leaf_ != Leaf::kParagraph && rest.find('|') != std::string_view::npos && IsTableRule(NextLine())) {
      StartLeaf(Leaf::kTable, cursor);
      return Row(cursor);
    }
    if (leaf_ != Leaf::kParagraph) StartLeaf(Leaf::kParagraph, cursor);
    Extend(cursor.line);
  }

  // Headings, rules, the beginning of a fence.
  bool ReadSingle(const Cursor& cursor, std::string_view rest) {
    if (leaf_ == Leaf::kParagraph && (rest[0] == '=' || rest[0] == '-') &&
        Trim(rest).find_first_not_of(rest[0]) == std::string_view::npos) {
      Extend(cursor.line);
      leaf_kind_ = Kind::kHeading;
      number_ = rest[0] == '=' ? 1 : 2;
      EndLeaf();
      return true;
    }
    if (const int level = HeadingLevel(rest); level > 0) {
      EndLeaf();
      StartLeaf(Leaf::kParagraph, cursor);
      leaf_kind_ = Kind::kHeading;
      number_ = level;
      Extend(cursor.line);
      EndLeaf();
      return true;
    }
    if (IsRule(rest)) {
      EndLeaf();
      Touch(cursor);
      return true;
    }
    if (const auto fence = FenceAt(rest)) {
      EndLeaf();
      StartLeaf(Leaf::kFence, cursor);
      fence_ = *fence;
      label_ = std::string(fence->info.substr(0, fence->info.find_first_of(" \t{,")));
      Extend(cursor.line);
      return true;
    }
    return false;
  }

  void FenceLine(Cursor& cursor) {
    Extend(cursor.line);
    if (cursor.SkipSpace() >= kCodeIndent) return;
    const auto end = FenceAt(cursor.rest());
    if (end && end->character == fence_.character && end->length >= fence_.length && end->info.empty()) EndLeaf();
  }

  void BlankLine(size_t matched) {
    if (leaf_ == Leaf::kIndented && matched == containers_.size()) return;  // goes on behind it, perhaps
    EndLeaf();
    // A quote ends with the line that lacks its marker; an item waits for what comes.
    for (size_t i = matched; i < containers_.size(); ++i) {
      if (containers_[i].kind == Kind::kQuote || containers_[i].empty_start) return EndContainers(i);
    }
  }

  void Row(const Cursor& cursor) {
    Extend(cursor.line);
    const std::string_view rest = cursor.rest();
    if (IsTableRule(rest)) return;
    const size_t begin = line_begin_ + cursor.at;
    AddMark(Kind::kTableRow, begin, end_, 0, {});
    int32_t column = 0;
    size_t from = rest.starts_with('|') ? 1 : 0;
    for (size_t i = from; i <= rest.size(); ++i) {
      if (i < rest.size() && (rest[i] != '|' || (i > 0 && rest[i - 1] == '\\'))) continue;
      ++column;
      const std::string_view cell = Trim(rest.substr(from, i - from));
      if (!cell.empty()) {
        const size_t cell_begin = begin + static_cast<size_t>(cell.data() - rest.data());
        AddMark(Kind::kTableCell, cell_begin, cell_begin + cell.size(), column, {});
      }
      from = i + 1;
    }
  }

  // The next line without the markers of quotes.
  std::string_view NextLine() const {
    std::string_view line = text_.substr(next_line_, text_.find('\n', next_line_) - next_line_);
    return Trim(line.substr(std::min(line.find_first_not_of(" \t>"), line.size())));
  }

  void StartLeaf(Leaf leaf, const Cursor& cursor) {
    leaf_ = leaf;
    leaf_begin_ = line_begin_ + cursor.at;
    number_ = 0;
    label_.clear();
    leaf_kind_ = leaf == Leaf::kTable ? Kind::kTable : leaf == Leaf::kParagraph ? Kind::kParagraph : Kind::kCode;
  }
  // The open leaf goes to the end of this line.
  void Extend(std::string_view line) {
    if (const size_t end = TextEnd(line); end > 0) end_ = leaf_end_ = line_begin_ + end;
  }
  // Open containers do.
  void Touch(const Cursor& cursor) { end_ = std::max(end_, line_begin_ + TextEnd(cursor.line)); }

  void EndLeaf() {
    if (leaf_ != Leaf::kNone) AddMark(leaf_kind_, leaf_begin_, leaf_end_, number_, std::move(label_));
    leaf_ = Leaf::kNone;
    label_.clear();
  }
  void EndContainers(size_t from) {
    while (containers_.size() > from) {
      AddMark(containers_.back().kind, containers_.back().begin, end_, 0, {});
      containers_.pop_back();
    }
  }
  void AddMark(Kind kind, size_t begin, size_t end, int32_t number, std::string label) {
    if (begin >= end || marks_.size() >= kMaxMarks) return;
    marks_.push_back({kind, {static_cast<int64_t>(begin), static_cast<int64_t>(end)}, number, std::move(label)});
  }

  const std::string_view text_;
  std::vector<TextMark> marks_;
  std::vector<Container> containers_;
  size_t line_begin_ = 0, next_line_ = 0;
  size_t end_ = 0;  // of the last line that was not blank
  Leaf leaf_ = Leaf::kNone;
  Kind leaf_kind_ = Kind::kParagraph;
  size_t leaf_begin_ = 0, leaf_end_ = 0;
  int32_t number_ = 0;
  std::string label_;
  Fence fence_;
};

std::string Unquoted(std::string_view text) {
  text = Trim(text);
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0]) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

// "---", lines, "---": returns where it ends; 0 where there is none.
size_t ReadFrontMatter(std::string_view text, Json& attributes) {
  if (!text.starts_with("---\n")) return 0;
  const size_t end = text.find("\n---\n", 3);
  if (end == std::string_view::npos || end > 64 << 10) return 0;
  for (size_t at = 4; at < end;) {
    const size_t line_end = std::min(text.find('\n', at), end);
    const std::string_view line = text.substr(at, line_end - at);
    at = line_end + 1;
    const size_t colon = line.find(':');
    const bool has_key =
        colon != std::string_view::npos && colon > 0 && line[0] != ' ' && line[0] != '#' && line[0] != '-';
    if (!has_key) continue;
    std::string_view value = Trim(line.substr(colon + 1));
    if (value.size() >= 2 && value.front() == '[' && value.back() == ']') {
      Json list = Json::Array();
      value = value.substr(1, value.size() - 2);
      for (size_t from = 0; from < value.size();) {
        const size_t comma = std::min(value.find(',', from), value.size());
        list.Push(Unquoted(value.substr(from, comma - from)));
        from = comma + 1;
      }
      attributes.Set(Trim(line.substr(0, colon)), std::move(list));
    } else if (!value.empty()) {
      attributes.Set(Trim(line.substr(0, colon)), Unquoted(value));
    }
  }
  return end + 5;
}

}  // namespace

std::string HeadingText(std::string_view heading) {
  heading = Trim(heading.substr(0, heading.find('\n')));
  if (heading.starts_with('#')) {
    heading = Trim(heading.substr(std::min(heading.find_first_not_of('#'), heading.size())));
    const size_t last = heading.find_last_not_of('#');
    if (last == std::string_view::npos) return {};
    if (last + 1 < heading.size() && heading[last] == ' ') heading = Trim(heading.substr(0, last));
  }
  return std::string(heading);
}

MarkdownBlocks ReadMarkdown(std::string_view text) {
  MarkdownBlocks blocks;
  blocks.attributes = Json::Object();
  blocks.marks = Reader(text).Read(ReadFrontMatter(text, blocks.attributes));
  if (blocks.attributes["title"].is_string()) blocks.title = blocks.attributes["title"].AsString();
  for (const TextMark& mark : blocks.marks) {
    if (!blocks.title.empty()) break;
    if (mark.kind == Kind::kHeading && mark.number == 1) blocks.title = HeadingText(TextOf(text, mark.span));
  }
  blocks.attributes.Erase("title");
  return blocks;
}

}  // namespace atelier
