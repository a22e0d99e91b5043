// One index, one commit: BM25 postings, vectors, attributes and stored payloads of the same records.
//
// A record is put or removed as a whole; a batch of both is one commit, all or nothing, durable before Apply returns.
// A search sees one commit: both of its legs, counts and payloads are of the same moment.
// Thread-safe: any number of readers beside writers; neither waits for the other. Writers that come at the same time
// share one sync.
//
// What is visible to an asker (`visible`) is all there is to him: ids, scores, counts, facets and suggestions are those
// that an index would give that had only ever held these records (an approximate search by vector may differ in
// recall).
//
// How it works: a commit goes to the log (write_log.h) and, as a small segment (segment.h), to memory; what memory
// holds is flushed into segment files, which are merged in the background; the manifest (manifest.h) says which count.
// docs/index_format.md tells the whole. Open and Close of an index that holds little cost a few small files.
//
// Deleting: a deleted record is found no more at once, and its bytes are gone from the index's folder after Compact.
// What the disk, the file system's journal or its snapshots keep of removed files is below us; so are files set aside
// as damaged, until DiscardAside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "base/text/json.h"
#include "knowledge/index/attribute_columns.h"
#include "knowledge/index/filter.h"
#include "knowledge/index/index_record.h"

namespace atelier {

struct IndexQuery {
  std::string text;           // words, "phrases", prefix*, fuzzy~; empty: no search by words
  std::vector<float> vector;  // empty: no search by vector
  Filter filter;              // what the asker wants; default: everything
  Filter visible;             // what the asker may know of; statistics are over this set
  int32_t top_k = 10;         // of each leg
  double recall = 0.99;       // wanted of the search by vector where it is approximate
  // Attributes whose values are counted over what matches: visible, passing the filter, and having a word of `text`
  // where there is one.
  std::vector<std::string> facets;
  int32_t max_facet_values = 10;
};

struct IndexHit {
  std::string id;
  double score = 0;  // BM25 in one leg, similarity in the other (of L2 the negated squared distance)
  bool operator==(const IndexHit&) const = default;
};
struct IndexFacet {
  std::string key;
  std::vector<FacetCount> values;  // most frequent first, then in order of value
};
struct IndexHits {
  std::vector<IndexHit> by_text, by_vector;  // best first; of equal ones the one that was put first
  int64_t num_matching_text = 0;             // visible records that pass the filter and match the query
  std::vector<IndexFacet> facets;            // as asked for
};

struct IndexSuggestion {
  std::string text;
  int64_t num_records = 0;
};

// A part of a payload where it lies: nothing is copied.
struct PayloadView {
  std::string_view bytes;
  std::shared_ptr<const void> owner;  // `bytes` live as long
};

struct IndexStats {
  int64_t num_records = 0, num_deleted = 0;  // deleted ones still take room
  int64_t num_segments = 0;                  // files
  int64_t num_memory_segments = 0;
  int64_t num_terms = 0;    // of each segment: one that several have counts in each
  int64_t num_vectors = 0;  // of living records
  int64_t segment_bytes = 0, memory_bytes = 0, log_bytes = 0;
  int64_t num_problems = 0;
};

// Something that was found damaged. It is no part of the index any more; all else is.
struct IndexProblem {
  std::string file;  // in the index's folder; empty if it is gone
  std::string what;
  std::vector<std::string> ids;  // of the records that are lost, where they can still be read
};

struct RecordFingerprint {
  std::string id;
  uint64_t fingerprint = 0;
};

struct IndexOptions {
  int64_t flush_bytes = 32 << 20;              // of the log, at which memory becomes a segment file
  int64_t verify_bytes = int64_t{4} << 30;     // of segments whose checksums are read when the index is opened
  int64_t max_merge_bytes = int64_t{4} << 30;  // larger segments are not made by merging
  // Merges and flushes run on a thread that all indexes share. False: they run within Apply (for tests).
  bool in_background = true;
};

class HybridIndex {
 public:
  // Opens or makes the index in `folder`. What a crash left half done is finished or undone; a damaged segment is set
  // aside and told by Problems(). Errors: kConflict where the schema differs or another process has it open for
  // writing.
  static Result<std::unique_ptr<HybridIndex>> Open(Files& files, const std::string& folder, IndexSchema schema,
                                                   IndexOptions options = {});
  // With the schema that it was made with. kNotFound if there is none.
  static Result<std::unique_ptr<HybridIndex>> OpenExisting(Files& files, const std::string& folder,
                                                           IndexOptions options = {});
  // For reading alone, beside whoever writes: no lock is taken, nothing is written, and every read is of the newest
  // commit that was acknowledged by then, never of an older one than the read before (followed_index.h tells how). An
  // index that is gone stays as it was seen last. What changes it is kConflict. Errors: kNotFound if there is none.
  static Result<std::unique_ptr<HybridIndex>> Follow(Files& files, const std::string& folder,
                                                     IndexOptions options = {});
  // Keeps writers out of the index in `folder` while it is held. kConflict if one is there.
  static Result<std::shared_ptr<const void>> Lock(Files& files, const std::string& folder);
  virtual ~HybridIndex() = default;

