// Reads members out of a zip archive (a wheel or a jar is one).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

// Calls `on_member` for each regular file, in the archive's order. It returns where the file's bytes shall go: a
// function that takes them piece by piece, or an empty one to pass the member over.
// Errors: those of the functions; kCorrupt naming archive and member where the archive is damaged.
using ArchiveSink = std::function<Result<void>(std::span<const std::byte> piece)>;
Result<void> ReadArchive(const std::string& path,
                         const std::function<Result<ArchiveSink>(std::string_view)>& on_member);

}  // namespace atelier
