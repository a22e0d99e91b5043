// What stands where in a document: its blocks, its pages, and what each part stands under.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/document.h"

namespace atelier {

// The document's marks, by begin; where a loader has left none of blocks, and the text is Markdown or HTML by its media
// type, what a scan of the source finds.
std::vector<TextMark> MarksOf(const Document& document);

// Headings, paragraphs, items, tables with their rows, code and quotations, without nesting but for rows.   [CommonMark
// 0.31; tables as in GFM]  Front matter counts as code.
std::vector<TextMark> ScanMarkdown(std::string_view text);
// The same of HTML source: elements by their tags; scripts, styles and comments are looked over.
std::vector<TextMark> ScanHtml(std::string_view text);

// Titles and pages by place.
class Outline {
 public:
  Outline(const Document& document, const std::vector<TextMark>& marks);

  // The headings, outermost first, that all of the span's text stands under; text of headings themselves does not
  // count, unless there is nothing else.
  std::vector<std::string> PathOf(TextSpan span) const;
  struct Pages {
    int32_t first = 0, last = 0;
  };
  Pages PagesOf(TextSpan span) const;

 private:
  struct Heading {
    TextSpan span;
    int32_t level = 1;
    int32_t parent = -1;
    int32_t depth = 1;
    std::string title;
  };
  int32_t Common(int32_t a, int32_t b) const;

  std::string_view text_;
  std::vector<Heading> headings_;
  std::vector<TextMark> pages_;
};

}  // namespace atelier
