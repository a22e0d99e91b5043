#include "knowledge/load/folder_scan.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "base/io/files.h"
#include "base/io/os_error.h"
#include "base/io/sha256.h"
#include "base/text/glob.h"
#include "base/text/utf8.h"
#include "knowledge/load/folder_file.h"

namespace atelier {
namespace {

// File systems whose clock ticks in seconds (FAT: two).
constexpr int64_t kTickNs = 2'000'000'000;

bool MatchesAny(const std::vector<std::string>& patterns, std::string_view path) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return GlobMatches(pattern, pattern.find('/') == std::string::npos ? NameOf(path) : path);
  });
}

bool IsHidden(std::string_view name) { return name.starts_with('.'); }

class Scan {
 public:
  Scan(const FolderSpec& spec, const std::vector<FileState>& known, const std::stop_token& stop, const Clock& clock)
      : spec_(spec), stop_(stop), clock_(clock) {
    for (const FileState& file : known) known_.emplace(file.path, &file);
  }

  Result<FolderChanges> Run() {
    TRY_VOID(Walk("", 0));
    for (const auto& [path, file] : known_) {
      if (!seen_.contains(std::string(path))) changes_.gone.push_back(std::string(path));
    }
    for (auto* list : {&changes_.added, &changes_.changed, &changes_.touched}) {
      std::ranges::sort(*list, {}, &FileState::path);
    }
    std::ranges::sort(changes_.gone);
    std::ranges::sort(changes_.skipped, {}, &Error::where);
    return std::move(changes_);
  }

 private:
  Result<void> Walk(const std::string& below, int depth) {
    if (stop_.stop_requested()) return Error::Cancelled(spec_.folder, "stopped on request");
    const std::string folder = JoinPath(spec_.folder, below);
    std::vector<std::pair<std::string, unsigned char>> entries;
    {
      const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
      if (dir == nullptr) return Unreadable(below, OsError(below.empty() ? spec_.folder : below, "open", errno));
      while (const dirent* entry = readdir(dir.get())) entries.emplace_back(entry->d_name, entry->d_type);
    }
    for (const auto& [name, type] : entries) {
      if (name == "." || name == ".." || (IsHidden(name) && !spec_.hidden)) continue;
      const std::string path = JoinPath(below, name);
      if (MatchesAny(spec_.exclude, path)) continue;
      if (TypeOf(path, type) == DT_DIR) {
        if (depth + 1 > spec_.max_depth) {
          Skip(path, Error::TooLarge(path, "lies deeper than " + std::to_string(spec_.max_depth) + " folders"));
        } else {
          TRY_VOID(Walk(path, depth + 1));
        }
      } else {
        TRY_VOID(Look(path, TypeOf(path, type)));
      }
    }
    return {};
  }

  // A folder that cannot be listed: nothing below it is gone. The first one ends the scan.
  Result<void> Unreadable(const std::string& below, Error error) {
    if (below.empty()) return error;
    for (const auto& [path, file] : known_) {
      if (path.starts_with(below + "/")) seen_.emplace(path);
    }
    changes_.skipped.push_back(std::move(error));
    return {};
  }

  unsigned char TypeOf(const std::string& path, unsigned char type) const {
    if (type != DT_UNKNOWN) return type;
    struct stat info{};
    if (lstat(JoinPath(spec_.folder, path).c_str(), &info) != 0) return DT_UNKNOWN;
    return S_ISDIR(info.st_mode) ? DT_DIR : S_ISREG(info.st_mode) ? DT_REG : S_ISLNK(info.st_mode) ? DT_LNK : DT_CHR;
  }

