// The container of a segment: named sections of bytes, each with its checksum, in one file that is written once and
// never changed; or the same bytes in memory.
//
//   offset  bytes
//   0       8     "ATLSEG01"
//   8       8     size of the whole
//   16      4     number of records
//   20      4     number of sections, at most kMaxSections
//   24      4     CRC-32C of the section table
//   28      4     CRC-32C of the 28 bytes before this
//   32      32*n  section table: kind (4), CRC-32C of the section (4), offset (8), size (8), zero (8)
//   ...           sections, each from a multiple of 64 on
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"

namespace atelier {

// Numbers are part of the format. kText and kVectors belong to text/ and vector/.
enum class SectionKind : uint32_t { kIds = 1, kStored = 2, kPayloads = 3, kAttributes = 4, kText = 5, kVectors = 6 };
std::string_view SectionName(SectionKind kind);

struct NewSection {
  SectionKind kind;
  std::string bytes;  // not empty: a section without bytes is left out
};

class SegmentFile {
 public:
  static constexpr uint32_t kMaxSections = 32;

  // Checks the header and that every section lies within; the sections' own checksums are for Verify. Errors: kCorrupt
  // with `name` as where; kUnsupported for a newer format.
  static Result<SegmentFile> Read(std::string name, FileBytes bytes);
  // The same bytes in memory.
  static SegmentFile InMemory(uint32_t num_records, std::vector<NewSection> sections);
  // Writes and syncs; the folder's names are the caller's to sync.
  static Result<void> Write(Files& files, const std::string& path, uint32_t num_records,
                            const std::vector<NewSection>& sections);

  uint32_t num_records() const { return num_records_; }
  int64_t size_bytes() const { return static_cast<int64_t>(bytes_.bytes.size()); }
  // Empty if there is none of that kind.
  std::span<const std::byte> Section(SectionKind kind) const;
  // Reads everything. kCorrupt names the first section whose checksum is wrong.
  Result<void> Verify() const;
  Result<void> Verify(SectionKind kind) const;
  const std::string& name() const { return name_; }
  std::span<const std::byte> bytes() const { return bytes_.bytes; }

 private:
  struct Entry {
    SectionKind kind;
    uint32_t crc;
    std::span<const std::byte> bytes;
  };
  Result<void> Verify(const Entry& entry) const;

  std::string name_;
  FileBytes bytes_;
  uint32_t num_records_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace atelier
