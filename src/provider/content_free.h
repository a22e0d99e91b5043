// What models answer to questions about inputs without content, known from earlier decisions (docs/decisions.md).
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace atelier {

// One number an option, by a key that says the model and all that a question's words depend on. Bounded; any thread.
class ContentFreeScores {
 public:
  std::optional<std::vector<double>> Find(const std::string& key) const;
  void Keep(const std::string& key, std::vector<double> scores);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<double>, std::less<>> known_;
};

}  // namespace atelier