  Result<void> Look(const std::string& path, unsigned char type) {
    if (type != DT_REG && type != DT_LNK) return {};
    if (!spec_.include.empty() && !MatchesAny(spec_.include, path)) return {};
    if (!IsValidUtf8(path)) {
      Skip(path, Error::Invalid(ReplaceInvalidUtf8(path), "the file's name is not UTF-8"));
      return {};
    }
    if (stop_.stop_requested()) return Error::Cancelled(spec_.folder, "stopped on request");
    auto file = FolderFile::Open(spec_.folder, path);
    if (!file.ok()) {
      // A link to a folder, or out, is no fault; it does not count.
      if (type == DT_LNK && file.error().kind != ErrorKind::kDenied) return {};
      if (file.error().kind != ErrorKind::kNotFound) Skip(path, std::move(file).error());
      return {};
    }
    if (file->size() > spec_.max_file_bytes) {
      Skip(path, Error::TooLarge(path, "got " + std::to_string(file->size()) + " bytes, want at most " +
                                           std::to_string(spec_.max_file_bytes)));
      return {};
    }
    return Compare(path, *file);
  }

  Result<void> Compare(const std::string& path, const FolderFile& file) {
    seen_.emplace(path);
    if (++changes_.num_files > spec_.max_files) {
      return Error::TooLarge(spec_.folder, "holds more than " + std::to_string(spec_.max_files) + " files");
    }
    changes_.num_bytes += file.size();
    const auto found = known_.find(path);
    const FileState* known = found == known_.end() ? nullptr : found->second;
    if (known != nullptr && known->size == file.size() && known->modified_ns == file.modified_ns() &&
        known->modified_ns + kTickNs < known->hashed_ns) {
      return {};
    }
    FileState state{path, file.size(), file.modified_ns(), clock_.UnixNanos(), {}};
    Sha256 hash;
    const auto read = file.Read(spec_.max_file_bytes, [&](std::string_view piece) -> Result<void> {
      if (stop_.stop_requested()) return Error::Cancelled(spec_.folder, "stopped on request");
      hash.Update(piece);
      return {};
    });
    if (!read.ok() && stop_.stop_requested()) return read.error();
    if (!read.ok()) {
      changes_.skipped.push_back(Error(read.error()).Under(path));
      return {};
    }
    state.sha256 = hash.HexDigest();
    if (known == nullptr) {
      changes_.added.push_back(std::move(state));
    } else if (known->sha256 != state.sha256) {
      changes_.changed.push_back(std::move(state));
    } else {
      changes_.touched.push_back(std::move(state));
    }
    return {};
  }

  void Skip(const std::string& path, Error error) {
    seen_.emplace(path);
    changes_.skipped.push_back(std::move(error));
  }

  const FolderSpec& spec_;
  const std::stop_token& stop_;
  const Clock& clock_;
  std::unordered_map<std::string_view, const FileState*> known_;
  std::unordered_set<std::string> seen_;
  FolderChanges changes_;
};

}  // namespace

Result<FolderChanges> ScanFolder(const FolderSpec& spec, const std::vector<FileState>& known,
                                 const std::stop_token& stop, const Clock& clock) {
  return Scan(spec, known, stop, clock).Run();
}

bool MatchesFolder(const FolderSpec& spec, std::string_view path) {
  for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string_view part = path.substr(0, end);
    if ((IsHidden(NameOf(part)) && !spec.hidden) || MatchesAny(spec.exclude, part)) return false;
    if (end == std::string_view::npos) break;
  }
  return spec.include.empty() || MatchesAny(spec.include, path);
}

Result<Source> ReadFileOf(const FolderSpec& spec, const std::string& path) {
  TRY(const FolderFile file, FolderFile::Open(spec.folder, path));
  Source source{.id = path, .bytes = {}, .media_type = {}};
  source.bytes.reserve(static_cast<size_t>(std::clamp<int64_t>(file.size(), 0, spec.max_file_bytes)));
  auto read = file.Read(spec.max_file_bytes, [&](std::string_view piece) -> Result<void> {
    source.bytes += piece;
    return {};
  });
  if (!read.ok()) return std::move(read).error().Under(path);
  return source;
}

}  // namespace atelier
