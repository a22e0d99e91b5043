#include "knowledge/index/commit_mark.h"

#include <array>
#include <thread>

#include "base/io/crc32c.h"
#include "knowledge/index/byte_codec.h"

namespace atelier {
namespace {

constexpr std::string_view kName = "COMMITTED";
constexpr size_t kBytes = 40;
constexpr size_t kSummedBytes = 32;
constexpr int kTries = 100;  // a reader may come while the bytes are being written

}  // namespace

CommitMark::CommitMark(Files& files, const std::string& folder, uint64_t identity)
    : files_(files), path_(JoinPath(folder, kName)), identity_(identity) {}

Result<void> CommitMark::Write(LogPosition position) {
  PackedWriter out;
  out.Fixed(identity_);
  out.Fixed(files_.Boot());
  out.Fixed(position.number);
  out.Fixed(static_cast<uint64_t>(position.end));
  out.Fixed(Crc32c(out.bytes()));
  out.Fixed<uint32_t>(0);
  TRY(const auto file, files_.Open(path_, FileMode::kUpdate));
  return file->WriteAt(0, std::as_bytes(std::span(out.bytes())));
}

Result<std::optional<LogPosition>> CommitMark::Read() const {
  for (int i = 0; i < kTries; ++i) {
    const auto file = files_.Open(path_, FileMode::kRead);
    if (!file.ok() && file.error().kind == ErrorKind::kNotFound) return std::optional<LogPosition>();
    if (!file.ok()) return file.error();
    std::array<std::byte, kBytes> bytes{};
    TRY(const size_t size, (*file)->ReadAt(0, bytes));
    PackedReader reader(bytes);
    const auto identity = reader.Fixed<uint64_t>();
    const auto boot = reader.Fixed<uint64_t>();
    LogPosition position;
    position.number = reader.Fixed<uint64_t>();
    position.end = static_cast<int64_t>(reader.Fixed<uint64_t>());
    if (size == kBytes && reader.Fixed<uint32_t>() == Crc32c(AsText(bytes).substr(0, kSummedBytes))) {
      const bool counts = identity == identity_ && boot == files_.Boot();
      return counts ? std::optional(position) : std::nullopt;
    }
    std::this_thread::yield();
  }
  return std::optional<LogPosition>();
}

}  // namespace atelier
