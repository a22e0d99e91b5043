#include "knowledge/folder_follow.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace atelier {
namespace {

std::vector<std::string> MessagesOf(const std::vector<Error>& errors) {
  std::vector<std::string> messages;
  for (const Error& error : errors) messages.push_back(error.Message());
  std::ranges::sort(messages);
  return messages;
}

// A file that cannot be read is looked at each time; that alone is no news.
class News {
 public:
  bool Has(const SyncReport& report) {
    const auto num_skipped = static_cast<int64_t>(report.skipped.size());
    std::vector<std::string> skipped = MessagesOf(report.skipped);
    const bool is_new = skipped != skipped_ || report.removed > 0 || report.added + report.changed > num_skipped;
    skipped_ = std::move(skipped);
    return is_new;
  }

 private:
  std::vector<std::string> skipped_;
};

}  // namespace

Task<Result<void>> FollowFolder(Call call, Corpus& corpus, FolderSync sync, PreparationTools tools, WatchTimes times,
                                std::function<void(const Result<SyncReport>&)> on_synced) {
  // Before the first look, so that nothing is missed between the two.
  CO_TRY(const std::unique_ptr<FolderWatch> watch, FolderWatch::Start(sync.folder, times));
  News news;
  for (bool is_first = true;; is_first = false) {
    Result<SyncReport> report = co_await SyncFolder(call, corpus, sync, tools);
    if (call.stop.stop_requested()) co_return Result<void>();
    if (is_first && !report.ok()) co_return std::move(report).error();
    if (!report.ok() || news.Has(*report) || is_first) on_synced(report);
    auto wait = [&watch, &call] { return watch->Wait(call.stop); };
    auto waiting = OnPool(*tools.pool, wait);
    if (co_await waiting == FolderWatch::Event::kStopped) co_return Result<void>();
  }
}

}  // namespace atelier
