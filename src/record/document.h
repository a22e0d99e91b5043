// A document as a loader read it: its text, and marks that say what each part of the text is.
//
// The text is what is stored, cited and quoted: every span of bytes, here and in chunks, is one of `text`. Where the
// source is plain text, Markdown or code in UTF-8 with '\n' ends of lines and no byte-order mark, `text` is the source
// byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/json.h"

namespace atelier {

// Bytes [begin, end) of a text; both lie between characters.
struct TextSpan {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
  bool empty() const { return begin >= end; }
  bool operator==(const TextSpan&) const = default;
};

inline std::string_view TextOf(std::string_view text, TextSpan span) {
  return text.substr(static_cast<size_t>(span.begin), static_cast<size_t>(span.size()));
}

// What a part of a text is. Marks may nest (a row in a table) and never cross.
struct TextMark {
  enum class Kind : uint8_t {
    kPage,       // number: of the page, from 1; of slides and sheets too (label: the sheet's name)
    kHeading,    // number: level, from 1
    kParagraph,  // prose that belongs together
    kListItem,
    kTable,  // with its caption, if it has one
    kTableRow,
    kTableCell,  // number: of the column, from 1; label: the column's name, if it has one that the text does not say
    kCaption,
    kCode,  // label: the language, if it is told
    kQuote,
    kMessage,  // one mail of an mbox, one record of JSONL
  };
  Kind kind = Kind::kParagraph;
  TextSpan span;
  int32_t number = 0;
  std::string label;
};

struct Document {
  std::string id;  // unique in its corpus and stable: the file's path below the folder; "a.zip!/b.md" in archives
  std::string media_type;       // "text/markdown"
  std::string title;            // empty: none was found
  std::string text;             // UTF-8, valid
  std::vector<TextMark> marks;  // by begin; of those that begin together the longest first
  Json attributes;              // an object of strings, numbers, booleans and arrays of strings: author, date, ...
};

}  // namespace atelier
