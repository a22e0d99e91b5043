// Opening an index: what the manifest names is opened, what the log has is put on top, what is damaged is set aside.
#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "knowledge/index/analyzer_pool.h"
#include "knowledge/index/index_batch.h"
#include "knowledge/index/part_edit.h"
#include "knowledge/index/segmented_index.h"

namespace atelier {
namespace {

constexpr std::string_view kLockName = "LOCK";
constexpr std::string_view kAside = "aside-";

uint64_t NewIdentity() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

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
  manifest.identity = NewIdentity();
  manifest.schema = schema;
  TRY_VOID(WriteIndexManifest(files, folder, manifest));
  return manifest;
}

std::shared_ptr<const Bitmap> LiveOf(uint32_t num_records, const std::vector<uint32_t>& deleted) {
  if (deleted.empty()) return nullptr;
  auto live = std::make_shared<Bitmap>(num_records, true);
  for (const uint32_t record : deleted) live->Remove(record);
  return live;
}

// What the batches of a log come to: the records that live in the end, and all ids that they name.
class LogContent {
 public:
  void Add(IndexBatch batch) {
    for (const std::string& id : batch.removed) Remove(id);
    for (IndexRecord& record : batch.put) {
      Remove(record.id);
      latest_[record.id] = records_.size();
      records_.push_back(std::move(record));
    }
  }
  std::vector<const IndexRecord*> Living() const {
    std::vector<const IndexRecord*> living;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (latest_.at(records_[i].id) == i) living.push_back(&records_[i]);
    }
    return living;
  }
  // A place of none: the id was removed.
  const std::map<std::string, size_t>& ids() const { return latest_; }

 private:
  void Remove(const std::string& id) {
    size_t& place = latest_.try_emplace(id, kNone).first->second;
    if (place != kNone) {
      records_[place].payload = {};
      records_[place].texts = {};
    }
    place = kNone;
  }

  static constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<IndexRecord> records_;
  std::map<std::string, size_t> latest_;
};

}  // namespace

Result<std::unique_ptr<HybridIndex>> SegmentedIndex::Open(Files& files, const std::string& folder,
                                                          const IndexSchema* schema, IndexOptions options) {
  if (schema == nullptr && !HasManifest(files, folder)) return Error::NotFound(folder, "there is no index");
  TRY_VOID(MakeFolderDurably(files, folder));
  TRY(std::shared_ptr<const void> lock, files.Lock(JoinPath(folder, kLockName)));
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

Result<IndexPart> SegmentedIndex::OpenSegment(const ManifestSegment& entry, bool verify) const {
  const std::string name = SegmentFileName(entry.number);
  TRY(FileBytes bytes, files_.Map(Path(name)));
  TRY(SegmentFile file, SegmentFile::Read(name, std::move(bytes)));
  if (file.num_records() != entry.num_records) {
    return Error::Corrupt(
        name, "got " + std::to_string(file.num_records()) + " records, want " + std::to_string(entry.num_records));
  }
  if (verify) TRY_VOID(file.Verify());
  IndexPart part;
  TRY(part.segment, Segment::Open(std::move(file), schema_));
  part.live = LiveOf(entry.num_records, entry.deleted);
  part.num_live = entry.num_records - static_cast<uint32_t>(entry.deleted.size());
  part.file_number = entry.number;
  return part;
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
  PartEdit edit(std::move(parts));
  for (const auto& [id, place] : content.ids()) edit.Kill(id);
  if (const std::vector<const IndexRecord*> living = content.Living(); !living.empty()) {
    TRY(NewSegment segment, BuildSegment(living, schema_));
    TRY(IndexPart part, OpenInMemory(std::move(segment)));
    edit.Add(std::move(part));
  }
  parts = std::move(edit).Take();
  return replay;
}

}  // namespace atelier
