#include "knowledge/load/pdf_layout.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "knowledge/load/office_package.h"
#include "knowledge/load/pdf_table.h"

namespace atelier {
namespace {

constexpr double kParagraphGap = 0.6;    // between lines of one paragraph, in heights
constexpr double kHeightsDiffer = 0.07;  // of letters of another size
constexpr size_t kMinColumnRows = 4;
constexpr size_t kMaxCutLines = 3'000;  // a page with more is read row by row
constexpr size_t kMaxCutSteps = 60;     // places looked at for an end of a part: looking costs a square

double Number(const pugi::xml_node& node, const char* name) { return node.attribute(name).as_double(); }

std::vector<PdfLine> LinesOf(const pugi::xml_node& page) {
  std::vector<PdfLine> lines;
  for (const pugi::xml_node& flow : page) {
    for (const pugi::xml_node& block : flow) {
      for (const pugi::xml_node& node : block) {
        if (LocalName(node) != "line") continue;
        PdfLine line{Number(node, "xMin"), Number(node, "yMin"), Number(node, "xMax"), Number(node, "yMax"), {}};
        for (const pugi::xml_node& word : node) {
          const std::string_view text = word.text().get();
          if (LocalName(word) != "word" || Trim(text).empty()) continue;
          line.text.append(line.text.empty() ? "" : " ").append(text);
        }
        if (!line.text.empty() && line.height() > 0) lines.push_back(std::move(line));
      }
    }
  }
  return lines;
}

int WordsIn(std::string_view text) { return static_cast<int>(std::ranges::count(text, ' ')) + 1; }

// One side of a gutter, seen as prose: enough rows of lines that have words and fill their side.
struct Side {
  double x0 = 1e9, x1 = -1e9, widths = 0, height = 0;
  size_t num_lines = 0, num_characters = 0;
  int num_words = 0;

  void Add(const PdfLine& line) {
    x0 = std::min(x0, line.x0);
    x1 = std::max(x1, line.x1);
    widths += line.width();
    height = std::max(height, line.height());
    ++num_lines;
    num_characters += line.text.size();
    num_words += WordsIn(line.text);
  }
  bool IsProse() const {
    const auto count = static_cast<double>(num_lines);
    return num_lines >= kMinColumnRows && static_cast<double>(num_characters) >= 20 * count && num_words >= 4 * count &&
           widths >= 0.55 * (x1 - x0) * count;
  }
};

using Rows = std::vector<PdfRow>;

// Where a gutter runs through rows [from, to), if both of its sides are prose.
std::optional<double> GutterOf(const Rows& rows, size_t from, size_t to) {
  std::vector<std::pair<double, double>> spans;
  for (size_t i = from; i < to; ++i) {
    for (const PdfLine& line : rows[i].lines) spans.emplace_back(line.x0, line.x1);
  }
  std::ranges::sort(spans);
  double end = spans.empty() ? 0 : spans[0].second;
  for (const auto& [x0, x1] : spans) {
    if (x0 > end + 4) {
      const double at = (x0 + end) / 2;
      Side left, right;
      for (size_t i = from; i < to; ++i) {
        for (const PdfLine& line : rows[i].lines) (line.x1 < at ? left : right).Add(line);
      }
      const double gutter = x0 - end;
      if (left.IsProse() && right.num_lines >= kMinColumnRows &&
          (right.IsProse() || right.widths >= 0.55 * left.widths) &&
          gutter <= 0.5 * std::min(left.x1 - left.x0, right.x1 - right.x0)) {
        return at;
      }
    }
    end = std::max(end, x1);
  }
  return std::nullopt;
}

bool IsBullet(std::string_view text) {
  for (const std::string_view sign : {"•", "◦", "▪", "●", "‣", "–", "-", "*"}) {
    if (text.starts_with(std::string(sign) + " ") || text == sign) return true;
  }
  return false;
}

class Parts {
 public:
  std::vector<PdfBlock> Read(std::vector<PdfLine> lines) {
    Part(RowsOf(std::move(lines)), 0);
    return std::move(blocks_);
  }

 private:
  void Part(Rows rows, int depth) {
    if (rows.empty()) return;
    size_t num_lines = 0;
    for (const PdfRow& row : rows) num_lines += row.lines.size();
    if (num_lines == rows.size() || num_lines > kMaxCutLines || depth > 8) return Leaf(rows);
    // The longest run of rows that a gutter runs through.
    size_t best_from = 0, best_to = 0;
    const size_t step = rows.size() / kMaxCutSteps + 1;
    for (size_t from = 0; from < rows.size(); from += step) {
      for (size_t to = rows.size(); to >= from + kMinColumnRows && to - from > best_to - best_from; to -= step) {
        if (GutterOf(rows, from, to)) {
          best_from = from;
          best_to = to;
        }
      }
    }
    if (best_to == 0) return Leaf(rows);
    while (best_from > 0 && GutterOf(rows, best_from - 1, best_to)) --best_from;
    while (best_to < rows.size() && GutterOf(rows, best_from, best_to + 1)) ++best_to;
    const double gutter = *GutterOf(rows, best_from, best_to);
    const auto at = [&](size_t i) { return rows.begin() + static_cast<int64_t>(i); };
    Rows above(std::make_move_iterator(rows.begin()), std::make_move_iterator(at(best_from)));
    Rows below(std::make_move_iterator(at(best_to)), std::make_move_iterator(rows.end()));
    std::vector<PdfLine> left, right;
    for (size_t i = best_from; i < best_to; ++i) {
      for (PdfLine& line : rows[i].lines) (line.x1 < gutter ? left : right).push_back(std::move(line));
    }
    Part(std::move(above), depth + 1);
    Part(RowsOf(std::move(left)), depth + 1);
    Part(RowsOf(std::move(right)), depth + 1);
    Part(std::move(below), depth + 1);
  }

