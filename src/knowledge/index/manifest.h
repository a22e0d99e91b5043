// The manifest says what the index is made of: its schema, its segments and which of their records are deleted, and the
// first file of the log that is not in them. Whatever it does not name is no part of the index. A new one replaces the
// old in one step; that is how a flush or a merge happens.
//
// Two files, MANIFEST and then MANIFEST.copy, hold the same bytes, so that one flipped bit does not take the index.
// What a new manifest no longer names is removed only after both are written.
//
//   "ATLMAN01", u32 bytes of the body, u32 CRC-32C of the body, body:
//   u64 version, u64 identity, u64 first log, u64 next file number, text schema (JSON),
//   varint segments, each:   varint number, varint records, varint bytes, deleted
//   varint problems, each:   text file, text what, varint records, deleted
//   deleted: varint how many, and for each record the varint difference to the one before (the first: to -1), less 1
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "knowledge/index/index_record.h"

namespace atelier {

struct ManifestSegment {
  uint64_t number = 0;  // of its file
  uint32_t num_records = 0;
  int64_t size_bytes = 0;
  std::vector<uint32_t> deleted;  // in order
};

// Something that was found damaged and is no part of the index any more.
struct ManifestProblem {
  std::string file;  // what it is called now; empty if it is gone
  std::string what;
  uint32_t num_records = 0;       // of a segment
  std::vector<uint32_t> deleted;  // which of them were deleted anyway
};

struct IndexManifest {
  uint64_t version = 0;
  uint64_t identity = 0;
  uint64_t first_log = 1;
  uint64_t next_file = 1;
  IndexSchema schema;
  std::vector<ManifestSegment> segments;  // oldest first
  std::vector<ManifestProblem> problems;
};

std::string ManifestBytes(const IndexManifest& manifest);
// Errors: kCorrupt, kUnsupported for a newer format.
Result<IndexManifest> ParseIndexManifest(std::string_view bytes);

// Writes both copies; the caller has set a new version.
Result<void> WriteIndexManifest(Files& files, const std::string& folder, const IndexManifest& manifest);

struct FoundManifest {
  std::optional<IndexManifest> manifest;  // none: the folder holds no index
  std::string damaged;                    // the copy that could not be read and why; empty: both are well
};
// Errors: kCorrupt where neither copy can be read.
Result<FoundManifest> FindManifest(Files& files, const std::string& folder);

// The first bytes of both copies, with their versions and checksums: other ones are another manifest.
// Errors: kNotFound where there is neither.   COST: eight system calls.
Result<std::string> ManifestHeads(Files& files, const std::string& folder);

// At random.
uint64_t NewIndexIdentity();

// Whether either copy is there, whatever it holds.
bool HasManifest(Files& files, const std::string& folder);

std::string SegmentFileName(uint64_t number);  // "seg-00000012"

}  // namespace atelier
