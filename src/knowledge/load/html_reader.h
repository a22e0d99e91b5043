// What a person reads of an HTML page: text in order, with marks for headings, paragraphs, lists, tables, code and
// quotes.
//
// Left out: scripts, styles, templates, navigation (nav, menus, role="navigation"), form controls, what is hidden,
// frames, drawings. A table of cells is kept with its caption, one row a line, cells parted by " | "; a table that
// holds tables is layout, and only its content is kept. Pictures give their alternative text.
//
// Parsing is gumbo's [HTML5, section 13], in an arena of bounded size and within a time: deep nesting and adoption of
// formatting elements, which cost other readers the stack or quadratic memory, end in kTooLarge or kTimeout.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/json.h"
#include "knowledge/load/document_builder.h"

namespace atelier {

struct HtmlFacts {
  std::string title;
  Json attributes;  // author, description, date, language: as the page's head has them
};

// REQUIRES: `html` is UTF-8.
Result<HtmlFacts> ReadHtml(std::string_view html, std::chrono::milliseconds time, DocumentBuilder& builder);

// The encoding that the page's head names, or empty.
std::string_view DeclaredHtmlEncoding(std::string_view bytes);

}  // namespace atelier
