// The index in a folder: who may change what, and when.
//
// Locks, taken in this order and never the other way round:
//   upkeep_mutex_  one flush, merge or verification at a time. Guards manifest_ and the folder's files but
//   the
//                  log's. Held during their reading and writing.
//   commit_mutex_  one commit at a time, and one exchange of segments. Guards log_, mark_ and who may publish a view.
//   Held during
//                  the log's write and sync, and never while a segment or a manifest is written.
//   view_mutex_    guards the pointer to the view alone: what readers take.
//
// Writers queue (queue_mutex_). The first of them leads: it writes all that is queued as one frame, syncs once,
// publishes one view, and wakes the others. While it does, the next queue gathers.
//
// Upkeep takes a view, makes new segments of some of its parts without any lock that writers need, writes the manifest,
// and then, with commit_mutex_, exchanges the parts in the view that is current by then, carrying over what has been
// deleted meanwhile. What the manifest does not know of those deletions stands in the log from first_log on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "knowledge/index/commit_mark.h"
#include "knowledge/index/manifest.h"
#include "knowledge/index/upkeep_worker.h"
#include "knowledge/index/viewed_index.h"
#include "knowledge/index/write_log.h"

namespace atelier {

class SegmentedIndex final : public ViewedIndex, private Upkept {
 public:
  // `schema`: null to take the stored one.
  static Result<std::unique_ptr<HybridIndex>> Open(Files& files, const std::string& folder, const IndexSchema* schema,
                                                   IndexOptions options);
  ~SegmentedIndex() override;

  Result<void> Apply(IndexBatch batch) override;
  Result<void> Flush() override;
  Result<void> Compact() override;
  Result<std::vector<IndexProblem>> Verify() override;
  Result<std::vector<IndexProblem>> Problems() const override;
  Result<void> DiscardAside() override;
  Result<IndexStats> Stats() const override;

 private:
  // Parts in memory that are merged at once; fewer are no burden to a search.
  static constexpr size_t kMemoryFanIn = 8;

  // A batch that waits to be committed.
  struct Pending {
    std::string encoded;
    std::vector<std::string> replaced;       // ids that live no more in older segments
    std::shared_ptr<const Segment> segment;  // of what is put; null for nothing
    Result<void> result;
    bool done = false;
  };

  SegmentedIndex(Files& files, std::string folder, IndexOptions options, std::shared_ptr<const void> lock,
                 IndexManifest manifest);

  Result<std::shared_ptr<const IndexView>> View() const override { return Current(); }
  std::shared_ptr<const IndexView> Current() const;
  void Publish(std::vector<IndexPart> parts);

  // index_recovery.cc
  Result<void> Recover(const std::string& damaged_manifest);
  Result<std::vector<IndexPart>> OpenSegments(bool& found_problems);
  Result<LogReplay> ReplayInto(std::vector<IndexPart>& parts);
  Result<void> SetAside(const ManifestSegment& entry, const std::string& what);

  // index_commit.cc
  Result<Pending> Prepare(IndexBatch batch) const;
  void CommitGroup(const std::vector<Pending*>& group);
  void AskForUpkeep();

  // index_upkeep.cc; all with upkeep_mutex_ held
  void DoUpkeep() override;
  Result<void> UpkeepLocked();
  Result<void> FlushLocked();
  Result<void> MergeInMemory(const std::vector<IndexPart>& parts);
  // Makes a file of the parts' living records, commits it in place of them, and exchanges them. `first_log`: of the new
  // manifest.
  Result<void> ReplaceParts(const std::vector<IndexPart>& parts, uint64_t first_log);
  void ExchangeParts(const std::vector<IndexPart>& old, const IndexPart* replacement);
  Result<void> CommitManifest(const std::vector<IndexPart>& parts, uint64_t first_log);
  Result<void> RemoveObsolete();

  const IndexOptions options_;
  const std::shared_ptr<const void> lock_;

  mutable std::mutex upkeep_mutex_;
  IndexManifest manifest_;
  std::set<uint64_t> damaged_logs_;

  std::mutex commit_mutex_;
  WriteLog log_;
  CommitMark mark_;
  bool is_marked_ = false;  // the mark says how far the log is committed

  mutable std::mutex view_mutex_;
  std::shared_ptr<const IndexView> view_;

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<Pending*> queue_;
  bool has_leader_ = false;

  std::atomic<int64_t> log_bytes_ = 0;     // since the last flush
  std::atomic<int64_t> num_problems_ = 0;  // of the manifest
};

}  // namespace atelier
