// Verification and problems.
#include <utility>

#include "knowledge/index/part_edit.h"
#include "knowledge/index/segmented_index.h"

namespace atelier {

Result<std::vector<IndexProblem>> SegmentedIndex::Verify() {
  const std::lock_guard lock(upkeep_mutex_);
  const size_t num_known = manifest_.problems.size();
  TRY(const FoundManifest found, FindManifest(files_, folder_));
  const bool manifest_damaged = !found.damaged.empty();
  if (manifest_damaged) manifest_.problems.push_back({.file = "", .what = found.damaged, .deleted = {}});
  std::vector<IndexPart> damaged;
  const std::shared_ptr<const IndexView> before = Current();  // held: ExchangeParts lets go of it
  for (const IndexPart& part : before->parts()) {
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
  if (!damaged.empty() || manifest_damaged) TRY_VOID(CommitManifest(Current()->parts(), manifest_.first_log));
  std::vector<IndexProblem> problems;
  const auto view = Current();
  for (size_t i = num_known; i < manifest_.problems.size(); ++i) {
    problems.push_back(DescribeProblem(manifest_.problems[i], *view));
  }
  return problems;
}

Result<std::vector<IndexProblem>> SegmentedIndex::Problems() const {
  const std::lock_guard lock(upkeep_mutex_);
  std::vector<IndexProblem> problems;
  const auto view = Current();
  for (const ManifestProblem& problem : manifest_.problems) problems.push_back(DescribeProblem(problem, *view));
  return problems;
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
    view = Current();
  }
  return CommitManifest(view->parts(), manifest_.first_log);
}

}  // namespace atelier
