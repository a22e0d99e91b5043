#include "knowledge/citing.h"

#include "knowledge/support.h"

namespace atelier {

FoundSupport FindSupport(std::string_view claim, const std::vector<Quotable>& quotables,
                         const std::function<bool(const Quotable&)>& is_named, double at_least,
                         const Analyzer& analyzer) {
  const std::string_view says = WhatItSays(claim, analyzer);
  if (says.empty()) return {};
  for (const bool only_named : {true, false}) {
    FoundSupport best;
    for (const Quotable& quotable : quotables) {
      if (only_named && !is_named(quotable)) continue;
      const double support = Support(SupportFiguresOf(says, quotable.said, analyzer));
      if (best.quotable == nullptr || support > best.support) best = {&quotable, support};
    }
    if (best.quotable != nullptr && best.support >= at_least) return best;
  }
  return {};
}

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
