// Opening an index: what the manifest names is opened, what the log has is put on top, what is damaged is set aside.
#include <utility>

#include "knowledge/index/analyzer_pool.h"
#include "knowledge/index/index_batch.h"
#include "knowledge/index/log_content.h"
#include "knowledge/index/segmented_index.h"

namespace atelier {
namespace {

constexpr std::string_view kLockName = "LOCK";
constexpr std::string_view kAside = "aside-";

// Makes the folder and its parents durable, those that are new.
Result<void> MakeFolderDurably(Files& files, const std::string& folder) {
  std::vector<std::string> above;
  for (std::string at = folder; !FileExists(files, at);) {
    const std::string parent = FolderOf(at);
    above.push_back(parent);
    if (parent == at) break;
    at = parent;
  }
  TRY_VOID(files.MakeFolders(folder));
  for (const std::string& parent : above) TRY_VOID(files.SyncFolder(parent));
  return {};
}

// The folder has files of an index, but no manifest.
Result<void> CheckEmpty(Files& files, const std::string& folder) {
  TRY(const std::vector<std::string> names, files.List(folder));
  for (const std::string& name : names) {
    if (LogNumberOf(name) == 0 && !name.starts_with("seg-")) continue;
    return Error::Corrupt(folder, "got '" + name + "' but no manifest: both copies are gone");
  }
  return {};
}

Result<IndexManifest> MakeIndex(Files& files, const std::string& folder, const IndexSchema& schema) {
  TRY_VOID(CheckSchema(schema));
  TRY_VOID(BorrowAnalyzer(schema.language));
  TRY_VOID(CheckEmpty(files, folder));
  IndexManifest manifest;
  manifest.version = 1;
  manifest.identity = NewIndexIdentity();
  manifest.schema = schema;
  TRY_VOID(WriteIndexManifest(files, folder, manifest));
  return manifest;
}

}  // namespace

Result<std::shared_ptr<const void>> HybridIndex::Lock(Files& files, const std::string& folder) {
  return files.Lock(JoinPath(folder, kLockName));
}

Result<std::unique_ptr<HybridIndex>> SegmentedIndex::Open(Files& files, const std::string& folder,
                                                          const IndexSchema* schema, IndexOptions options) {
  if (schema == nullptr && !HasManifest(files, folder)) return Error::NotFound(folder, "there is no index");
  TRY_VOID(MakeFolderDurably(files, folder));
  TRY(std::shared_ptr<const void> lock, Lock(files, folder));
  TRY(FoundManifest found, FindManifest(files, folder));
  if (!found.manifest) {
    if (schema == nullptr) return Error::NotFound(folder, "there is no index");
    TRY(found.manifest, MakeIndex(files, folder, *schema));
  } else if (schema != nullptr) {
    auto same = CheckSameSchema(found.manifest->schema, *schema);
    if (!same.ok()) return std::move(same).error().Under(folder);
  }
  std::unique_ptr<SegmentedIndex> index(
      new SegmentedIndex(files, folder, options, std::move(lock), *std::move(found.manifest)));
  TRY_VOID(index->Recover(found.damaged));
  return std::unique_ptr<HybridIndex>(std::move(index));
}

Result<void> SegmentedIndex::Recover(const std::string& damaged_manifest) {
  const std::lock_guard lock(upkeep_mutex_);
  num_problems_ = static_cast<int64_t>(manifest_.problems.size());
  bool found_problems = !damaged_manifest.empty();
  if (found_problems) {
    manifest_.problems.push_back({.file = "", .what = damaged_manifest + "; its copy was used", .deleted = {}});
  }
  TRY(std::vector<IndexPart> parts, OpenSegments(found_problems));
  TRY(const LogReplay replay, ReplayInto(parts));
  Publish(parts);
  {
    const std::lock_guard commit_lock(commit_mutex_);
    TRY_VOID(log_.ContinueAfter(replay));
    is_marked_ = mark_.Write(log_.committed()).ok();
  }
  for (const LogDamage& damage : replay.damage) {
    const uint64_t number = LogNumberOf(damage.file);
    if (FileExists(files_, Path(damage.file))) damaged_logs_.insert(number);
    manifest_.problems.push_back(
        {.file = std::string(kAside) + damage.file, .what = damage.file + ": " + damage.what, .deleted = {}});
  }
  if (!replay.damage.empty()) {
    // What could be read goes to a segment, so that the damaged file can be set aside.
    TRY_VOID(FlushLocked());
  } else if (found_problems) {
    TRY_VOID(CommitManifest(parts, manifest_.first_log));
  }
  return RemoveObsolete();
}

Result<std::vector<IndexPart>> SegmentedIndex::OpenSegments(bool& found_problems) {
  std::vector<IndexPart> parts;
  int64_t verified_bytes = 0;
  for (const ManifestSegment& entry : manifest_.segments) {
    verified_bytes += entry.size_bytes;
    auto part = OpenSegment(entry, verified_bytes <= options_.verify_bytes);
    if (part.ok()) {
      parts.push_back(*std::move(part));
      continue;
    }
    const ErrorKind kind = part.error().kind;
    if (kind != ErrorKind::kCorrupt && kind != ErrorKind::kNotFound) return std::move(part).error();
    TRY_VOID(SetAside(entry, part.error().what));
    found_problems = true;
  }
  return parts;
}

// Renames first: a manifest that names a missing file is mended when the index is opened, a file that no manifest names
// is removed.
Result<void> SegmentedIndex::SetAside(const ManifestSegment& entry, const std::string& what) {
  const std::string name = SegmentFileName(entry.number);
  const std::string aside = std::string(kAside) + name;
  if (FileExists(files_, Path(name))) {
    TRY_VOID(files_.Rename(Path(name), Path(aside)));
    TRY_VOID(files_.SyncFolder(folder_));
  }
  manifest_.problems.push_back({.file = FileExists(files_, Path(aside)) ? aside : "",
                                .what = name + ": " + what,
                                .num_records = entry.num_records,
                                .deleted = entry.deleted});
  return {};
}

Result<LogReplay> SegmentedIndex::ReplayInto(std::vector<IndexPart>& parts) {
  LogContent content;
  int64_t num_bytes = 0;
  int64_t num_unreadable = 0;
  const auto apply = [&](std::string_view payload) -> Result<void> {
    auto batches = DecodeCommit(payload, schema_);
    num_bytes += static_cast<int64_t>(payload.size());
    if (!batches.ok())
      ++num_unreadable;
    else
      for (IndexBatch& batch : *batches) content.Add(std::move(batch));
    return {};
  };
  TRY(LogReplay replay, ReplayLogs(files_, folder_, manifest_.identity, manifest_.first_log, apply));
  if (num_unreadable > 0) {
    replay.damage.push_back({LogFileName(replay.last_number),
                             std::to_string(num_unreadable) + " commits in the log cannot be read: they are lost"});
  }
  log_bytes_ = num_bytes;
  TRY(parts, PutOnTop(std::move(parts), content));
  return replay;
}

}  // namespace atelier
