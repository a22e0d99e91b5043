#include "knowledge/index/write_log.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "base/io/crc32c.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

constexpr std::string_view kMagic = "ATLLOG01";
constexpr std::string_view kPrefix = "log-";
constexpr size_t kHeadBytes = 48;
constexpr uint32_t kFrameMagic = 0x4D524641;
constexpr size_t kFrameHeadBytes = 24;
constexpr int64_t kMaxLogBytes = int64_t{8} << 30;  // flushed long before

// What precedes a frame's payload.
std::string FrameHead(uint64_t identity, uint64_t number, uint64_t sequence, std::string_view payload) {
  PackedWriter out;
  out.Fixed(kFrameMagic);
  out.Fixed(static_cast<uint32_t>(payload.size()));
  out.Fixed(sequence);
  out.Fixed(Crc32c(payload));
  PackedWriter seed;
  seed.Fixed(identity);
  seed.Fixed(number);
  out.Fixed(Crc32c(out.bytes(), Crc32c(seed.bytes())));
  return out.Take();
}

struct Head {
  uint64_t previous_number = 0;
  int64_t previous_end = 0;
};

std::string WriteHead(uint64_t identity, uint64_t number, const Head& head) {
  PackedWriter out;
  out.Raw(kMagic);
  out.Fixed(identity);
  out.Fixed(number);
  out.Fixed(head.previous_number);
  out.Fixed(static_cast<uint64_t>(head.previous_end));
  out.Fixed(Crc32c(out.bytes()));
  out.Fixed<uint32_t>(0);
  return out.Take();
}

std::optional<Head> ReadHead(std::string_view file, uint64_t identity, uint64_t number) {
  if (file.size() < kHeadBytes) return std::nullopt;
  PackedReader reader(std::as_bytes(std::span(file)).subspan(kMagic.size()));
  const bool ours = reader.Fixed<uint64_t>() == identity && reader.Fixed<uint64_t>() == number;
  Head head;
  head.previous_number = reader.Fixed<uint64_t>();
  head.previous_end = static_cast<int64_t>(reader.Fixed<uint64_t>());
  const bool whole = reader.Fixed<uint32_t>() == Crc32c(file.substr(0, kHeadBytes - 8));
  if (!file.starts_with(kMagic) || !ours || !whole) return std::nullopt;
  return head;
}

struct Frame {
  uint64_t sequence = 0;
  std::string_view payload;
  size_t end = 0;  // where the next begins
};

// The frame that begins at `at`, if a whole one does.
std::optional<Frame> ReadFrame(std::string_view file, size_t at, uint64_t identity, uint64_t number) {
  if (at > file.size() || file.size() - at < kFrameHeadBytes) return std::nullopt;
  PackedReader reader(std::as_bytes(std::span(file.substr(at))));
  const auto magic = reader.Fixed<uint32_t>();
  const auto size = reader.Fixed<uint32_t>();
  if (magic != kFrameMagic) return std::nullopt;
  Frame frame;
  frame.sequence = reader.Fixed<uint64_t>();
  const auto payload_crc = reader.Fixed<uint32_t>();
  const auto head_crc = reader.Fixed<uint32_t>();
  PackedWriter seed;
  seed.Fixed(identity);
  seed.Fixed(number);
  if (head_crc != Crc32c(file.substr(at, kFrameHeadBytes - 4), Crc32c(seed.bytes()))) return std::nullopt;
  frame.payload = AsText(reader.Raw(size));
  if (!reader.ok() || payload_crc != Crc32c(frame.payload)) return std::nullopt;
  frame.end = at + (kFrameHeadBytes + size + 7) / 8 * 8;
  return frame;
}

// The files of the log in order, with what they hold.
Result<std::map<uint64_t, std::string>> ReadFiles(Files& files, const std::string& folder, uint64_t first) {
  TRY(const std::vector<std::string> names, files.List(folder));
  std::map<uint64_t, std::string> logs;
  for (const std::string& name : names) {
    const uint64_t number = LogNumberOf(name);
    if (number < std::max<uint64_t>(first, 1)) continue;
    TRY(logs[number], ReadWholeFile(files, JoinPath(folder, name), kMaxLogBytes));
  }
  return logs;
}

