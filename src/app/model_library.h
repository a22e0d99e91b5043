// What clients of the server do with the models of this machine: see which are loaded and what one can do, unload,
// remove, and pull more.   Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/app.h"
#include "base/clock.h"
#include "base/task/stream.h"
#include "model/catalog/model_store.h"
#include "provider/token_counter.h"

namespace atelier {

// The store that the configuration names.
ModelStore OpenStore(const Config& config);

struct RunningModel {
  std::string id;
  int64_t memory_bytes = 0;
  int64_t max_context = 0;
  std::optional<Clock::TimePoint> expiry;  // none: it stays
};

// What a look at a model's files tells, without loading it.
struct ModelProfile {
  std::string architecture, licence;
  std::string chat_template;              // empty: none
  std::vector<std::string> capabilities;  // "completion", "tools", "thinking", "insert", "embedding", "rerank"
  int64_t num_parameters = 0, context_length = 0, width = 0, num_layers = 0, heads = 0, kv_heads = 0, vocabulary = 0;
};

// How a pull goes on; the last has ended, with an error or without.
struct PullNews {
  PullProgress progress = {};
  bool ended = false;
  std::optional<Error> error = {};
};

class ModelLibrary {
 public:
  // All must outlive the library, and `loop` what reads its pulls.
  ModelLibrary(const Config& config, ModelHost& host, Loop& loop) : config_(config), host_(host), loop_(loop) {}
  // Stops all pulls, which go on where they stood when asked for again, and waits for them.
  ~ModelLibrary() = default;

  std::vector<RunningModel> Running() const;
  void Unload(const std::string& id);
  // COST: reads the tokenizer, some tens of ms. NotFound: no such file.
  Result<ModelProfile> Profile(const ModelListing& model) const;
  // Counts text as the model reads it; null for a model elsewhere.   COST: reads the tokenizer, some tens of ms.
  Result<std::shared_ptr<const TokenCounter>> Counter(const ModelListing& model) const;
  // Takes the model out of memory and from the disk. NotFound names the nearest.
  Result<void> Remove(const std::string& id);
  // Pulls on a thread of its own until it has ended or `stop` is requested.
  std::shared_ptr<Channel<PullNews>> Pull(std::string what, std::stop_token stop);

 private:
  const Config& config_;
  ModelHost& host_;
  Loop& loop_;
  std::mutex mutex_;
  std::list<std::pair<std::shared_ptr<Channel<PullNews>>, std::jthread>>
      pulls_;  // those that ended are reaped by the next
};

}  // namespace atelier
