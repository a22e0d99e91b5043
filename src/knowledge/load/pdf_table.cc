#include "knowledge/load/pdf_table.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace atelier {
namespace {

constexpr double kMaxRowGap = 2.5;  // between rows of one table, in heights of a line
constexpr double kWrapGap =
    0.45;  // a row nearer than this goes on with cells of the one above, where others are further
constexpr double kAligned = 0.8;  // edges that differ by less, in heights, stand in one line

struct Column {
  double x0 = 0, x1 = 0;
  // Of the lines in it: how far each of its edges and its middle wander.
  std::array<double, 3> least{1e9, 1e9, 1e9}, most{-1e9, -1e9, -1e9};

  void Add(const PdfLine& line) {
    const std::array<double, 3> places{line.x0, (line.x0 + line.x1) / 2, line.x1};
    for (size_t i = 0; i < places.size(); ++i) {
      least[i] = std::min(least[i], places[i]);
      most[i] = std::max(most[i], places[i]);
    }
    x0 = least[0];
    x1 = most[2];
  }
  bool Aligned(double height) const {
    for (size_t i = 0; i < least.size(); ++i) {
      if (most[i] - least[i] <= kAligned * height) return true;
    }
    return false;
  }
};

// How many rows from here stand close enough and have more than one line (or lie between such).
size_t Reach(const std::vector<PdfRow>& rows, size_t from) {
  size_t last = from;
  for (size_t i = from + 1; i < rows.size(); ++i) {
    const double height = rows[i].lines[0].height();
    if (rows[i].y0 - rows[i - 1].y1 > kMaxRowGap * height) break;
    if (rows[i].lines.size() >= 2) last = i;
    if (i - last >= 3) break;  // prose
  }
  return last - from + 1;
}

// Columns by the rows that have the most lines.
std::vector<Column> ColumnsOf(const std::vector<PdfRow>& rows, size_t from, size_t num_rows) {
  size_t most = 0;
  for (size_t i = from; i < from + num_rows; ++i) most = std::max(most, rows[i].lines.size());
  std::vector<Column> columns(most);
  for (size_t i = from; i < from + num_rows; ++i) {
    if (rows[i].lines.size() != most) continue;
    for (size_t j = 0; j < most; ++j) columns[j].Add(rows[i].lines[j]);
  }
  return columns;
}

// The column that a line shares most with; the nearest where it shares with none. More than one: spans them.
size_t ColumnOf(const std::vector<Column>& columns, const PdfLine& line) {
  size_t best = 0;
  double best_shared = -1e9;
  for (size_t j = 0; j < columns.size(); ++j) {
    const double shared = std::min(line.x1, columns[j].x1) - std::max(line.x0, columns[j].x0);
    if (shared > best_shared) {
      best = j;
      best_shared = shared;
    }
  }
  return best;
}

bool AreApart(const std::vector<Column>& columns) {
  for (size_t j = 1; j < columns.size(); ++j) {
    if (columns[j].x0 <= columns[j - 1].x1) return false;
  }
  return true;
}

bool AreAligned(const std::vector<Column>& columns, double height) {
  const auto aligned = std::ranges::count_if(columns, [&](const Column& column) { return column.Aligned(height); });
  return static_cast<double>(aligned) >= 0.6 * static_cast<double>(columns.size());
}

// A row between rows that stand nearer to the one above than rows do goes on with its cells.
bool IsWrapped(const std::vector<PdfRow>& rows, size_t from, size_t num_rows, size_t i) {
  if (i == from) return false;
  const auto gap = [&](size_t k) { return rows[k].y0 - rows[k - 1].y1; };
  double widest = 0;
  for (size_t k = from + 1; k < from + num_rows; ++k) widest = std::max(widest, gap(k));
  const double height = rows[i].lines[0].height();
  const bool some_are_apart = widest > gap(i) + 0.3 * height;
  return gap(i) < kWrapGap * height && some_are_apart;
}

}  // namespace

std::vector<PdfRow> RowsOf(std::vector<PdfLine> lines) {
  std::ranges::stable_sort(lines, {}, [](const PdfLine& line) { return (line.y0 + line.y1) / 2; });
  std::vector<PdfRow> rows;
  for (PdfLine& line : lines) {
    const double middle = (line.y0 + line.y1) / 2;
    if (rows.empty() || middle > rows.back().lines[0].y1 || middle < rows.back().lines[0].y0 ||
        std::abs(middle - (rows.back().lines[0].y0 + rows.back().lines[0].y1) / 2) > 0.5 * line.height()) {
      rows.push_back({{}, line.y0, line.y1});
    }
    PdfRow& row = rows.back();
    row.y0 = std::min(row.y0, line.y0);
    row.y1 = std::max(row.y1, line.y1);
    row.lines.push_back(std::move(line));
  }
  for (PdfRow& row : rows) std::ranges::stable_sort(row.lines, {}, &PdfLine::x0);
  return rows;
}

std::optional<PdfTable> TableAt(const std::vector<PdfRow>& rows, size_t from) {
  if (rows[from].lines.size() < 2) return std::nullopt;
  size_t num_rows = Reach(rows, from);
  std::vector<Column> columns;
  // The longest run from here that aligns.
  for (;; --num_rows) {
    if (num_rows < 2) return std::nullopt;
    if (rows[from + num_rows - 1].lines.size() < 2) continue;
    columns = ColumnsOf(rows, from, num_rows);
    if (AreApart(columns) && AreAligned(columns, rows[from].lines[0].height())) break;
    if (num_rows > 200) num_rows = 200;  // what costs a square is bounded
  }
  PdfTable table{num_rows, {}};
  table.block.kind = PdfBlock::Kind::kTable;
  table.block.line_height = rows[from].lines[0].height();
  for (size_t i = from; i < from + num_rows; ++i) {
    auto& cells = table.block.rows;
    if (!IsWrapped(rows, from, num_rows, i) || cells.empty()) cells.emplace_back(columns.size());
    for (const PdfLine& line : rows[i].lines) {
      std::string& cell = cells.back()[ColumnOf(columns, line)];
      cell.append(cell.empty() ? "" : " ").append(line.text);
    }
  }
  return table;
}

}  // namespace atelier
