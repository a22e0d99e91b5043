#include "engine/model_host.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "compute/kernel/gang.h"

namespace atelier {
namespace {

using std::chrono::milliseconds;
using TimePoint = Clock::TimePoint;

int64_t PhysicalBytes() { return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE); }

int32_t NumCores() { return std::max(1, static_cast<int32_t>(std::thread::hardware_concurrency())); }

}  // namespace

// Two threads share a list of models under mutex_:
//   engine   takes the list, steps every engine in it that has work, and sleeps when none has
//   keeper   loads what is asked for, and unloads what is idle or in the way
// A model leaves memory only after the engine thread has taken a list without it or has ended, so that no step runs in
// a model that goes.
class ModelHost::Impl : public std::enable_shared_from_this<ModelHost::Impl> {
 public:
  Impl(const ModelHostOptions& options, Loader loader, const Clock* clock)
      : loader_(std::move(loader)),
        clock_(clock),
        keep_alive_(options.keep_alive),
        on_unload_(options.on_unload),
        budget_(options.memory_budget_bytes > 0 ? options.memory_budget_bytes : PhysicalBytes() / 4 * 3),
        gang_(options.num_threads > 0 ? options.num_threads : NumCores()) {}

  void Start() {
    engine_thread_ = std::thread([this] { RunEngines(); });
    keeper_thread_ = std::thread([this] { RunKeeper(); });
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    engine_changed_.notify_all();
    keeper_changed_.notify_all();
    engine_thread_.join();
    keeper_thread_.join();
    std::map<std::string, std::shared_ptr<Entry>> entries;
    {
      const std::lock_guard lock(mutex_);
      entries.swap(entries_);
    }
    const Error gone = Error::Cancelled("models", "got a request at shutdown, want it sooner");
    for (const auto& [name, entry] : entries) {
      if (entry->model != nullptr) entry->model->engine().Abort(gone);
      for (const Done& done : entry->waiting) done(gone);
    }
  }

