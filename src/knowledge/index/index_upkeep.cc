// Flushes and merges: from what commits have left to few large segments.
#include <algorithm>
#include <utility>

#include "knowledge/index/part_edit.h"
#include "knowledge/index/segmented_index.h"

namespace atelier {
namespace {

constexpr size_t kFileFanIn = 4;

std::vector<IndexPart> PartsOf(const IndexView& view, bool in_memory) {
  std::vector<IndexPart> parts;
  for (const IndexPart& part : view.parts()) {
    if ((part.file_number == 0) == in_memory) parts.push_back(part);
  }
  return parts;
}

std::vector<MergeInput> InputsOf(const std::vector<IndexPart>& parts) {
  std::vector<MergeInput> inputs;
  for (const IndexPart& part : parts) inputs.push_back({part.segment, part.live});
  return inputs;
}

}  // namespace

void SegmentedIndex::DoUpkeep() {
  const std::lock_guard lock(upkeep_mutex_);
  static_cast<void>(UpkeepLocked().ok());  // what failed is tried again when the next commit asks
}

Result<void> SegmentedIndex::UpkeepLocked() {
  while (true) {
    if (log_bytes_ >= options_.flush_bytes) {
      TRY_VOID(FlushLocked());
      continue;
    }
    const auto view = Current();
    const std::vector<IndexPart> files = PartsOf(*view, false);
    if (const auto run = PickRun(PartsOf(*view, true), kMemoryFanIn, options_.max_merge_bytes); !run.empty()) {
      TRY_VOID(MergeInMemory(run));
    } else if (const auto file_run = PickRun(files, kFileFanIn, options_.max_merge_bytes); !file_run.empty()) {
      TRY_VOID(ReplaceParts(file_run, manifest_.first_log));
    } else {
      const auto mostly_dead = std::find_if(files.begin(), files.end(), [](const IndexPart& part) {
        return part.num_live * 2 < part.segment->num_records();
      });
      if (mostly_dead == files.end()) return {};
      TRY_VOID(ReplaceParts({*mostly_dead}, manifest_.first_log));
    }
  }
}

Result<void> SegmentedIndex::MergeInMemory(const std::vector<IndexPart>& parts) {
  TRY(NewSegment merged, MergeSegments(InputsOf(parts), schema_));
  std::optional<IndexPart> replacement;
  if (merged.num_records > 0) {
    TRY(replacement, OpenInMemory(std::move(merged)));
  }
  ExchangeParts(parts, replacement ? &*replacement : nullptr);
  return {};
}

Result<void> SegmentedIndex::FlushLocked() {
  std::shared_ptr<const IndexView> view;
  uint64_t first_log = 0;
  int64_t flushed_bytes = 0;
  {
    const std::lock_guard lock(commit_mutex_);
    if (log_.number() == manifest_.first_log && log_.bytes() == 0) return {};
    first_log = log_.Rotate();
    flushed_bytes = log_bytes_;
    view = Current();
  }
  TRY_VOID(ReplaceParts(PartsOf(*view, true), first_log));
  log_bytes_ -= flushed_bytes;
  return {};
}

Result<void> SegmentedIndex::ReplaceParts(const std::vector<IndexPart>& parts, uint64_t first_log) {
  TRY(const NewSegment merged, MergeSegments(InputsOf(parts), schema_));
  std::optional<IndexPart> replacement;
  if (merged.num_records > 0) {
    ManifestSegment entry{.number = manifest_.next_file++, .num_records = merged.num_records, .deleted = {}};
    const std::string path = Path(SegmentFileName(entry.number));
    TRY_VOID(SegmentFile::Write(files_, path, merged.num_records, merged.sections));
    TRY_VOID(files_.SyncFolder(folder_));
    TRY(replacement, OpenSegment(entry, false));
  }
  const IndexPart* const fresh = replacement ? &*replacement : nullptr;
  std::vector<IndexPart> planned;
  {
    const std::lock_guard lock(commit_mutex_);
    planned = ExchangedParts(Current()->parts(), parts, fresh);
  }
  TRY_VOID(CommitManifest(planned, first_log));
  ExchangeParts(parts, fresh);
  static_cast<void>(RemoveObsolete().ok());  // what cannot be removed now is removed the next time
  return {};
}

void SegmentedIndex::ExchangeParts(const std::vector<IndexPart>& old, const IndexPart* replacement) {
  const std::lock_guard lock(commit_mutex_);
  Publish(ExchangedParts(Current()->parts(), old, replacement));
}

Result<void> SegmentedIndex::CommitManifest(const std::vector<IndexPart>& parts, uint64_t first_log) {
  // A manifest whose writing failed may be on the disk all the same: its version is not used again, and all that it
  // names stays.
  ++manifest_.version;
  IndexManifest next = manifest_;
  next.first_log = first_log;
  next.segments.clear();
  for (const IndexPart& part : parts) {
    if (part.file_number == 0) continue;
    next.segments.push_back({.number = part.file_number,
                             .num_records = part.segment->num_records(),
                             .size_bytes = part.segment->file().size_bytes(),
                             .deleted = DeletedOf(part)});
  }
  TRY_VOID(WriteIndexManifest(files_, folder_, next));
  manifest_ = std::move(next);
  num_problems_ = static_cast<int64_t>(manifest_.problems.size());
  return {};
}

Result<void> SegmentedIndex::RemoveObsolete() {
  TRY(const std::vector<std::string> names, files_.List(folder_));
  std::set<std::string> wanted;
  for (const ManifestSegment& segment : manifest_.segments) wanted.insert(SegmentFileName(segment.number));
  for (const std::string& name : names) {
    const uint64_t log = LogNumberOf(name);
    const bool is_obsolete_log = log != 0 && log < manifest_.first_log;
    if (is_obsolete_log && damaged_logs_.contains(log)) {
      TRY_VOID(files_.Rename(Path(name), Path("aside-" + name)));
    } else if (is_obsolete_log || name.ends_with(".tmp") || (name.starts_with("seg-") && !wanted.contains(name))) {
      TRY_VOID(files_.Remove(Path(name)));
    }
  }
  return files_.SyncFolder(folder_);
}

Result<void> SegmentedIndex::Flush() {
  const std::lock_guard lock(upkeep_mutex_);
  return FlushLocked();
}

Result<void> SegmentedIndex::Compact() {
  const std::lock_guard lock(upkeep_mutex_);
  TRY_VOID(FlushLocked());
  for (const IndexPart& part : PartsOf(*Current(), false)) {
    if (part.num_live < part.segment->num_records()) TRY_VOID(ReplaceParts({part}, manifest_.first_log));
  }
  return RemoveObsolete();
}

}  // namespace atelier