  // One column: tables and paragraphs from top to bottom.
  void Leaf(const Rows& rows) {
    double left = 1e9, right = -1e9;
    for (const PdfRow& row : rows) {
      left = std::min(left, row.lines.front().x0);
      right = std::max(right, row.lines.back().x1);
    }
    const PdfLine* last = nullptr;
    for (size_t i = 0; i < rows.size();) {
      if (auto table = TableAt(rows, i)) {
        blocks_.push_back(std::move(table->block));
        i += table->num_rows;
        last = nullptr;
        continue;
      }
      for (const PdfLine& line : rows[i].lines) {
        last == nullptr || !GoesOn(*last, line, left, right) ? Begin(line) : Continue(line);
        last = &line;
      }
      ++i;
    }
  }

  bool GoesOn(const PdfLine& last, const PdfLine& line, double left, double right) const {
    const double height = last.height();
    const double gap = line.y0 - last.y1;
    if (gap > kParagraphGap * height || IsBullet(line.text)) return false;
    if (gap < -0.5 * height) return true;  // beside it, in one row
    if (std::abs(line.height() - height) > kHeightsDiffer * height) return false;
    if (IsTableCaption(line.text) || IsFigureCaption(line.text)) return false;
    // Indented behind a line that ended before its time: a paragraph without a gap.
    const bool indented = line.x0 > left + height && last.x0 <= left + 0.3 * height;
    return !(indented && last.x1 < right - 2 * height);
  }

  void Begin(const PdfLine& line) {
    PdfBlock& block = blocks_.emplace_back();
    block.kind = IsBullet(line.text) ? PdfBlock::Kind::kListItem : PdfBlock::Kind::kParagraph;
    block.text = line.text;
    block.line_height = line.height();
    block.num_lines = 1;
  }
  void Continue(const PdfLine& line) {
    JoinLine(blocks_.back().text, line.text);
    ++blocks_.back().num_lines;
  }

  std::vector<PdfBlock> blocks_;
};

// A word of `words` and a number: "Table 3", "TABLE IV", "Tab. 2.1".
bool IsNumbered(std::string_view text, std::initializer_list<std::string_view> words) {
  const std::string lower = LowerCase(text.substr(0, 24));
  for (const std::string_view word : words) {
    if (!lower.starts_with(word)) continue;
    const std::string_view rest = Trim(std::string_view(lower).substr(word.size()));
    const size_t number = std::min(rest.find_first_not_of("0123456789.ivxabc-"), rest.size());
    if (number > 0 && rest[0] != '.')
      return number == rest.size() || std::string_view(": .").find(rest[number]) != std::string_view::npos;
  }
  return false;
}

}  // namespace

bool IsTableCaption(std::string_view text) {
  return IsNumbered(text, {"table ", "tab. ", "tabelle ", "tableau ", "tabla "});
}
bool IsFigureCaption(std::string_view text) {
  return IsNumbered(text, {"figure ", "fig. ", "abbildung ", "abb. ", "figura "});
}

void JoinLine(std::string& text, std::string_view line) {
  const bool broken = text.size() > 1 && text.back() == '-' && text[text.size() - 2] >= 'a' &&
                      text[text.size() - 2] <= 'z' && !line.empty() && IsUnicodeLower(DecodeUtf8(line, 0).value);
  if (broken) {
    text.pop_back();
  } else if (!text.empty()) {
    text += ' ';
  }
  text += line;
}

std::vector<PdfBlock> BlocksOf(std::vector<PdfLine> lines) { return Parts().Read(std::move(lines)); }

Result<PdfText> ReadPdfLayout(std::string_view xhtml) {
  TRY(const auto tree, ParseXml(xhtml));
  const pugi::xml_node html = tree->document_element();
  PdfText text;
  for (const pugi::xml_node& node : Child(html, "head")) {
    const std::string_view name = node.attribute("name").value();
    const std::string_view content = Trim(node.attribute("content").value());
    if (LocalName(node) == "title") text.title = Trim(node.text().get());
    if (name == "Author") text.author = content;
    if (name == "CreationDate") text.date = content;
  }
  for (const pugi::xml_node& node : Descend(html, {"body", "doc"})) {
    if (LocalName(node) != "page") continue;
    text.pages.push_back({Number(node, "width"), Number(node, "height"), BlocksOf(LinesOf(node))});
  }
  return text;
}

}  // namespace atelier
