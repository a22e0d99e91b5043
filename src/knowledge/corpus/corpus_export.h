// A corpus as JSON, a record each, for other programs. Together the records hold all that the corpus does; of the
// vectors only where they are asked for.
//
//   {"kind": "document", "id", "source", "title", "media_type", "attributes", "text",
//    "file": {"bytes", "modified_ns", "hashed_ns", "sha256"}}
//   {"kind": "chunk", "document", "source", "index", "span", "shown", "pages", "headings", "context", "text",
//    "attributes", "hash", "vector", "extras" (chunk_extras.h; of few)}
//
// corpus_import.h makes a corpus of them.
//
// Spans are [begin, end) in bytes of the document's text; a chunk's attributes are its document's.
#pragma once

#include <functional>

#include "base/result.h"
#include "knowledge/index/hybrid_index.h"

namespace atelier {

// Calls `visit` with every record of one moment: chunks in order of document and place, then documents in order of id.
// Errors: the first of `visit`; kCorrupt for a record that is none of a corpus.
Result<void> ExportCorpus(const HybridIndex& index, bool with_vectors,
                          const std::function<Result<void>(const Json& line)>& visit);

}  // namespace atelier
