#include "provider/content_free.h"

#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxKnown = 4096;  // questions; some hundred bytes each

}  // namespace

std::optional<std::vector<double>> ContentFreeScores::Find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(key);
  if (found == known_.end()) return {};
  return found->second;
}

void ContentFreeScores::Keep(const std::string& key, std::vector<double> scores) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();  // rare, and it costs only time
  known_[key] = std::move(scores);
}

}  // namespace atelier