  virtual const IndexSchema& schema() const = 0;

  virtual Result<void> Apply(IndexBatch batch) = 0;
  virtual Result<IndexHits> Search(const IndexQuery& query) const = 0;
  // The whole record but its vector; none if there is none, or `visible` hides it.
  virtual Result<std::optional<IndexRecord>> Get(std::string_view id, const Filter& visible) const = 0;
  virtual Result<std::optional<Json>> GetAttributes(std::string_view id, const Filter& visible) const = 0;
  // Bytes [begin, end) of a record's payload, as far as there are any.
  virtual Result<std::optional<std::string>> GetPayload(std::string_view id, int64_t begin, int64_t end,
                                                        const Filter& visible) const = 0;
  virtual Result<std::optional<PayloadView>> ViewPayload(std::string_view id, int64_t begin, int64_t end,
                                                         const Filter& visible) const = 0;
  // As it was put, to the storage's precision (and under kCosine of length 1); none where the record is not there or
  // has none.
  virtual Result<std::optional<std::vector<float>>> GetVector(std::string_view id) const = 0;
  // Ids of visible records that pass the filter, in order of id, those after `after`.
  virtual Result<std::vector<std::string>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                                int32_t limit) const = 0;
  // How many List would give without a limit.
  virtual Result<int64_t> Count(const Filter& filter, const Filter& visible) const = 0;
  // Words that begin with the last word of `typed`, or are spelt nearly so, most frequent first.
  virtual Result<std::vector<IndexSuggestion>> Suggest(std::string_view typed, const Filter& visible,
                                                       int32_t limit) const = 0;
  // Calls `visit` with every record as one JSON object (id, texts, attributes, payload, vector) in order of id, of one
  // moment. Ends with the first error of `visit`.
  virtual Result<void> Export(const std::function<Result<void>(const Json& record)>& visit) const = 0;

  // Of every record, in order of id. Two records with the same id and fingerprint are the same but for their vectors.
  virtual Result<std::vector<RecordFingerprint>> Fingerprints() const = 0;

  // Memory becomes a segment file.
  virtual Result<void> Flush() = 0;
  // Flushes, and writes anew whatever holds deleted records, so that their bytes are in no file of the folder.
  virtual Result<void> Compact() = 0;
  // Writes the index as it is now to an empty or missing folder, beside other writers: Open opens it. Segments are
  // linked where the file system can, else copied.
  virtual Result<void> Snapshot(const std::string& folder) const = 0;
  // Reads every checksum. What is damaged is set aside; the problems found now. One that follows reads the log's too,
  // and sets nothing aside.
  virtual Result<std::vector<IndexProblem>> Verify() = 0;
  // All that was set aside and not discarded.
  virtual Result<std::vector<IndexProblem>> Problems() const = 0;
  // Removes what was set aside.
  virtual Result<void> DiscardAside() = 0;
  virtual Result<IndexStats> Stats() const = 0;
};

}  // namespace atelier
