// What changed in a folder since it was last read, and its files' bytes.
//
//   FolderSpec spec{.folder = "docs", .exclude = {"**/build/**"}};
//   TRY(FolderChanges changes, ScanFolder(spec, known));
//   for (const FileState& file : changes.added) TRY(Source source, ReadFileOf(spec, file.path));
//
// A known file is read again only where its size or its time of change differ, or where it was hashed within two
// seconds of that time (a change within one tick of the file system's clock shows in neither); it has changed only
// where its SHA-256 differs. A file that cannot be read is told in `skipped` and is neither changed nor gone.
//
// Only regular files count. A symbolic link to a file below the folder counts as that file under its own name; links
// that lead out of the folder, links to folders, pipes and devices do not count. Files are opened so that no link
// swapped in meanwhile leads out either.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "knowledge/load/loader.h"

namespace atelier {

struct FolderSpec {
  std::string folder;
  // Patterns (base/text/glob.h) of paths below the folder; one without '/' is matched with the name alone. None: all.
  std::vector<std::string> include = {};
  std::vector<std::string> exclude = {};  // also of folders, which are not entered then
  bool hidden = false;                    // names that begin with '.', which are left out otherwise
  int64_t max_file_bytes = LoadLimits{}.source_bytes;
  int64_t max_files = 2'000'000;
  int max_depth = 64;
};

struct FileState {
  std::string path;  // below the folder, with '/'
  int64_t size = 0;
  int64_t modified_ns = 0;
  int64_t hashed_ns = 0;  // when `sha256` was taken: Clock::UnixNanos
  std::string sha256;
  bool operator==(const FileState&) const = default;
};

struct FolderChanges {
  std::vector<FileState> added;
  std::vector<FileState> changed;
  std::vector<FileState> touched;  // same content, another size or time: keep these states instead of the known ones
  std::vector<std::string> gone;
  std::vector<Error> skipped;  // `where`: the path below the folder
  int64_t num_files = 0;       // that match, known or new
  int64_t num_bytes = 0;       // of these
};

// Each list is sorted by path. REQUIRES: paths in `known` differ. Errors: the folder itself cannot be read, max_files,
// kCancelled.
Result<FolderChanges> ScanFolder(const FolderSpec& spec, const std::vector<FileState>& known,
                                 const std::stop_token& stop = {}, const Clock& clock = Clock::Real());

// Whether the scan would take a file of this path.
bool MatchesFolder(const FolderSpec& spec, std::string_view path);

// The bytes of a file below the folder; Source::id is `path`. Errors: kNotFound, kDenied, kTooLarge, kInvalid (no
// regular file, or it leads out of the folder).
Result<Source> ReadFileOf(const FolderSpec& spec, const std::string& path);

}  // namespace atelier
