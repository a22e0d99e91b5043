// The blocks of a Markdown text, by its lines: headings (of both kinds), paragraphs, lists and quotes that nest, fenced
// and indented code, tables with pipes. Containers open, go on and end as CommonMark 0.31 has it; of inline syntax
// nothing is read.
//
// Each span is exact: from a block's first byte behind the markers of what contains it to the end of its last line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/document.h"

namespace atelier {

struct MarkdownBlocks {
  std::vector<TextMark> marks;
  std::string title;  // of the front matter, or the first heading of level 1
  Json attributes;    // of the front matter: its "key: value" and "key: [a, b]" lines
};

// COST: linear; containers nest 32 deep, what is deeper is text.
MarkdownBlocks ReadMarkdown(std::string_view text);

// A heading's text without its marks: "The **plan**" of "## The **plan** ##".
std::string HeadingText(std::string_view heading);

}  // namespace atelier