  void Acquire(const std::string& name, std::optional<milliseconds> keep_alive, Done done) {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      lock.unlock();
      return done(Error::Unavailable("models", "got a request at shutdown, want it sooner"));
    }
    std::shared_ptr<Entry>& entry = entries_[name];
    if (entry == nullptr) {
      entry = std::make_shared<Entry>();
      entry->name = name;
    }
    entry->keep_alive = keep_alive.value_or(keep_alive_);
    entry->unload_asked = false;
    if (entry->model == nullptr) {
      entry->waiting.push_back(std::move(done));
      keeper_changed_.notify_all();
      return;
    }
    ModelLease lease = Lease(entry);
    lock.unlock();
    done(std::move(lease));
  }

  void Unload(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(name);
    if (it == entries_.end()) return;
    it->second->unload_asked = true;
    keeper_changed_.notify_all();
  }

  std::vector<HostedModel> models() const {
    const std::lock_guard lock(mutex_);
    std::vector<HostedModel> models;
    for (const auto& [name, entry] : entries_) {
      HostedModel& model = models.emplace_back();
      model.name = name;
      if (entry->model == nullptr) continue;
      model.loaded = true;
      model.in_use = entry->num_leases > 0;
      if (entry->keep_alive >= milliseconds(0)) {
        model.expiry = (model.in_use ? clock_->Now() : entry->idle_since) + entry->keep_alive;
      }
      model.memory_bytes = entry->model->memory_bytes();
      model.max_context = entry->model->engine().max_context();
      model.figures = entry->model->figures();
      model.stats = entry->model->engine().stats();
    }
    return models;
  }

 private:
  struct Entry {
    std::string name;
    std::unique_ptr<LocalModel> model;  // null: to be loaded
    int32_t num_leases = 0;
    TimePoint idle_since = {};  // of num_leases == 0
    milliseconds keep_alive{};
    bool unload_asked = false;
    std::vector<Done> waiting;  // for the model to be loaded
  };

  // REQUIRES: mutex_ is held and the entry's model loaded.
  ModelLease Lease(const std::shared_ptr<Entry>& entry) {
    ++entry->num_leases;
    // The deleter keeps the entry, and so the model, even where the host is gone by then.
    const auto returned = [host = weak_from_this(), entry](LocalModel*) {
      if (const auto alive = host.lock()) alive->Return(*entry);
    };
    return ModelLease(std::shared_ptr<LocalModel>(entry->model.get(), returned));
  }

  void Return(Entry& entry) {
    const std::lock_guard lock(mutex_);
    CHECK(entry.num_leases > 0);
    if (--entry.num_leases > 0) return;
    entry.idle_since = clock_->Now();
    keeper_changed_.notify_all();
  }

  void Wake() {
    const std::lock_guard lock(mutex_);
    has_work_ = true;
    engine_changed_.notify_one();
  }

  void RunEngines() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      std::vector<Engine*> engines;
      for (const auto& [name, entry] : entries_) {
        if (entry->model != nullptr) engines.push_back(&entry->model->engine());
      }
      has_work_ = false;
      ++round_;
      if (round_awaited_) keeper_changed_.notify_all();
      lock.unlock();
      bool worked = false;
      for (Engine* engine : engines) {
        if (engine->HasWork()) worked |= engine->Step();
      }
      lock.lock();
      if (!worked) engine_changed_.wait(lock, [&] { return has_work_ || stopping_ || round_awaited_; });
    }
    engines_rest_ = true;
    keeper_changed_.notify_all();
  }

  void RunKeeper() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (const auto wanted = NextToLoad()) {
        LoadOne(wanted, lock);
      } else if (const auto idle = NextToUnload()) {
        UnloadOne(idle, lock);
      } else if (const auto next = NextExpiry()) {
        // By the host's clock, which a test may move: look again at least every 100 ms.
        const auto left = std::chrono::duration_cast<milliseconds>(*next - clock_->Now());
        keeper_changed_.wait_for(lock, std::clamp(left, milliseconds(1), milliseconds(100)));
      } else {
        keeper_changed_.wait(lock);
      }
    }
  }

  // The helpers below REQUIRE that mutex_ is held; those that take the lock let go of it while they work.
  std::shared_ptr<Entry> NextToLoad() const {
    for (const auto& [name, entry] : entries_) {
      if (entry->model == nullptr) return entry;
    }
    return nullptr;
  }

  std::optional<TimePoint> Expiry(const Entry& entry) const {
    if (entry.model == nullptr || entry.num_leases > 0) return std::nullopt;
    if (entry.unload_asked) return TimePoint::min();
    if (entry.keep_alive < milliseconds(0)) return std::nullopt;
    return entry.idle_since + entry.keep_alive;
  }

  std::shared_ptr<Entry> NextToUnload() const {
    for (const auto& [name, entry] : entries_) {
      const auto expiry = Expiry(*entry);
      if (expiry && *expiry <= clock_->Now()) return entry;
    }
    return nullptr;
  }

  std::optional<TimePoint> NextExpiry() const {
    std::optional<TimePoint> next;
    for (const auto& [name, entry] : entries_) {
      const auto expiry = Expiry(*entry);
      if (expiry && (!next || *expiry < *next)) next = expiry;
    }
    return next;
  }

  void LoadOne(const std::shared_ptr<Entry>& entry, std::unique_lock<std::mutex>& lock) {
    ModelSurroundings surroundings{.gang = &gang_, .clock = clock_};
    surroundings.wake = [host = weak_from_this()] {
      if (const auto alive = host.lock()) alive->Wake();
    };
    lock.unlock();
    Result<std::unique_ptr<LocalModel>> model = loader_(entry->name, surroundings);
    lock.lock();
    if (model.ok()) {
      if (Result<void> room = MakeRoom((*model)->memory_bytes(), lock); !room.ok()) model = std::move(room).error();
    }
    std::vector<Done> waiting = std::move(entry->waiting);
    entry->waiting.clear();
    std::vector<ModelLease> leases;
    if (model.ok()) {
      entry->model = std::move(*model);
      entry->idle_since = clock_->Now();
      for (size_t i = 0; i < waiting.size(); ++i) leases.push_back(Lease(entry));
    } else {
      entries_.erase(entry->name);
    }
    lock.unlock();
    for (size_t i = 0; i < waiting.size(); ++i) {
      model.ok() ? waiting[i](std::move(leases[i])) : waiting[i](model.error());
    }
    leases.clear();
    lock.lock();
  }

  Error NoRoom(int64_t bytes, int64_t used) const {
    const auto mib = [](int64_t n) { return std::to_string(n >> 20) + " MiB"; };
    Error error = Error::Unavailable("models", "got a model of " + mib(bytes) + " beside " + mib(used) +
                                                   " in use, want at most " + mib(budget_) + " in all")
                      .WithCode("memory_budget");
    constexpr auto kLater = std::chrono::seconds(5);  // what is in use now may be idle then
    if (bytes <= budget_) error.retry_after = kLater;
    return error;
  }

  // Unloads models that nobody uses, the one idle longest first, until `bytes` more fit the budget.
  Result<void> MakeRoom(int64_t bytes, std::unique_lock<std::mutex>& lock) {
    if (bytes > budget_) return NoRoom(bytes, 0);
    while (true) {
      int64_t used = 0;
      std::shared_ptr<Entry> oldest;
      for (const auto& [name, entry] : entries_) {
        if (entry->model == nullptr) continue;
        used += entry->model->memory_bytes();
        if (entry->num_leases > 0) continue;
        if (oldest == nullptr || entry->idle_since < oldest->idle_since) oldest = entry;
      }
      if (used + bytes <= budget_) return {};
      if (oldest == nullptr) return NoRoom(bytes, used);
      UnloadOne(oldest, lock);
    }
  }

  void UnloadOne(const std::shared_ptr<Entry>& entry, std::unique_lock<std::mutex>& lock) {
    entries_.erase(entry->name);
    const uint64_t after = round_ + 1;
    round_awaited_ = true;
    engine_changed_.notify_all();
    keeper_changed_.wait(lock, [&] { return round_ >= after || engines_rest_; });
    round_awaited_ = false;
    lock.unlock();
    const EngineStats last = entry->model->engine().stats();
    entry->model.reset();
    if (on_unload_) on_unload_(entry->name, last);
    lock.lock();
  }

  const Loader loader_;
  const Clock* clock_;
  const milliseconds keep_alive_;
  const std::function<void(const std::string&, const EngineStats&)> on_unload_;
  const int64_t budget_;
  Gang gang_;

  mutable std::mutex mutex_;
  std::condition_variable engine_changed_;
  std::condition_variable keeper_changed_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  bool stopping_ = false;
  bool has_work_ = false;
  uint64_t round_ = 0;          // of the engine thread: how often it took the list
  bool round_awaited_ = false;  // the keeper waits for the next one
  bool engines_rest_ = false;   // there will be none: the engine thread has ended
  std::thread engine_thread_;
  std::thread keeper_thread_;
};

ModelHost::ModelHost(const ModelHostOptions& options, Loader loader, const Clock* clock)
    : impl_(std::make_shared<Impl>(options, std::move(loader), clock)) {
  impl_->Start();
}

ModelHost::~ModelHost() { impl_->Stop(); }

void ModelHost::Acquire(const std::string& name, std::optional<milliseconds> keep_alive, Done done) {
  impl_->Acquire(name, keep_alive, std::move(done));
}

Result<ModelLease> ModelHost::AcquireNow(const std::string& name) {
  std::promise<Result<ModelLease>> promise;
  impl_->Acquire(name, {}, [&](Result<ModelLease> lease) { promise.set_value(std::move(lease)); });
  return promise.get_future().get();
}

void ModelHost::Unload(const std::string& name) { impl_->Unload(name); }
std::vector<HostedModel> ModelHost::models() const { return impl_->models(); }

}  // namespace atelier
