// Any bytes to a loader: an error under the source's id, or documents whose text is UTF-8 and whose marks nest.
#pragma once

#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text/utf8.h"
#include "knowledge/load/document_builder.h"
#include "knowledge/load/loader.h"

namespace atelier::testing {

inline void LoadAnyBytes(std::string_view id, std::string bytes) {
  LoadOptions options;
  options.ocr = false;
  options.limits.text_bytes = 4 << 20;
  options.limits.expanded_bytes = 32 << 20;
  options.limits.members = 200;
  const auto documents = LoadDocuments({.id = std::string(id), .bytes = std::move(bytes), .media_type = {}}, options);
  if (!documents.ok()) {
    CHECK_MSG(documents.error().where.starts_with(id), documents.error().Message());
    return;
  }
  for (const Document& document : *documents) {
    CHECK(IsValidUtf8(document.text) && IsValidUtf8(document.title));
    CHECK(document.id.starts_with(id) && !document.media_type.empty() && document.attributes.is_object());
    const std::string fault = FaultOfMarks(document);
    CHECK_MSG(fault.empty(), fault);
  }
}

}  // namespace atelier::testing
