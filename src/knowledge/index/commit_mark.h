// How far the log is committed, for those that read an index which somebody else writes: a frame that is in the file
// may still fail its sync, and then it never was.
//
// COMMITTED, 40 bytes written in place and never synced:
//   u64 the index's identity, u64 Files::Boot(), u64 number of the log's file, u64 where its last synced frame ends,
//   u32 CRC-32C of the bytes before, u32 zero
//
// The writer sets it when it has opened the index, before its first append, and after each sync, before the commit is
// acknowledged. What it said under another boot counts for nothing: then nobody has opened the index since, and the log
// is what a recovery would make of it. The same holds where it is torn, since no append begins while it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/io/files.h"
#include "base/result.h"
#include "knowledge/index/write_log.h"

namespace atelier {

class CommitMark {
 public:
  CommitMark(Files& files, const std::string& folder, uint64_t identity);

  // In place. On failure the mark is not to be trusted until a later one succeeds.
  Result<void> Write(LogPosition position);
  // None: there is none that counts.   COST: four system calls.
  Result<std::optional<LogPosition>> Read() const;

 private:
  Files& files_;
  const std::string path_;
  const uint64_t identity_;
};

}  // namespace atelier
