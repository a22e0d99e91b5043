// A corpus from the lines of corpus_export.h: nothing is loaded, cut or embedded again.
//
// Lines may come in any order but that a document's chunks are numbered from 0; what is not as an export writes it is
// an error that names the line and the key. The lines are read twice, so that no more than a batch of documents is in
// memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "knowledge/corpus/corpus.h"

namespace atelier {

struct ImportCounts {
  int64_t num_documents = 0, num_chunks = 0, num_vectors = 0;
};

// Calls `put` with the documents in the order of their lines, some at a time. `dimensions` is that of the vectors that
// are taken; 0: those of the lines are left out. Lines of another kind than these two are passed over.
// Errors: kInvalid; the first of `put`.
Result<ImportCounts> ImportCorpusLines(std::string_view lines, int32_t dimensions,
                                       const std::function<Result<void>(std::vector<IndexedDocument>)>& put);

}  // namespace atelier
