// Snapshots: a view as an index of its own, whoever writes the one that it is of.
#include <utility>

#include "knowledge/index/part_edit.h"
#include "knowledge/index/viewed_index.h"

namespace atelier {
namespace {

Result<void> WriteDurably(Files& files, const std::string& path, std::span<const std::byte> bytes) {
  TRY(const auto file, files.Open(path, FileMode::kReplace));
  TRY_VOID(file->WriteAt(0, bytes));
  return file->Sync();
}

// The parts of a view that are in memory, as one; none where nothing lives in them.
Result<NewSegment> MergedMemory(const IndexView& view, const IndexSchema& schema) {
  std::vector<MergeInput> inputs;
  for (const IndexPart& part : view.parts()) {
    if (part.file_number == 0) inputs.push_back({part.segment, part.live});
  }
  if (inputs.empty()) return NewSegment();
  return MergeSegments(inputs, schema);
}

}  // namespace

// A file that is gone by now is still mapped.
Result<void> ViewedIndex::CopyPart(const IndexPart& part, const std::string& path) const {
  if (files_.Link(Path(SegmentFileName(part.file_number)), path).ok()) return {};
  return WriteDurably(files_, path, part.segment->file().bytes());
}

Result<void> ViewedIndex::Snapshot(const std::string& folder) const {
  TRY(const auto view, View());
  TRY_VOID(files_.MakeFolders(folder));
  TRY(const std::vector<std::string> names, files_.List(folder));
  if (!names.empty()) return Error::Conflict(folder, "got a folder with '" + names[0] + "', want an empty one");
  IndexManifest manifest;
  manifest.version = 1;
  manifest.identity = NewIndexIdentity();
  manifest.schema = schema_;
  const auto path_of = [&](uint64_t number) { return JoinPath(folder, SegmentFileName(number)); };
  for (const IndexPart& part : view->parts()) {
    if (part.file_number == 0) continue;
    ManifestSegment entry{.number = manifest.next_file++,
                          .num_records = part.segment->num_records(),
                          .size_bytes = part.segment->file().size_bytes(),
                          .deleted = DeletedOf(part)};
    TRY_VOID(CopyPart(part, path_of(entry.number)));
    manifest.segments.push_back(std::move(entry));
  }
  TRY(const NewSegment memory, MergedMemory(*view, schema_));
  if (memory.num_records > 0) {
    ManifestSegment entry{.number = manifest.next_file++, .num_records = memory.num_records, .deleted = {}};
    TRY_VOID(SegmentFile::Write(files_, path_of(entry.number), memory.num_records, memory.sections));
    TRY(const FileInfo info, files_.Stat(path_of(entry.number)));
    entry.size_bytes = info.size;
    manifest.segments.push_back(std::move(entry));
  }
  TRY_VOID(files_.SyncFolder(folder));
  TRY_VOID(files_.SyncFolder(FolderOf(folder)));
  return WriteIndexManifest(files_, folder, manifest);
}

}  // namespace atelier
