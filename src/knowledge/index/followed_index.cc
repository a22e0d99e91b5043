#include "knowledge/index/followed_index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "knowledge/index/index_batch.h"
#include "knowledge/index/part_edit.h"

namespace atelier {
namespace {

constexpr int kTries = 1000;        // manifests that come while one is being read
constexpr size_t kMemoryParts = 8;  // more are made one

Result<void> ReadNothing(std::string_view /*payload*/) { return {}; }

// Unless it is told already.
void Tell(std::vector<IndexProblem>& problems, const std::string& file, const std::string& what) {
  IndexProblem problem{.file = file, .what = file.empty() ? what : file + ": " + what, .ids = {}};
  const bool is_told = std::ranges::any_of(problems, [&](const IndexProblem& one) { return one.what == problem.what; });
  if (!is_told) problems.push_back(std::move(problem));
}

}  // namespace

Result<std::unique_ptr<HybridIndex>> FollowedIndex::Open(Files& files, const std::string& folder,
                                                         IndexOptions options) {
  TRY(const FoundManifest found, FindManifest(files, folder));
  if (!found.manifest) return Error::NotFound(folder, "there is no index");
  std::unique_ptr<FollowedIndex> index(new FollowedIndex(files, folder, options, found.manifest->schema));
  TRY_VOID(index->View());
  return std::unique_ptr<HybridIndex>(std::move(index));
}

Result<std::shared_ptr<const IndexView>> FollowedIndex::View() const {
  const std::lock_guard lock(mutex_);
  TRY_VOID(Refresh());
  return state_.view;
}

bool FollowedIndex::IsSame(const std::string& heads) const {
  const auto now = ManifestHeads(files_, folder_);
  return now.ok() && *now == heads;
}

Result<void> FollowedIndex::Refresh() const {
  for (int i = 0; i < kTries; ++i) {
    const auto heads = ManifestHeads(files_, folder_);
    if (!heads.ok() && heads.error().kind == ErrorKind::kNotFound && state_.view != nullptr) return {};
    if (!heads.ok()) return heads.error();
    Result<std::optional<State>> next = Look(*heads);
    if (next.ok() && *next) {
      state_ = **std::move(next);
      return {};
    }
    if (!next.ok() && IsSame(*heads)) return std::move(next).error();
  }
  return Error::Unavailable(folder_, "it changes faster than it can be read");
}

Result<std::optional<FollowedIndex::State>> FollowedIndex::Look(const std::string& heads) const {
  if (state_.view == nullptr || heads != state_.heads) return Load(heads);
  TRY(const std::optional<LogPosition> mark, CommitMark(files_, folder_, state_.manifest.identity).Read());
  if (mark == state_.position) return std::optional(state_);
  if (!mark || !state_.position || *mark < *state_.position) return Load(heads);
  State next = state_;
  TRY_VOID(ReadLog(next, mark));
  TRY_VOID(Finish(next));
  return std::optional(std::move(next));
}

Result<std::optional<FollowedIndex::State>> FollowedIndex::Load(const std::string& heads) const {
  State next;
  next.heads = heads;
  TRY(FoundManifest found, FindManifest(files_, folder_));
  if (!found.manifest) return std::optional<State>();
  next.manifest = *std::move(found.manifest);
  TRY_VOID(CheckSameSchema(schema_, next.manifest.schema));
  if (!found.damaged.empty()) Tell(next.problems, "", found.damaged + "; its copy was used");
  // After the manifest, which knows of nothing later.
  const CommitMark committed(files_, folder_, next.manifest.identity);
  TRY(const std::optional<LogPosition> mark, committed.Read());
  TRY(const bool is_whole, OpenFiles(next));
  if (!is_whole) return std::optional<State>();
  const bool is_same_log = state_.view != nullptr && state_.manifest.identity == next.manifest.identity &&
                           state_.manifest.first_log == next.manifest.first_log && mark && state_.position &&
                           *state_.position <= *mark;
  if (is_same_log) {
    PartEdit edit(std::move(next.files));
    for (const std::string& id : state_.named) edit.Kill(id);
    next.files = std::move(edit).Take();
    next.memory = state_.memory, next.named = state_.named;
    next.position = state_.position, next.log_bytes = state_.log_bytes;
  }
  TRY_VOID(ReadLog(next, mark));
  if (!mark) {
    TRY(const std::optional<LogPosition> now, committed.Read());
    if (now) return std::optional<State>();
  }
  TRY_VOID(Finish(next));
  return std::optional(std::move(next));
}

// False: a segment is missing, and so is the manifest that named it.
Result<bool> FollowedIndex::OpenFiles(State& state) const {
  const bool is_same_index = state_.view != nullptr && state_.manifest.identity == state.manifest.identity;
  int64_t verified_bytes = 0;
  for (const ManifestSegment& entry : state.manifest.segments) {
    const auto open = std::find_if(state_.files.begin(), state_.files.end(),
                                   [&entry](const IndexPart& part) { return part.file_number == entry.number; });
    if (is_same_index && open != state_.files.end()) {
      IndexPart part = *open;
      part.live = LiveOf(entry.num_records, entry.deleted);
      part.num_live = entry.num_records - static_cast<uint32_t>(entry.deleted.size());
      state.files.push_back(std::move(part));
      continue;
    }
    verified_bytes += entry.size_bytes;
    auto part = OpenSegment(entry, verified_bytes <= options_.verify_bytes);
    if (part.ok()) {
      state.files.push_back(*std::move(part));
      continue;
    }
    if (!IsSame(state.heads)) return false;
    const ErrorKind kind = part.error().kind;
    if (kind != ErrorKind::kCorrupt && kind != ErrorKind::kNotFound) return std::move(part).error();
    Tell(state.problems, SegmentFileName(entry.number), part.error().what);
  }
  return true;
}

// From state.position on.
Result<void> FollowedIndex::ReadLog(State& state, const std::optional<LogPosition>& to) const {
  LogContent content;
  const auto apply = [&](std::string_view payload) -> Result<void> {
    TRY(std::vector<IndexBatch> batches, DecodeCommit(payload, schema_));
    state.log_bytes += static_cast<int64_t>(payload.size());
    for (IndexBatch& batch : batches) content.Add(std::move(batch));
    return {};
  };
  std::vector<LogDamage> damage;
  const uint64_t identity = state.manifest.identity, first = state.manifest.first_log;
  if (to) {
    TRY(damage, ReadLogs(files_, folder_, identity, first, state.position.value_or(LogPosition()), *to, apply));
  } else {
    TRY(LogReplay replay, ReplayLogs(files_, folder_, identity, first, apply));
    damage = std::move(replay.damage);
  }
  state.position = to;
  for (const LogDamage& found : damage) Tell(state.problems, found.file, found.what);
  std::vector<IndexPart> parts = state.files;
  parts.insert(parts.end(), state.memory.begin(), state.memory.end());
  TRY(parts, PutOnTop(std::move(parts), content));
  for (const auto& [id, place] : content.ids()) state.named.insert(id);
  const auto first_in_memory =
      std::find_if(parts.begin(), parts.end(), [](const IndexPart& part) { return part.file_number == 0; });
  state.files.assign(parts.begin(), first_in_memory);
  state.memory.assign(first_in_memory, parts.end());
  return {};
}

Result<void> FollowedIndex::Finish(State& state) const {
  if (state.memory.size() > kMemoryParts) {
    std::vector<MergeInput> inputs;
    for (const IndexPart& part : state.memory) inputs.push_back({part.segment, part.live});
    TRY(NewSegment merged, MergeSegments(inputs, schema_));
    state.memory.clear();
    if (merged.num_records > 0) {
      TRY(IndexPart part, OpenInMemory(std::move(merged)));
      state.memory.push_back(std::move(part));
    }
  }
  std::vector<IndexPart> parts = state.files;
  parts.insert(parts.end(), state.memory.begin(), state.memory.end());
  state.view = std::make_shared<const IndexView>(std::move(parts), schema_);
  return {};
}

Error FollowedIndex::Refusal() const {
  return Error::Conflict(folder_, "got a change, but the index is open for reading alone");
}

Result<void> FollowedIndex::Apply(IndexBatch /*batch*/) { return Refusal(); }
Result<void> FollowedIndex::Flush() { return Refusal(); }
Result<void> FollowedIndex::Compact() { return Refusal(); }
Result<void> FollowedIndex::DiscardAside() { return Refusal(); }

Result<std::vector<IndexProblem>> FollowedIndex::Verify() {
  State state;
  {
    const std::lock_guard lock(mutex_);
    TRY_VOID(Refresh());
    state = state_;
  }
  std::vector<IndexProblem> problems = std::move(state.problems);
  for (const IndexPart& part : state.files) {
    const auto verified = part.segment->file().Verify();
    if (!verified.ok()) Tell(problems, SegmentFileName(part.file_number), verified.error().what);
  }
  if (state.position) {
    auto damage =
        ReadLogs(files_, folder_, state.manifest.identity, state.manifest.first_log, {}, *state.position, ReadNothing);
    // What is gone by now was written into a segment.
    if (!damage.ok() && damage.error().kind != ErrorKind::kNotFound) {
      Tell(problems, "", damage.error().Message());
    }
    if (damage.ok()) {
      for (const LogDamage& found : *damage) Tell(problems, found.file, found.what);
    }
  }
  return problems;
}

Result<std::vector<IndexProblem>> FollowedIndex::Problems() const {
  const std::lock_guard lock(mutex_);
  TRY_VOID(Refresh());
  std::vector<IndexProblem> problems = state_.problems;
  for (const ManifestProblem& problem : state_.manifest.problems) {
    problems.push_back(DescribeProblem(problem, *state_.view));
  }
  return problems;
}

Result<IndexStats> FollowedIndex::Stats() const {
  const std::lock_guard lock(mutex_);
  TRY_VOID(Refresh());
  IndexStats stats = StatsOf(*state_.view);
  stats.log_bytes = state_.log_bytes;
  stats.num_problems = static_cast<int64_t>(state_.problems.size() + state_.manifest.problems.size());
  return stats;
}

}  // namespace atelier
