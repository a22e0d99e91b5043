// A page of a PDF as poppler's `pdftotext -bbox-layout` tells it, put into blocks in reading order.
//
// Poppler gives lines: words of one height that stand close together. What belongs together is found here:
//   - columns: a page is cut where a gutter runs down between two sides that read as prose (lines of words that fill
//     their side); what stands above or below the gutter is a part of its own. Left is read before right.
//   - tables: within a part, rows one below the other of two or more lines beside each other, whose edges align.
//   - paragraphs: lines one below the other of one height, without a gap; a word that a line's end broke is joined
//   again.
//
// Lengths are points (1/72 inch), y grows downwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

struct PdfLine {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  std::string text;
  double height() const { return y1 - y0; }
  double width() const { return x1 - x0; }
};

struct PdfBlock {
  enum class Kind : uint8_t { kParagraph, kListItem, kTable };
  Kind kind = Kind::kParagraph;
  std::string text;        // of paragraphs and items
  double line_height = 0;  // of paragraphs: tells the size of the letters
  int num_lines = 0;
  std::vector<std::vector<std::string>> rows;  // of tables; a cell that is not there is empty
};

struct PdfPage {
  double width = 0, height = 0;
  std::vector<PdfBlock> blocks;
};

struct PdfText {
  std::string title, author, date;
  std::vector<PdfPage> pages;
};

// Reads what pdftotext wrote. Errors: kInvalid, kTooLarge.
Result<PdfText> ReadPdfLayout(std::string_view xhtml);
// Of one page's lines.
std::vector<PdfBlock> BlocksOf(std::vector<PdfLine> lines);

// Appends a line to a paragraph; a word that the line's end broke ("exam-", "ple") is joined.
void JoinLine(std::string& text, std::string_view line);

// "Table 3" or its like at the beginning: the caption of a table; "Figure 3" that of a figure.
bool IsTableCaption(std::string_view text);
bool IsFigureCaption(std::string_view text);

}  // namespace atelier
