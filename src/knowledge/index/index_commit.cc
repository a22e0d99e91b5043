// Writing: from a batch to a view that has it.
#include <map>
#include <utility>

#include "knowledge/index/index_batch.h"
#include "knowledge/index/part_edit.h"
#include "knowledge/index/segmented_index.h"

namespace atelier {
namespace {

// Beyond these a writer helps the worker, so that memory stays bounded.
constexpr size_t kManyMemoryParts = 64;
constexpr int64_t kManyFlushes = 4;

size_t NumMemoryParts(const IndexView& view) {
  size_t count = 0;
  for (const IndexPart& part : view.parts()) count += part.file_number == 0 ? 1 : 0;
  return count;
}

}  // namespace

Result<SegmentedIndex::Pending> SegmentedIndex::Prepare(IndexBatch batch) const {
  for (const IndexRecord& record : batch.put) TRY_VOID(CheckRecord(record, schema_));
  // Of two records with one id the later stays.
  std::map<std::string_view, size_t> last;
  for (size_t i = 0; i < batch.put.size(); ++i) last[batch.put[i].id] = i;
  std::vector<const IndexRecord*> records;
  for (size_t i = 0; i < batch.put.size(); ++i) {
    if (last[batch.put[i].id] == i) records.push_back(&batch.put[i]);
  }
  Pending pending;
  pending.encoded = EncodeBatch(batch, schema_);
  if (!records.empty()) {
    TRY(NewSegment segment, BuildSegment(records, schema_));
    TRY(IndexPart part, OpenInMemory(std::move(segment)));
    pending.segment = std::move(part.segment);
  }
  pending.replaced = std::move(batch.removed);
  for (const IndexRecord* record : records) pending.replaced.push_back(record->id);
  return pending;
}

Result<void> SegmentedIndex::Apply(IndexBatch batch) {
  if (batch.removed.empty() && batch.put.empty()) return {};
  TRY(Pending pending, Prepare(std::move(batch)));
  {
    std::unique_lock lock(queue_mutex_);
    queue_.push_back(&pending);
    queue_changed_.wait(lock, [&] { return pending.done || !has_leader_; });
    if (!pending.done) {
      has_leader_ = true;
      const std::vector<Pending*> group(queue_.begin(), queue_.end());
      queue_.clear();
      lock.unlock();
      CommitGroup(group);
      lock.lock();
      for (Pending* member : group) member->done = true;
      has_leader_ = false;
      queue_changed_.notify_all();
    }
  }
  if (pending.result.ok()) AskForUpkeep();
  return std::move(pending.result);
}

void SegmentedIndex::CommitGroup(const std::vector<Pending*>& group) {
  std::vector<std::string_view> batches;
  for (const Pending* pending : group) batches.push_back(pending->encoded);
  const std::string commit = EncodeCommit(batches);
  const std::lock_guard lock(commit_mutex_);
  // No append begins while the mark is not to be trusted.
  Result<void> written = is_marked_ ? Result<void>() : mark_.Write(log_.committed());
  if (written.ok()) written = log_.Append(commit);
  if (!written.ok()) {
    for (Pending* pending : group) pending->result = written.error();
    return;
  }
  is_marked_ = mark_.Write(log_.committed()).ok();  // if not, those who follow see it with the next commit
  log_bytes_ += static_cast<int64_t>(commit.size());
  PartEdit edit(Current()->parts());
  for (Pending* pending : group) {
    for (const std::string& id : pending->replaced) edit.Kill(id);
    if (pending->segment != nullptr) edit.Add(WholePart(std::move(pending->segment), 0));
  }
  Publish(std::move(edit).Take());
}

void SegmentedIndex::AskForUpkeep() {
  const size_t num_parts = NumMemoryParts(*Current());
  if (log_bytes_ < options_.flush_bytes && num_parts < kMemoryFanIn) return;
  const bool is_behind = log_bytes_ > kManyFlushes * options_.flush_bytes || num_parts > kManyMemoryParts;
  if (options_.in_background && !is_behind) {
    UpkeepWorker::Shared().Request(*this);
  } else {
    // What it cannot do now, a full disk say, it will be asked for again; the commit stands in the log.
    DoUpkeep();
  }
}

}  // namespace atelier
