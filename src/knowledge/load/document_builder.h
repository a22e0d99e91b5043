// Writes a document's text from front to back, with marks that nest and begin and end at text, never at white space.
//
//   DocumentBuilder builder(context.text_left());
//   builder.Begin(TextMark::Kind::kHeading, 1);
//   builder.Inline("  Of \n Things ");     // white space runs become one space, none at the ends: "Of Things"
//   builder.End();                          // the mark, and a break behind it
//   builder.Raw("  kept   as it is\n");
//
// Text that is not UTF-8, and NUL, become U+FFFD. Beyond the limit text is dropped, and Take gives kTooLarge.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/document.h"

namespace atelier {

// Marks of one document: what is beyond has text and no marks (cells from half of it on), so that a table of millions
// of cells costs what its text costs.
inline constexpr size_t kMaxMarks = 2'000'000;

class DocumentBuilder {
 public:
  explicit DocumentBuilder(int64_t max_text_bytes) : max_text_bytes_(max_text_bytes) {}

  // Opens a mark at the next text. A mark without text is dropped.
  void Begin(TextMark::Kind kind, int32_t number = 0, std::string label = {});
  // Closes the mark opened last. What comes next stands on a new line; after a paragraph, heading, table, code, quote,
  // message or page after an empty one.
  void End();
  bool has_open_marks() const { return !open_.empty(); }

  // Text within a line: runs of white space become one space.
  void Inline(std::string_view text);
  // Text as it is.
  void Raw(std::string_view text);
  // The next text stands on a new line (1), or after an empty line (2). Nothing at the beginning; a space within a
  // cell.
  void Break(int newlines);
  // Put between what stands and the next text on the same line: " | " between cells. Nothing where a line begins.
  void Separate(std::string_view separator);

  int64_t size() const { return static_cast<int64_t>(text_.size()); }
  bool over_limit() const { return over_limit_; }
  std::string_view text() const { return text_; }

  // Moves text and marks into `document`, closing what is open. Errors: kTooLarge.
  Result<void> Take(Document& document);

 private:
  void Append(std::string_view text);
  void Flush();

  struct OpenMark {
    TextMark mark;
    bool started = false;
  };
  const int64_t max_text_bytes_;
  std::string text_;
  std::vector<OpenMark> open_;
  std::vector<TextMark> closed_;
  int open_cells_ = 0;
  int pending_newlines_ = 0;
  std::string pending_separator_;
  bool over_limit_ = false;
};

// In the order of Document::marks: by begin, of those that begin together the longest first, of equal spans the outer
// kind (page, message, table, row, cell) first.
void SortMarks(std::vector<TextMark>& marks);
// Whether all marks lie within the text, between characters, in that order, and nest. Else what is wrong.
std::string FaultOfMarks(const Document& document);

}  // namespace atelier
