// The write-ahead log: what was acknowledged and stands in no segment yet.
//
// A log is a chain of files log-NNNNNNNN, each with a number one above the last. All that is committed together is one
// frame, written with one write and one sync, so it is there as a whole or not at all.
//
//   head    "ATLLOG01", u64 the index's identity, u64 number, u64 number of the file before (0: none), u64 where that
//           one ends, u32 CRC-32C of the bytes before, u32 zero: 48 bytes
//   frame   u32 0x4D524641, u32 bytes of the payload, u64 sequence, u32 CRC-32C of the payload, u32 CRC-32C of
//   (identity,
//           number, the 20 bytes before), payload: from a multiple of 8 on
//
// A frame whose checksum is wrong and which no whole frame follows is the torn tail of a crash: nobody was told that it
// is durable. One that whole frames follow was durable and is damaged. Since the head's checksum begins with the
// index's identity, which is random, no stored text can look like a frame.
//
// After a write or a sync has failed, nobody knows what of it is on the disk, or will be (Linux gives the pages up and
// lets a second fsync succeed). So the file is given up too: a new one begins, whose head says where the old one ends.
// A file that a later head passes over counts as if it were not there.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"

namespace atelier {

std::string LogFileName(uint64_t number);  // "log-00000012"
// 0 if the name is no log's.
uint64_t LogNumberOf(std::string_view file_name);

// A place between two frames: how far something goes.
struct LogPosition {
  uint64_t number = 0;  // of the file; 0: before all
  int64_t end = 0;      // in it
  auto operator<=>(const LogPosition&) const = default;
};

struct LogDamage {
  std::string file;
  std::string what;
};

// What a replay found.
struct LogReplay {
  uint64_t last_number = 0;      // of the last file; 0: there was none
  int64_t last_end = 0;          // where its good frames end; 0: it has no whole head
  bool torn = false;             // bytes follow that are none
  uint64_t previous_number = 0;  // the file before, and where that ends: what the head says, or has to
  int64_t previous_end = 0;
  uint64_t next_sequence = 1;
  int64_t num_frames = 0;
  std::vector<LogDamage> damage;
};

class WriteLog {
 public:
  // Will write the file of `number` in `folder`, of an index of this identity; nothing is written before Append.
  WriteLog(Files& files, std::string folder, uint64_t identity, uint64_t number);

  // Goes on where a replay ended: what is torn is cut off, what is good is synced.
  Result<void> ContinueAfter(const LogReplay& replay);

  // Writes and syncs one frame. On failure nothing of it counts, now or after a crash; the next one goes to a new file.
  Result<void> Append(std::string_view payload);
  // The next frame goes to a new file. Returns its number.
  uint64_t Rotate();

  uint64_t number() const { return number_; }
  int64_t bytes() const { return end_; }  // of the file that is written now
  // Where the last frame that counts ends.
  LogPosition committed() const {
    return end_ > 0 ? LogPosition{number_, end_} : LogPosition{previous_number_, previous_end_};
  }

 private:
  Result<void> Write(std::string_view frame);

  Files& files_;
  const std::string folder_;
  const uint64_t identity_;
  uint64_t number_;
  int64_t end_ = 0;  // 0: the file was not begun
  uint64_t previous_number_ = 0;
  int64_t previous_end_ = 0;
  uint64_t next_sequence_ = 1;
};

// Calls `apply` with the payload of each frame of the files from `first` on, in order. What is damaged is told and
// passed over. An error of `apply`, and a file that cannot be read, ends it.
Result<LogReplay> ReplayLogs(Files& files, const std::string& folder, uint64_t identity, uint64_t first,
                             const std::function<Result<void>(std::string_view payload)>& apply);

// The same of the frames after `from` up to `to`, which both stand between frames, of the files from `first` on; what
// comes after `to` is not looked at. Returns what is damaged. Errors: kNotFound where a file is gone, kCorrupt where a
// file's head does not say what came before it.
Result<std::vector<LogDamage>> ReadLogs(Files& files, const std::string& folder, uint64_t identity, uint64_t first,
                                        LogPosition from, LogPosition to,
                                        const std::function<Result<void>(std::string_view payload)>& apply);

}  // namespace atelier
