// Verification, problems and snapshots.
#include <algorithm>
#include <utility>

#include "knowledge/index/byte_codec.h"
#include "knowledge/index/part_edit.h"
#include "knowledge/index/segmented_index.h"

namespace atelier {
namespace {

constexpr size_t kCopyBytes = 1 << 20;

Result<void> CopyDurably(Files& files, const std::string& from, const std::string& to) {
  TRY(const auto source, files.Open(from, FileMode::kRead));
  TRY(const auto target, files.Open(to, FileMode::kReplace));
  std::vector<std::byte> buffer(kCopyBytes);
  for (int64_t at = 0;;) {
    TRY(const size_t got, source->ReadAt(at, buffer));
    if (got == 0) return target->Sync();
    TRY_VOID(target->WriteAt(at, std::span(buffer).first(got)));
    at += static_cast<int64_t>(got);
  }
}

}  // namespace

Result<std::vector<IndexProblem>> SegmentedIndex::Verify() {
  const std::lock_guard lock(upkeep_mutex_);
  const size_t num_known = manifest_.problems.size();
  TRY(const FoundManifest found, FindManifest(files_, folder_));
  const bool manifest_damaged = !found.damaged.empty();
  if (manifest_damaged) manifest_.problems.push_back({.file = "", .what = found.damaged, .deleted = {}});
  std::vector<IndexPart> damaged;
  for (const IndexPart& part : View()->parts()) {
    if (part.file_number == 0) continue;
    const auto verified = part.segment->file().Verify();
    if (verified.ok()) continue;
    const ManifestSegment entry{.number = part.file_number,
                                .num_records = part.segment->num_records(),
                                .size_bytes = part.segment->file().size_bytes(),
                                .deleted = DeletedOf(part)};
    damaged.push_back(part);
    ExchangeParts({part}, nullptr);
    TRY_VOID(SetAside(entry, verified.error().what));
  }
  if (!damaged.empty() || manifest_damaged) TRY_VOID(CommitManifest(View()->parts(), manifest_.first_log));
  std::vector<IndexProblem> problems;
  for (size_t i = num_known; i < manifest_.problems.size(); ++i) {
    problems.push_back(DescribeProblem(manifest_.problems[i]));
  }
  return problems;
}

Result<std::vector<IndexProblem>> SegmentedIndex::Problems() const {
  const std::lock_guard lock(upkeep_mutex_);
  std::vector<IndexProblem> problems;
  for (const ManifestProblem& problem : manifest_.problems) problems.push_back(DescribeProblem(problem));
  return problems;
}

// The ids are those of the records that lived, and have not been put again since.
IndexProblem SegmentedIndex::DescribeProblem(const ManifestProblem& problem) const {
  IndexProblem described{.file = problem.file, .what = problem.what, .ids = {}};
  if (problem.num_records == 0 || problem.file.empty()) return described;
  auto bytes = files_.Map(Path(problem.file));
  if (!bytes.ok()) return described;
  const auto file = SegmentFile::Read(problem.file, *std::move(bytes));
  if (!file.ok() || !file->Verify(SectionKind::kIds).ok()) return described;
  PackedReader reader(file->Section(SectionKind::kIds));
  const PackedStrings ids(reader);
  const auto view = View();
  for (uint32_t record = 0; record < std::min(ids.size(), problem.num_records); ++record) {
    const bool was_deleted = std::binary_search(problem.deleted.begin(), problem.deleted.end(), record);
    if (!was_deleted && !view->Find(ids[record], Filter())) described.ids.emplace_back(ids[record]);
  }
  return described;
}

Result<void> SegmentedIndex::DiscardAside() {
  const std::lock_guard lock(upkeep_mutex_);
  TRY(const std::vector<std::string> names, files_.List(folder_));
  for (const std::string& name : names) {
    if (name.starts_with("aside-")) TRY_VOID(files_.Remove(Path(name)));
  }
  TRY_VOID(files_.SyncFolder(folder_));
  manifest_.problems.clear();
  std::shared_ptr<const IndexView> view;
  {
    const std::lock_guard commit_lock(commit_mutex_);
    view = View();
  }
  return CommitManifest(view->parts(), manifest_.first_log);
}

Result<void> SegmentedIndex::Snapshot(const std::string& folder) {
  const std::lock_guard lock(upkeep_mutex_);
  TRY_VOID(FlushLocked());
  TRY_VOID(files_.MakeFolders(folder));
  TRY(const std::vector<std::string> names, files_.List(folder));
  if (!names.empty()) return Error::Conflict(folder, "got a folder with '" + names[0] + "', want an empty one");
  for (const ManifestSegment& segment : manifest_.segments) {
    const std::string name = SegmentFileName(segment.number);
    const std::string target = JoinPath(folder, name);
    if (!files_.Link(Path(name), target).ok()) TRY_VOID(CopyDurably(files_, Path(name), target));
  }
  TRY_VOID(files_.SyncFolder(folder));
  TRY_VOID(files_.SyncFolder(FolderOf(folder)));
  IndexManifest copy = manifest_;
  copy.problems.clear();
  return WriteIndexManifest(files_, folder, copy);
}

}  // namespace atelier
