// What is done with a corpus as a whole: told of, checked, copied to a folder and brought back. All of it reads beside
// whoever writes the corpus (CorpusLibrary::ReadAsMade).
//
// A snapshot is a folder like a corpus's own: corpus.json and index/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/corpus_library.h"
#include "knowledge/corpus/corpus_import.h"

namespace atelier {

struct CorpusListing {
  CorpusConfig config;
  CorpusStats stats;
  std::string problem;  // why it cannot be opened; then there are no stats
};
// By name; of those that cannot be opened, and those that are configured and not made yet, with the problem.
Result<std::vector<CorpusListing>> ListCorpora(CorpusLibrary& library);

struct CorpusReport {
  CorpusConfig config;
  int32_t dimensions = 0;
  CorpusStats stats;
  std::optional<IndexStats> index;  // where this machine keeps it
  CorpusCapabilities capabilities;
};
Result<CorpusReport> ReportOf(CorpusLibrary& library, const std::string& name);

// Reads every checksum: of the segments, of the log's committed frames, of the manifest. What is damaged now, and what
// was set aside before. Nothing is changed.
Result<std::vector<IndexProblem>> VerifyCorpus(CorpusLibrary& library, const std::string& name);

// Into an empty or missing folder. Errors: kConflict for another one.
Result<void> SnapshotCorpus(Files& files, CorpusLibrary& library, const std::string& name, const std::string& folder);

// Makes corpus `name` (empty: what the snapshot's was called) of a snapshot, or with `replace` puts it in the place of
// the one that is there. The snapshot is checked first and the new index made beside the old one, which stays as it is
// until the new one is whole. Returns the name. Errors: kCorrupt, kConflict where the corpus is there and not to be
// replaced, or is being written or changed.
Result<std::string> RestoreCorpus(Files& files, CorpusLibrary& library, const std::string& folder, std::string name,
                                  bool replace);

// What `atelier corpus export` writes before the records: {"kind": "corpus", "config", "dimensions"}.
Json ExportHeader(const OpenedCorpus& opened);

struct ImportReport {
  std::string name, embedder;  // "none" where the lines have no vectors
  ImportCounts counts;
};
// Makes a corpus of such a file, as RestoreCorpus makes one of a snapshot. Without vectors in it, the corpus is
// searched by words until `corpus reembed`. Errors: kInvalid tells the line.
Result<ImportReport> ImportCorpus(Files& files, CorpusLibrary& library, const std::string& path, std::string name,
                                  bool replace);

}  // namespace atelier
