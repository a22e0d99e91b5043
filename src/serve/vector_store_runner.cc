#include "serve/vector_store_runner.h"

#include <chrono>
#include <deque>
#include <vector>

#include "app/vector_store_corpora.h"
#include "app/vector_store_ingest.h"
#include "base/task/pool.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr size_t kMostRunning = 2;  // reading fills a thread of the pool, embedding the engine
constexpr std::chrono::seconds kLookEvery{60};
constexpr std::chrono::milliseconds kRetryAfter{1000};
constexpr int kMaxTries = 60;  // of a file that the embedder has no room for

}  // namespace

VectorStoreRunner::VectorStoreRunner(App& app) : app_(app), wake_(Channel<int>::Create(app.loop(), size_t{1} << 20)) {}

// Nobody tells of the end of a store's time.
void VectorStoreRunner::LookAgain() {
  app_.loop().At(app_.loop().Now() + kLookEvery, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->stop_.stop_requested()) return;
    self->wake_->Push(0);
    self->LookAgain();
  });
}

Task<void> VectorStoreRunner::Run(Call call) {
  const auto self = shared_from_this();
  stop_ = call.stop;
  const auto wake = [channel = wake_] { channel->Push(0); };
  app_.vector_stores().OnChange(wake);
  const std::stop_callback stopped(call.stop, wake);
  wake();
  LookAgain();
  while (!stop_.stop_requested() || !running_.empty()) {
    const std::deque<int> news = co_await wake_->NextBatch();
    if (!stop_.stop_requested() && !news.empty()) co_await Begin();
  }
  app_.vector_stores().OnChange({});
}

Task<void> VectorStoreRunner::Begin() {
  auto look = [&]() -> Result<std::vector<VectorStoreFile>> {
    TRY_VOID(app_.vector_store_corpora().Finish());
    return app_.vector_stores().PendingFiles();
  };
  auto looking = OnPool(app_.pool(), look);
  const Result<std::vector<VectorStoreFile>> pending = co_await looking;
  if (!pending.ok()) LogWarn("files of vector stores wait: " + pending.error().Message());
  if (!pending.ok() || stop_.stop_requested()) co_return;
  for (const VectorStoreFile& file : *pending) {
    if (running_.size() >= kMostRunning) break;
    if (running_.insert({{file.store_id, file.id}, file.version}).second) Spawn(Read(file));
  }
}

Task<void> VectorStoreRunner::Read(VectorStoreFile file) {
  const auto self = shared_from_this();
  Call call;
  call.stop = stop_;
  Result<void> ended;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    ended = co_await IngestVectorStoreFile(app_, call, file);
    if (ended.ok() || stop_.stop_requested()) break;
    co_await SleepFor(app_.loop(), kRetryAfter, stop_);
  }
  if (!ended.ok() && !stop_.stop_requested()) {
    auto fail = [&] { return app_.vector_store_corpora().Fail(file, "server_error", ended.error().Message()); };
    auto failing = OnPool(app_.pool(), fail);
    const Result<void> failed = co_await failing;
    if (!failed.ok()) LogWarn("file " + file.id + " waits for the next start: " + failed.error().Message());
  }
  running_.erase({{file.store_id, file.id}, file.version});
  wake_->Push(0);
}

}  // namespace atelier
