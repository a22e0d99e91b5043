// An index that somebody else may be writing, read without a lock.
//
// The writer's side of it:
//   1. A commit is appended to the log and synced; then COMMITTED (commit_mark.h) says so; then it is acknowledged.
//   2. No append begins while COMMITTED does not say how far the log is committed.
//   3. A new manifest replaces the old one as a whole; what only the old one names is removed after that.
//   4. What a manifest knows of a commit is in the log that COMMITTED tells of by the time the manifest is there.
//
// The reader's side: before every read it looks whether the manifest (its head) or COMMITTED is another one.
//   - COMMITTED alone: the frames between the last place and the new one are read and put on top.
//   - The manifest: it is read, then COMMITTED; segments that are open already stay so; the log from the manifest's
//     first_log on is put on top. Where that has not changed, what was read of the log stays.
//   - What is missing then is missing because yet another manifest has come: it begins again. If no other one has come,
//     it is damage: a segment is left out and told by Problems.
// Without a COMMITTED that counts nobody has opened the index since the machine started; then the log is read as a
// recovery would, and counts if there still is none afterwards (by 2 nobody had begun to append).
//
// By 4 and the order of reading, every state is one that the writer had acknowledged or was about to; by 1 and 2 none
// is older than the one before. Removed files stay mapped as long as a view has them.
//
// Thread-safe. Reads that find something new wait for each other; the others take a mutex and twelve system calls.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "knowledge/index/commit_mark.h"
#include "knowledge/index/viewed_index.h"

namespace atelier {

class FollowedIndex final : public ViewedIndex {
 public:
  static Result<std::unique_ptr<HybridIndex>> Open(Files& files, const std::string& folder, IndexOptions options);

  Result<void> Apply(IndexBatch batch) override;
  Result<void> Flush() override;
  Result<void> Compact() override;
  Result<std::vector<IndexProblem>> Verify() override;
  Result<std::vector<IndexProblem>> Problems() const override;
  Result<void> DiscardAside() override;
  Result<IndexStats> Stats() const override;

 private:
  // What was read, and of which moment.
  struct State {
    std::string heads;  // of the manifest, at latest
    IndexManifest manifest;
    std::optional<LogPosition> position;  // how far the log was read; none: as a recovery would
    std::vector<IndexPart> files, memory;
    std::set<std::string> named;  // ids that the log names from first_log on: none of them lives in `files`
    int64_t log_bytes = 0;
    std::vector<IndexProblem> problems;  // found here
    std::shared_ptr<const IndexView> view;
  };

  FollowedIndex(Files& files, std::string folder, IndexOptions options, IndexSchema schema)
      : ViewedIndex(files, std::move(folder), std::move(schema)), options_(options) {}

  Result<std::shared_ptr<const IndexView>> View() const override;
  Error Refusal() const;
  // All with mutex_ held. None: it has changed under our hands, look again.
  Result<void> Refresh() const;
  Result<std::optional<State>> Look(const std::string& heads) const;
  Result<std::optional<State>> Load(const std::string& heads) const;
  Result<bool> OpenFiles(State& state) const;
  Result<void> ReadLog(State& state, const std::optional<LogPosition>& to) const;
  Result<void> Finish(State& state) const;
  bool IsSame(const std::string& heads) const;

  const IndexOptions options_;
  mutable std::mutex mutex_;
  mutable State state_;
};

}  // namespace atelier
