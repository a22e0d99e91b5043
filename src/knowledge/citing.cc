#include "knowledge/citing.h"

namespace atelier {

Citation CitationOf(const Passage& passage, const Quotable& quotable, int32_t number) {
  Citation citation;
  citation.number = number;
  citation.document_id = passage.document_id;
  citation.title = passage.title;
  citation.span = quotable.span;
  citation.quote = quotable.text;
  citation.first_page = passage.chunk.first_page, citation.last_page = passage.chunk.last_page;
  citation.heading_path = passage.chunk.heading_path;
  return citation;
}

Result<bool> Stands(const Corpus& corpus, const Citation& citation, const Filter& visible) {
  const Result<std::string> there = corpus.Read(citation.document_id, citation.span, visible);
  if (!there.ok() && there.error().kind == ErrorKind::kNotFound) return false;
  if (!there.ok()) return there.error();
  return *there == citation.quote;
}

}  // namespace atelier
