// A part of a document that is found as one: matched by its own span, read with what stands around it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/document.h"

namespace atelier {

struct Chunk {
  TextSpan span;  // of Document::text: what is embedded, indexed and cited
  // What a model is given to read where this chunk is found: the parent's span, the sentences around it. Contains
  // `span`.
  TextSpan shown;
  int32_t first_page = 0, last_page = 0;  // 0: the document has no pages
  std::vector<std::string> heading_path;  // outermost first
  std::string context;  // said before the text where it is embedded and indexed; no part of the source
};

}  // namespace atelier
