// A document as a row of blocks: what stands side by side at the top, and where each may be cut if it must.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/document.h"

namespace atelier {

struct Block {
  TextMark::Kind kind = TextMark::Kind::kParagraph;
  TextSpan span;
  int32_t level = 0;            // of headings
  std::string label;            // of code: its language
  std::vector<int64_t> inner;   // where rows, items and lines within begin
  bool begins_message = false;  // a mail or a record begins with it
};

// Blocks in order, covering all of the text that is not white space. Items that follow one another are one block, so
// are a table and the captions beside it. Text without marks is cut into paragraphs at blank lines.
//   marks   MarksOf(document)
std::vector<Block> BlocksOf(std::string_view text, const std::vector<TextMark>& marks);

}  // namespace atelier
