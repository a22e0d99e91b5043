// ModelHost keeps several models: loads one on first use, unloads by least use under a memory budget or when idle
// longer than its keep_alive, and runs the one engine thread, which steps all loaded models in turn and leads the Gang.
//
// Thread-safe. Loading and unloading happen on a thread of their own, one model at a time; served models go on
// meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/local_model.h"

namespace atelier {

struct ModelHostOptions {
  int64_t memory_budget_bytes = 0;                                 // of all loaded models; 0: three quarters of the RAM
  int32_t num_threads = 0;                                         // the Gang's; 0: one for each core
  std::chrono::milliseconds keep_alive = std::chrono::minutes(5);  // negative: for ever; 0: unload when idle
  // Told of each model that was unloaded, from the loading thread, with what its engine had counted. May be empty.
  std::function<void(const std::string& name, const EngineStats& last)> on_unload = {};
};

// A loaded model in use: it is not unloaded while a lease lives. Copies are leases of their own.
class ModelLease {
 public:
  ModelLease() = default;
  explicit ModelLease(std::shared_ptr<LocalModel> model) : model_(std::move(model)) {}
  LocalModel& operator*() const { return *model_; }
  LocalModel* operator->() const { return model_.get(); }
  explicit operator bool() const { return model_ != nullptr; }

 private:
  std::shared_ptr<LocalModel> model_;  // its deleter tells the host
};

struct HostedModel {
  std::string name;
  bool loaded = false;                          // else it is being loaded
  bool in_use = false;                          // a lease lives
  std::optional<Clock::TimePoint> expiry = {};  // when it leaves, if nobody uses it from now on; none: never
  int64_t memory_bytes = 0;
  int64_t max_context = 0;  // positions that a sequence may have
  LoadFigures figures = {};
  EngineStats stats = {};
};

class ModelHost {
 public:
  // How a name becomes a model: LoadLocalModel after looking the name up, or in tests something smaller.
  using Loader = std::function<Result<std::unique_ptr<LocalModel>>(const std::string& name,
                                                                   const ModelSurroundings& surroundings)>;

  ModelHost(const ModelHostOptions& options, Loader loader, const Clock* clock);
  // Ends all requests as cancelled and joins both threads. Models whose leases outlive the host go with the last of
  // them.
  ~ModelHost();

  using Done = std::function<void(Result<ModelLease>)>;
  // Gives a lease of the model `name`: at once (on this thread) where it is loaded, else from the loading thread.
  // keep_alive holds from the last lease's end; none: the host's. Errors are the loader's, or Unavailable (code
  // memory_budget) where the budget cannot hold the model, with retry_after where it could without those in use.
  void Acquire(const std::string& name, std::optional<std::chrono::milliseconds> keep_alive, Done done);
  // The same, waiting.
  Result<ModelLease> AcquireNow(const std::string& name);
  // Unloads `name` once nobody uses it; unknown or not loaded is no error.
  void Unload(const std::string& name);

  // Loaded models and those being loaded, by name.
  std::vector<HostedModel> models() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace atelier
