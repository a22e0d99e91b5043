// Tables among the lines of one part of a page.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "knowledge/load/pdf_layout.h"

namespace atelier {

// Lines that stand beside each other, from left to right.
struct PdfRow {
  std::vector<PdfLine> lines;
  double y0 = 0, y1 = 0;
};

// By y: lines whose middles lie within each other's height are one row.
std::vector<PdfRow> RowsOf(std::vector<PdfLine> lines);

struct PdfTable {
  size_t num_rows = 0;  // of PdfRows that it takes
  PdfBlock block;
};
// The table that begins with rows[from], if one does.
std::optional<PdfTable> TableAt(const std::vector<PdfRow>& rows, size_t from);

}  // namespace atelier
