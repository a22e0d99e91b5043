// Members of an archive that is in memory, one after the other, within the limits of a LoadContext: bytes that come
// out, their ratio to those that went in, number of members. By libarchive; names are UTF-8, without leading "/" and
// "./".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "knowledge/load/load_context.h"

namespace atelier {

enum class ArchiveForms : uint8_t {
  kZip,  // alone: office files
  kAll,  // zip, tar, 7z, cpio; gzip, bzip2, xz, zstd around them or around one file, whose name is then empty
};

struct ArchiveVisitor {
  // Whether a member's bytes are wanted; only those are unpacked.
  std::function<bool(std::string_view name)> wants;
  // An error ends the reading.
  std::function<Result<void>(std::string name, std::string bytes)> take;
};

// Only regular files are members. One that is damaged or encrypted is told to the context's on_skipped, under `id`.
// Errors: kInvalid (the archive is damaged), kTooLarge (a limit), kCancelled, those of `take`.
Result<void> ReadArchiveMembers(const std::string& id, std::string_view archive, ArchiveForms forms,
                                LoadContext& context, const ArchiveVisitor& visitor);

}  // namespace atelier
