// What loaders of text share: the source's bytes as a document's text.
#pragma once

#include <vector>

#include "base/result.h"
#include "knowledge/load/load_context.h"
#include "record/document.h"

namespace atelier {

// The source decoded (text_encoding.h); the attribute "encoding" says what it was where it was not UTF-8.
// Errors: kInvalid (no text), kTooLarge.
Result<Document> TextDocument(const Source& source, const LoadContext& context);

// "utf-8" of "text/html; charset=utf-8"; empty where there is none.
std::string_view CharsetOf(std::string_view media_type);

std::vector<Document> OneDocument(Document document);

}  // namespace atelier