// Reads the frames of one file.
class FileReplay {
 public:
  FileReplay(std::string_view file, uint64_t identity, uint64_t number, LogReplay& replay)
      : file_(file), identity_(identity), number_(number), replay_(replay) {}

  // `sealed`: the file ends where `file` does; what is no frame there was durable once. `file` begins at `begin` of the
  // file: 0, or between two frames.
  Result<void> Run(bool sealed, const std::function<Result<void>(std::string_view)>& apply, size_t begin = 0) {
    size_t at = begin == 0 ? kHeadBytes : 0;
    replay_.last_number = number_;
    replay_.last_end = static_cast<int64_t>(std::min(at, file_.size()));
    while (at < file_.size()) {
      const auto frame = ReadFrame(file_, at, identity_, number_);
      if (!frame) {
        const size_t next = NextFrame(at + 8);
        if (next == file_.size() && !sealed) break;
        replay_.damage.push_back({LogFileName(number_), "bytes " + std::to_string(begin + at) + " to " +
                                                            std::to_string(begin + next) +
                                                            " are damaged: what was written there is lost"});
        at = next;
        continue;
      }
      TRY_VOID(apply(frame->payload));
      replay_.next_sequence = std::max(replay_.next_sequence, frame->sequence + 1);
      ++replay_.num_frames;
      at = frame->end;
      replay_.last_end = static_cast<int64_t>(at);
    }
    replay_.torn = static_cast<int64_t>(file_.size()) > replay_.last_end;
    return {};
  }

  bool HasFrame() const { return NextFrame(kHeadBytes) < file_.size(); }

 private:
  size_t NextFrame(size_t at) const {
    for (; at < file_.size(); at += 8) {
      if (ReadFrame(file_, at, identity_, number_)) return at;
    }
    return file_.size();
  }

  const std::string_view file_;
  const uint64_t identity_, number_;
  LogReplay& replay_;
};

// A part of a file: from its head on, or between two frames.
struct LogRange {
  uint64_t number = 0;
  int64_t begin = 0, end = 0;
  std::string bytes;
};

Result<std::string> ReadRange(Files& files, const std::string& folder, const LogRange& range) {
  const std::string path = JoinPath(folder, LogFileName(range.number));
  TRY(const auto file, files.Open(path, FileMode::kRead));
  TRY(const int64_t size, file->Size());
  if (range.end < range.begin || range.end > size) {
    return Error::Corrupt(path, "got " + std::to_string(size) + " bytes, want " + std::to_string(range.end));
  }
  std::string bytes(static_cast<size_t>(range.end - range.begin), '\0');
  TRY(const size_t got, file->ReadAt(range.begin, std::as_writable_bytes(std::span(bytes))));
  bytes.resize(got);
  return bytes;
}

}  // namespace

std::string LogFileName(uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kPrefix) + std::string(8 - std::min<size_t>(8, digits.size()), '0') + digits;
}

