#include "knowledge/index/segmented_index.h"

#include <utility>

#include "knowledge/index/followed_index.h"

namespace atelier {
namespace {

// From here on closing the index flushes, so that opening it reads no long log.
constexpr int64_t kFlushAtCloseBytes = 1 << 20;

}  // namespace

Result<std::unique_ptr<HybridIndex>> HybridIndex::Open(Files& files, const std::string& folder, IndexSchema schema,
                                                       IndexOptions options) {
  return SegmentedIndex::Open(files, folder, &schema, options);
}

Result<std::unique_ptr<HybridIndex>> HybridIndex::OpenExisting(Files& files, const std::string& folder,
                                                               IndexOptions options) {
  return SegmentedIndex::Open(files, folder, nullptr, options);
}

Result<std::unique_ptr<HybridIndex>> HybridIndex::Follow(Files& files, const std::string& folder,
                                                         IndexOptions options) {
  return FollowedIndex::Open(files, folder, options);
}

SegmentedIndex::SegmentedIndex(Files& files, std::string folder, IndexOptions options, std::shared_ptr<const void> lock,
                               IndexManifest manifest)
    : ViewedIndex(files, std::move(folder), manifest.schema),
      options_(options),
      lock_(std::move(lock)),
      manifest_(std::move(manifest)),
      log_(files_, folder_, manifest_.identity, manifest_.first_log),
      mark_(files_, folder_, manifest_.identity),
      view_(std::make_shared<const IndexView>(std::vector<IndexPart>(), schema_)) {}

SegmentedIndex::~SegmentedIndex() {
  UpkeepWorker::Shared().Forget(*this);
  const std::lock_guard lock(upkeep_mutex_);
  // The log has all of it too.
  if (log_bytes_ >= kFlushAtCloseBytes) static_cast<void>(FlushLocked().ok());
}

std::shared_ptr<const IndexView> SegmentedIndex::Current() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void SegmentedIndex::Publish(std::vector<IndexPart> parts) {
  auto view = std::make_shared<const IndexView>(std::move(parts), schema_);
  const std::lock_guard lock(view_mutex_);
  view_.swap(view);
}

Result<IndexStats> SegmentedIndex::Stats() const {
  IndexStats stats = StatsOf(*Current());
  stats.log_bytes = log_bytes_;
  stats.num_problems = num_problems_;
  return stats;
}

}  // namespace atelier