uint64_t LogNumberOf(std::string_view file_name) {
  uint64_t number = 0;
  if (!file_name.starts_with(kPrefix)) return 0;
  const char* end = file_name.data() + file_name.size();
  const auto parsed = std::from_chars(file_name.data() + kPrefix.size(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end && LogFileName(number) == file_name ? number : 0;
}

WriteLog::WriteLog(Files& files, std::string folder, uint64_t identity, uint64_t number)
    : files_(files), folder_(std::move(folder)), identity_(identity), number_(number) {}

Result<void> WriteLog::ContinueAfter(const LogReplay& replay) {
  next_sequence_ = replay.next_sequence;
  if (replay.last_number < number_) return {};
  number_ = replay.last_number;
  previous_number_ = replay.previous_number;
  previous_end_ = replay.previous_end;
  end_ = replay.last_end;
  if (end_ == 0) return {};
  TRY(const auto file, files_.Open(JoinPath(folder_, LogFileName(number_)), FileMode::kUpdate));
  if (replay.torn) TRY_VOID(file->Truncate(end_));
  return file->Sync();
}

uint64_t WriteLog::Rotate() {
  if (end_ > 0) {
    previous_number_ = number_;
    previous_end_ = end_;
  }
  end_ = 0;
  return ++number_;
}

Result<void> WriteLog::Append(std::string_view payload) {
  if (payload.size() > UINT32_MAX - 64) {
    return Error::TooLarge("batch", "got " + std::to_string(payload.size()) + " bytes, want less than 4 GiB");
  }
  PackedWriter frame;
  frame.Raw(FrameHead(identity_, number_, next_sequence_, payload));
  frame.Raw(payload);
  frame.Align();
  auto written = Write(frame.bytes());
  if (written.ok())
    ++next_sequence_;
  else
    Rotate();
  return written;
}

Result<void> WriteLog::Write(std::string_view frame) {
  const std::string path = JoinPath(folder_, LogFileName(number_));
  const bool is_new = end_ == 0;
  TRY(const auto file, files_.Open(path, is_new ? FileMode::kReplace : FileMode::kUpdate));
  std::string head;
  if (is_new) {
    head = WriteHead(identity_, number_, {previous_number_, previous_end_});
    head += frame;
    frame = head;
  }
  TRY_VOID(file->WriteAt(end_, std::as_bytes(std::span(frame))));
  TRY_VOID(file->Sync());
  if (is_new) TRY_VOID(files_.SyncFolder(folder_));
  end_ += static_cast<int64_t>(frame.size());
  return {};
}

Result<LogReplay> ReplayLogs(Files& files, const std::string& folder, uint64_t identity, uint64_t first,
                             const std::function<Result<void>(std::string_view payload)>& apply) {
  TRY(const auto logs, ReadFiles(files, folder, first));
  LogReplay replay;
  std::map<uint64_t, Head> heads;
  for (const auto& [number, content] : logs) {
    if (const auto head = ReadHead(content, identity, number)) heads[number] = *head;
  }
  for (const auto& [number, content] : logs) {
    // The first later file that has a head says how this one ended.
    const auto next = heads.upper_bound(number);
    const bool sealed = next != heads.end() && next->second.previous_number == number;
    if (next != heads.end() && next->second.previous_number < number) continue;
    std::string_view file = content;
    if (sealed) file = file.substr(0, static_cast<size_t>(next->second.previous_end));
    if (sealed && static_cast<int64_t>(file.size()) < next->second.previous_end) {
      replay.damage.push_back({LogFileName(number), "got " + std::to_string(content.size()) + " bytes, want " +
                                                        std::to_string(next->second.previous_end)});
    }
    if (replay.last_end > 0) {
      replay.previous_number = replay.last_number;
      replay.previous_end = replay.last_end;
    }
    FileReplay reader(file, identity, number, replay);
    if (const auto head = heads.find(number); head != heads.end()) {
      const uint64_t previous = head->second.previous_number;
      if (previous >= first && !logs.contains(previous)) {
        replay.damage.push_back({LogFileName(previous), "the file is gone"});
      }
    } else if (!sealed && !reader.HasFrame()) {
      // A file that was begun when the power went has no whole head and no frame.
      replay.last_number = number;
      replay.last_end = 0;
      replay.torn = true;
      continue;
    } else {
      replay.damage.push_back({LogFileName(number), "its head is damaged"});
    }
    TRY_VOID(reader.Run(sealed, apply));
  }
  return replay;
}

Result<std::vector<LogDamage>> ReadLogs(Files& files, const std::string& folder, uint64_t identity, uint64_t first,
                                        LogPosition from, LogPosition to,
                                        const std::function<Result<void>(std::string_view payload)>& apply) {
  // The last first: each file's head says where the one before ends.
  std::vector<LogRange> ranges;
  for (LogPosition at = to; at.number >= std::max<uint64_t>(first, 1) && at > from;) {
    const bool is_first = at.number == from.number;
    LogRange range{.number = at.number, .begin = is_first ? from.end : 0, .end = at.end, .bytes = {}};
    TRY(range.bytes, ReadRange(files, folder, range));
    if (is_first) at = {};
    if (!is_first) {
      const auto head = ReadHead(range.bytes, identity, range.number);
      if (!head || head->previous_number >= range.number) {
        return Error::Corrupt(JoinPath(folder, LogFileName(range.number)), "its head is damaged");
      }
      at = {head->previous_number, head->previous_end};
    }
    ranges.push_back(std::move(range));
  }
  LogReplay replay;
  for (const LogRange& range : std::views::reverse(ranges)) {
    FileReplay reader(range.bytes, identity, range.number, replay);
    TRY_VOID(reader.Run(true, apply, static_cast<size_t>(range.begin)));
  }
  return std::move(replay.damage);
}

}  // namespace atelier
